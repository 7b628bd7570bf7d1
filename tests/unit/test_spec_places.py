"""Sources, destinations and webhooks: parts, URLs, refusals, and that nothing secret is printed."""

from __future__ import annotations

from typing import Any

import pytest

from videngine.content_types import _BY_SUFFIX as KNOWN_TO_STORAGE
from videngine.content_types import split_path
from videngine.errors import SpecError
from videngine.spec import parse_job
from videngine.spec.destination import FileDestination, S3Destination
from videngine.spec.output_base import _MEDIA_EXTENSIONS as KNOWN_TO_SPEC
from videngine.spec.source import FileSource, HttpSource, S3Source


def source(value: Any) -> Any:
    return parse_job({"video_id": "v", "source": value, "format": [{"output": "mp4"}]}).spec.source


def destination(value: Any, **output: Any) -> Any:
    output = {"output": "mp4", **output, "destination": value}
    body = {"video_id": "v", "source": "https://h/a", "format": [output]}
    return parse_job(body).spec.format[0].destination


def codes(at: str, value: Any) -> list[tuple[str, str]]:
    body: dict[str, Any] = {"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4"}]}
    if at == "destination":
        body["format"][0]["destination"] = value
    else:
        body[at] = value
    with pytest.raises(SpecError) as caught:
        parse_job(body)
    assert "hunter2" not in repr(caught.value.faults)
    return [(f.path.removeprefix("format[0]."), f.code) for f in caught.value.faults]


S3 = {"type": "s3", "bucket": "b", "path": "/a.mp4"}
SFTP = {"type": "sftp", "endpoint": "h", "path": "a.mp4", "key": "me"}
PEM = "-----BEGIN %sPRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"


def test_an_s3_source_in_parts() -> None:
    found = source(
        {
            **S3,
            "region": "eu-central-1",
            "key": "k",
            "secret": "s/+",
            "endpoint": "https://s3.example.com:9000/",
            "use_tls": True,
            "is_passive": True,
        }
    )
    assert isinstance(found, S3Source)
    assert (found.kind, found.bucket, found.object_key) == ("s3", "b", "a.mp4")
    assert found.endpoint_url == "https://s3.example.com:9000"
    assert found.region_name == "eu-central-1"
    assert found.key
    assert found.key.get_secret_value() == "k"
    assert found.secret
    assert found.secret.get_secret_value() == "s/+"


def test_defaults_of_an_s3_source() -> None:
    found = source({"bucket": "b", "path": "a.mp4"})
    assert (found.type, found.endpoint_url, found.region_name) == ("s3", None, "us-east-1")
    assert found.key is None


def test_only_one_leading_slash_of_a_key_is_dropped() -> None:
    assert source({**S3, "path": "//a//b.mp4"}).object_key == "/a//b.mp4"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"endpoint": "h.example.com"}, "https://h.example.com"),
        ({"endpoint": "h:9000", "use_tls": 0}, "http://h:9000"),
        ({"endpoint": "http://h"}, "http://h"),
        ({"endpoint": "https://h/storage/v1/s3"}, "https://h/storage/v1/s3"),
        ({"type": "gcs"}, "https://storage.googleapis.com"),
        (
            {"type": "R2", "endpoint": "https://x.r2.cloudflarestorage.com"},
            "https://x.r2.cloudflarestorage.com",
        ),
    ],
)
def test_the_endpoint_gets_its_scheme(given: dict[str, Any], url: str) -> None:
    assert source({**S3, **given}).endpoint_url == url


def test_a_scheme_wins_over_use_tls_with_a_warning() -> None:
    body = {
        "video_id": "v",
        "source": {**S3, "endpoint": "http://h", "use_tls": True},
        "format": [{"output": "mp4"}],
    }
    parsed = parse_job(body)
    assert [(w.path, w.code) for w in parsed.warnings] == [("source.use_tls", "conflicting_fields")]
    assert isinstance(parsed.spec.source, S3Source)
    assert parsed.spec.source.endpoint_url == "http://h"
    assert parsed.spec.source.use_tls is False


@pytest.mark.parametrize(
    ("url", "endpoint", "bucket", "key", "login"),
    [
        ("s3://bucket/a/b.mp4", None, "bucket", "a/b.mp4", None),
        ("s3://s3.example.com/bucket/a.mp4", "https://s3.example.com", "bucket", "a.mp4", None),
        ("s3://h:9000/bucket/a b?#.mp4", "https://h:9000", "bucket", "a b?#.mp4", None),
        (
            "s3://KEY:S%2FE%2BC@s3.example.com/b/a.mp4",
            "https://s3.example.com",
            "b",
            "a.mp4",
            ("KEY", "S/E+C"),
        ),
        ("s3://k:s@bucket/a.mp4", None, "bucket", "a.mp4", ("k", "s")),
        ("s3://localhost/bucket/a.mp4", "https://localhost", "bucket", "a.mp4", None),
    ],
)
def test_an_s3_url_is_the_same_as_its_parts(
    url: str, endpoint: str | None, bucket: str, key: str, login: tuple[str, str] | None
) -> None:
    for found in (source(url), source({"url": url}), source({"type": "s3", "url": url})):
        assert isinstance(found, S3Source)
        assert (found.endpoint_url, found.bucket, found.object_key) == (endpoint, bucket, key)
        assert found.url is None
        if login:
            assert found.key
            assert found.secret
            assert (found.key.get_secret_value(), found.secret.get_secret_value()) == login


def test_http_sources_keep_their_url_and_print_it_without_secrets() -> None:
    url = "https://user:hunter2@h.example.com:8443/a%20b.mp4?X-Amz-Signature=hunter2&plain#t"
    for found in (source(url), source({"type": "https", "url": url}), source({"url": url})):
        assert isinstance(found, HttpSource)
        assert found.url.get_secret_value() == url
        shown = "https://********@h.example.com:8443/a%20b.mp4?X-Amz-Signature=********&********"
        assert str(found.url) == shown
        assert found.echo() == {"type": "https", "url": shown}
        assert "hunter2" not in repr(found) + str(found) + found.model_dump_json()


def test_file_sources() -> None:
    for value in ({"type": "file", "path": "/srv/a b.mp4"}, "file:///srv/a%20b.mp4"):
        found = source(value)
        assert isinstance(found, FileSource)
        assert (found.kind, found.path) == ("file", "/srv/a b.mp4")
    assert source({"type": "file", "path": "../here.mp4"}).path == "../here.mp4"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, [("source.type", "missing_field")]),
        ({"type": "floppy"}, [("source.type", "invalid_field")]),
        ({"type": 3}, [("source.type", "invalid_field")]),
        ({"type": "ftp", "path": "x"}, [("source.endpoint", "missing_field")]),
        ({"type": "ftp", "url": "ftps://h/x"}, [("source.url", "conflicting_fields")]),
        ({"url": "ftp://h/x", "key": "me"}, [("source.url", "conflicting_fields")]),
        ({"url": "ftp://h:port/x"}, [("source.url", "invalid_field")]),
        ({"type": "ftp", "endpoint": "h", "path": "a\rb"}, [("source.path", "invalid_field")]),
        ("azblob://u:hunter2@h/x", [("source", "not_yet_supported")]),
        ("sftp://u@h/x", [("source", "missing_field")]),
        ({"type": "sftp", "endpoint": "h", "path": "x"}, [("source.key", "missing_field")]),
        ({"type": "sftp", "url": "ftp://h/x"}, [("source.url", "invalid_field")]),
        ({**SFTP, "secret": "s", "host_key": "MD5:12:34"}, [("source.host_key", "invalid_field")]),
        (
            {**SFTP, "secret": "s", "private_key": "hunter2"},
            [("source.private_key", "invalid_field")],
        ),
        (
            {**SFTP, "secret": "s", "private_key": PEM % "ENCRYPTED "},
            [("source.private_key", "invalid_field")],
        ),
        (
            {**SFTP, "secret": "s", "private_key": PEM % "" * 999},
            [("source.private_key", "invalid_field")],
        ),
        ("gopher://h/x", [("source", "invalid_field")]),
        ("just text", [("source", "invalid_field")]),
        ({"type": "s3"}, [("source.bucket", "missing_field"), ("source.path", "missing_field")]),
        ({"type": "s3", "bucket": "b"}, [("source.path", "missing_field")]),
        ({"type": "s3", "bucket": "b", "path": "/"}, [("source.path", "missing_field")]),
        ({**S3, "bucket": "b/c"}, [("source.bucket", "invalid_field")]),
        ({**S3, "bucket": "../b"}, [("source.bucket", "invalid_field")]),
        ({**S3, "bucket": 5}, [("source.bucket", "invalid_field")]),
        ({**S3, "path": "a\nb"}, [("source.path", "invalid_field")]),
        ({**S3, "path": "x" * 1025}, [("source.path", "invalid_field")]),
        ({**S3, "region": "eu west"}, [("source.region", "invalid_field")]),
        ({**S3, "key": "k"}, [("source.secret", "missing_field")]),
        ({**S3, "secret": "hunter2"}, [("source.key", "missing_field")]),
        ({**S3, "key": 5, "secret": "hunter2"}, [("source.key", "invalid_field")]),
        ({**S3, "key": "k", "secret": "hunter2\r\nX: y"}, [("source.secret", "invalid_field")]),
        ({**S3, "endpoint": "https://u:hunter2@h"}, [("source.endpoint", "invalid_field")]),
        ({**S3, "endpoint": "https://h/?token=hunter2"}, [("source.endpoint", "invalid_field")]),
        ({**S3, "endpoint": "ftp://h"}, [("source.endpoint", "invalid_field")]),
        ({**S3, "endpoint": "h h"}, [("source.endpoint", "invalid_field")]),
        ({**S3, "endpoint": 5}, [("source.endpoint", "invalid_field")]),
        ({**S3, "key": "k", "secret": "s" * 4097}, [("source.secret", "invalid_field")]),
        ({"type": "https", "url": 5}, [("source.url", "invalid_field")]),
        ({**S3, "endpoint": "https://"}, [("source.endpoint", "invalid_field")]),
        ({**S3, "endpoint": "https://h:port"}, [("source.endpoint", "invalid_field")]),
        ({**S3, "type": "minio"}, [("source.endpoint", "missing_field")]),
        ({**S3, "use_tls": "perhaps"}, [("source.use_tls", "invalid_field")]),
        ({**S3, "tcp_port": 2121}, [("source.tcp_port", "not_yet_supported")]),
        ({**S3, "url": "s3://b/a"}, [("source.url", "conflicting_fields")]),
        ({"type": "s3", "url": "https://h/a"}, [("source.url", "invalid_field")]),
        ("s3:///a.mp4", [("source", "invalid_field")]),
        ("s3://hunter2@bucket/a.mp4", [("source", "missing_field")]),
        ({"type": "https"}, [("source.url", "missing_field")]),
        ({"type": "https", "url": "ftp://h"}, [("source.url", "invalid_field")]),
        ("https:///a", [("source", "invalid_field")]),
        ("https://h/a b", [("source", "invalid_field")]),
        ("https://h/" + "a" * 4000, [("source", "invalid_field")]),
        ("http://[::1/a", [("source", "invalid_field")]),
        ({"url": "https://h/a", "key": 5, "secret": "hunter2"}, [("source.key", "invalid_field")]),
        ({"type": "file"}, [("source.path", "missing_field")]),
        ({"type": "file", "path": "a\0b"}, [("source.path", "invalid_field")]),
        (
            {"type": "file", "path": "/a", "url": "file:///a"},
            [("source.url", "conflicting_fields")],
        ),
        ("file://host/a", [("source", "invalid_field")]),
    ],
)
def test_sources_that_cannot_be_meant_are_refused(
    value: Any, expected: list[tuple[str, str]]
) -> None:
    assert codes("source", value) == expected


def test_a_missing_destination_is_the_default_store() -> None:
    assert destination(None) is None
    assert destination("") is None


@pytest.mark.parametrize(
    ("permissions", "acl"),
    [
        (None, None),
        (False, None),
        (0, None),
        (True, "public-read"),
        ("1", "public-read"),
        ("private", "private"),
        ("bucket-owner-full-control", "bucket-owner-full-control"),
    ],
)
def test_permissions_name_an_acl_or_none(permissions: Any, acl: str | None) -> None:
    found = destination({"type": "s3", "bucket": "b", "permissions": permissions})
    assert isinstance(found, S3Destination)
    assert found.acl == acl


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, [("destination.type", "missing_field")]),
        ({"type": "https", "url": "https://h/a"}, [("destination.type", "invalid_field")]),
        ("https://h/a", [("destination", "invalid_field")]),
        ({"type": "s3", "bucket": "b", "path": "a/../b"}, [("destination.path", "invalid_field")]),
        ({"type": "s3", "bucket": "b", "path": "..\\b"}, [("destination.path", "invalid_field")]),
        ({"type": "s3", "bucket": "b", "path": "a\x7f"}, [("destination.path", "invalid_field")]),
        ({"type": "file", "path": "/srv/../etc"}, [("destination.path", "invalid_field")]),
        ({"type": "s3", "bucket": "b", "path": "a.jpg"}, [("destination.path", "invalid_field")]),
        ({"type": "s3", "bucket": "b", "path": "a.WEBM"}, [("destination.path", "invalid_field")]),
        ({"type": "s3", "bucket": "b", "path": "a.MP4"}, [("destination.path", "invalid_field")]),
        (
            {"type": "s3", "bucket": "b", "permissions": "everyone"},
            [("destination.permissions", "invalid_field")],
        ),
    ],
)
def test_destinations_that_cannot_be_meant_are_refused(
    value: Any, expected: list[tuple[str, str]]
) -> None:
    assert codes("destination", value) == expected


def test_a_destination_may_be_a_url() -> None:
    found = destination("s3://k:s@h.example.com/b/folder/a.mp4")
    assert isinstance(found, S3Destination)
    assert found.object_key == "folder/a.mp4"
    found = destination("file:///srv/out/")
    assert isinstance(found, FileDestination)
    assert found.path == "/srv/out/"


@pytest.mark.parametrize(
    ("output", "path"),
    [
        ({"output": "mp4"}, "a/b.mp4"),
        ({"output": "mp4"}, "a/b.mp4/"),
        ({"output": "mp4"}, "a/b"),
        ({"output": "mp4"}, "/a/b.d/"),
        ({"output": "mp4"}, ""),
        ({"output": "thumbnail"}, "a/b.jpg"),
        ({"output": "thumbnail"}, "b.png"),
        ({"output": "hls", "stream": [{}]}, "a/b.m3u8"),
        ({"output": "dash", "stream": [{}]}, "a/b.mpd"),
        ({"output": "dash", "stream": [{}]}, "a/b.v2"),
    ],
)
def test_storage_and_spec_split_a_path_alike(output: dict[str, Any], path: str) -> None:
    body = {
        "video_id": "v",
        "source": "https://h/a",
        "format": [{**output, "destination": {"type": "s3", "bucket": "b", "path": path}}],
    }
    folder, name = parse_job(body).spec.format[0].folder_and_name
    stored_folder, stored_name = split_path(path.removeprefix("/"))
    assert folder == stored_folder.strip("/")
    assert stored_name in ("", name)


def test_storage_takes_nothing_for_a_file_name_that_spec_takes_for_a_folder() -> None:
    assert set(KNOWN_TO_STORAGE) <= KNOWN_TO_SPEC


HOOK = {"url": "https://hooks.example.com/x?token=hunter2"}


def webhook(**fields: Any) -> Any:
    body = {
        "video_id": "v",
        "source": "https://h/a",
        "format": [{"output": "mp4"}],
        "webhook_config": {**HOOK, **fields},
    }
    return parse_job(body).spec.webhook_config


def test_webhooks_keep_headers_and_secret_to_themselves() -> None:
    found = webhook(
        headers={"Authorization": "Bearer hunter2", "x-api-key": "hunter2"}, secret="whsec_hunter2"
    )
    assert found.headers["Authorization"].get_secret_value() == "Bearer hunter2"
    assert found.secret.get_secret_value() == "whsec_hunter2"
    assert "hunter2" not in repr(found) + str(found) + found.model_dump_json() + repr(found.echo())
    assert found.echo() == {
        "url": "https://hooks.example.com/x?token=********",
        "headers": {"Authorization": "********", "x-api-key": "********"},
        "secret": "********",
    }


def test_webhook_events_have_a_default() -> None:
    assert "job.completed" in webhook().effective_events
    assert "job.progress" not in webhook().effective_events
    assert webhook(events=["output.failed"]).effective_events == ("output.failed",)


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"url": "file:///etc/passwd"}, "url", "invalid_field"),
        ({"url": "javascript:x"}, "url", "invalid_field"),
        ({"url": "https://h/" + "x" * 4000}, "url", "invalid_field"),
        ({"url": None}, "url", "missing_field"),
        ({"headers": "a: b"}, "headers", "invalid_field"),
        ({"headers": {"x": 5}}, "headers.x", "invalid_field"),
        ({"headers": {"x": "hunter2\r\nInjected: 1"}}, "headers.x", "invalid_field"),
        ({"headers": {"x": "hunter2\nInjected: 1"}}, "headers.x", "invalid_field"),
        ({"headers": {"x": "hunter2é"}}, "headers", "invalid_field"),
        ({"headers": {"a b": "c"}}, "headers", "invalid_field"),
        ({"headers": {"a:\r\nb": "c"}}, "headers", "invalid_field"),
        ({"headers": {"Host": "h"}}, "headers", "invalid_field"),
        ({"headers": {"content-length": "5"}}, "headers", "invalid_field"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "headers", "invalid_field"),
        ({"headers": {"Connection": "close"}}, "headers", "invalid_field"),
        ({"headers": {"webhook-signature": "v1,x"}}, "headers", "invalid_field"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers", "conflicting_fields"),
        ({"headers": {f"x-{i}": "1" for i in range(51)}}, "headers", "invalid_field"),
        ({"events": ["job.exploded"]}, "events[0]", "invalid_field"),
        ({"events": "job.failed"}, "events", "invalid_field"),
        ({"secret": 5}, "secret", "invalid_field"),
    ],
)
def test_webhooks_that_must_not_be_sent_are_refused(
    fields: dict[str, Any], path: str, code: str
) -> None:
    assert codes("webhook_config", {**HOOK, **fields}) == [(f"webhook_config.{path}", code)]


def several(*places: Any) -> dict[str, Any]:
    return {
        "video_id": "v",
        "source": "https://h/a.mp4",
        "format": [{"output": "mp4", "destination": list(places)}],
    }


def test_several_destinations_are_read_and_shown_one_by_one() -> None:
    body = several("s3://k:shh@s3.example.com/b/film.mp4", {"type": "file", "path": "/out/"})
    output = parse_job(body, strict=True).spec.format[0]
    assert [type(place) for place in output.destinations] == [S3Destination, FileDestination]
    assert output.folders == ("", "/out")
    assert output.folder_and_name == ("", "film.mp4")
    shown = parse_job(body).spec.echo()["format"][0]["destination"]
    assert [place["type"] for place in shown] == ["s3", "file"]
    assert "shh" not in str(shown)


@pytest.mark.parametrize(
    ("places", "faults"),
    [
        ([], [("format[0].destination", "missing_field")]),
        (["file:///o/"] * 11, [("format[0].destination", "invalid_field")]),
        (["file:///o/", {"type": "s3"}], [("format[0].destination[1].bucket", "missing_field")]),
        (["file:///o/", {"type": "x"}], [("format[0].destination[1].type", "invalid_field")]),
        (["file:///o/", [{}]], [("format[0].destination[1]", "invalid_field")]),
        (["file:///o/", "file:///a.ts"], [("format[0].destination[1]", "invalid_field")]),
        (
            ["file:///o/a.mp4", "file:///o/b.mp4"],
            [("format[0].destination[1]", "conflicting_fields")],
        ),
    ],
)
def test_a_fault_names_the_one_of_several_destinations(
    places: list[Any], faults: list[tuple[str, str]]
) -> None:
    with pytest.raises(SpecError) as caught:
        parse_job(several(*places))
    assert [(fault.path, fault.code) for fault in caught.value.faults] == faults


@pytest.mark.parametrize(
    ("field", "bad"), [("storage_class", "not one"), ("cache_control", "a\r\nb: c")]
)
def test_headers_of_objects_are_checked(field: str, bad: str) -> None:
    place = {"type": "s3", "bucket": "b", field: bad}
    with pytest.raises(SpecError) as caught:
        parse_job(several(place))
    assert caught.value.faults[0].path == f"format[0].destination[0].{field}"


def test_ftp_is_read_from_parts_or_a_url() -> None:
    url = destination("ftps://m%40e:shh@h.example.com:990/a%20b/film.mp4")
    parts = destination(
        {
            "type": "ftps",
            "endpoint": "h.example.com",
            "tcp_port": "990",
            "key": "m@e",
            "secret": "shh",
            "path": "a b/film.mp4",
        }
    )
    assert url == parts
    assert (url.host, url.port, url.tls, url.clean_path) == (
        "h.example.com",
        990,
        True,
        "a b/film.mp4",
    )
    assert "shh" not in repr(url) + str(url.echo())
    plain = destination("ftp://h/a/")
    assert (plain.port, plain.tls) == (21, False)


@pytest.mark.parametrize("value", ["ftp://", "ftp://h/a?b=c", "ftp://h/../a", "ftp://h"])
def test_ftp_places_that_cannot_be_meant_are_refused(value: str) -> None:
    with pytest.raises(SpecError):
        destination(value)


def test_sftp_is_read_from_parts_or_a_url() -> None:
    url = destination("sftp://m%40e:shh@h.example.com:2022/srv/a%20b/film.mp4")
    parts = {"type": "sftp", "endpoint": "h.example.com", "tcp_port": 2022, "key": "m@e"}
    assert url == destination({**parts, "secret": "shh", "path": "/srv/a b/film.mp4"})
    assert (url.host, url.port, url.clean_path) == ("h.example.com", 2022, "/srv/a b/film.mp4")
    own = destination(
        {**SFTP, "secret": "s", "private_key": PEM.replace("\n", "\r\n") % "", "path": "x/"}
    )
    assert own.private_key.get_secret_value() == PEM % "" + "\n"
    assert own.port == 22
    for place in (url, own):
        printed = f"{place!r} {place.echo()}"
        assert not [secret for secret in ("shh", "hunter2", "m@e") if secret in printed]
    assert destination("sftp://me:shh@h/~/film.mp4").path == "film.mp4"
    shown = "SHA256:" + "a" * 43
    assert destination({**SFTP, "secret": "s", "host_key": shown + "="}).host_key == shown


def test_two_outputs_do_not_meet_on_one_ssh_server() -> None:
    output = {"output": "mp4", "destination": "sftp://me:shh@h/film.mp4"}
    body = {"video_id": "v", "source": "https://h/a", "format": [output, output]}
    assert "path_collision" in [w.code for w in parse_job(body).warnings]


def test_user_and_password_of_a_web_server_are_those_of_its_url() -> None:
    apart = source({"url": "https://h/a.mp4?x=1", "key": "m@e", "secret": "hunter2/"})
    assert apart == source("https://m%40e:hunter2%2F@h/a.mp4?x=1")
    assert "hunter2" not in f"{apart!r} {apart.echo()}"
    assert codes("source", {"url": "https://u:p@h/a", "key": "me", "secret": "hunter2"}) == [
        ("source.key", "conflicting_fields")
    ]
