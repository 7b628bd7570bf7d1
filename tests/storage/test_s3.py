"""Sources and sinks in buckets, against a real S3 store, an S3 that knows ACLs, and bad wires."""

from __future__ import annotations

import gc
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest
import requests
from tests.processes import open_files

from servers import ADMIN, READER, HttpServer, Identity, S3Server
from videngine.errors import InputError, OutputError, ResourceError
from videngine.settings import Settings
from videngine.storage import Moved
from videngine.storage.s3 import S3Sink, S3Source
from videngine.storage.s3_client import GuardedS3

MakeSettings = Callable[..., Settings]
pytestmark = pytest.mark.s3

STRANGER = Identity("nobodyknowsme", "hunter2hunter2hunter2")


def put(sink: S3Sink, local: Path, key: str, moved: Moved = lambda *_: None) -> str:
    """Store a file; returns its URL."""
    return sink.put(local, key, content_type="video/mp4", moved=moved).url


def everything_about(error: BaseException) -> str:
    """All text that an error could carry into a log or a response."""
    return repr(error) + str(vars(error)) + "".join(traceback.format_exception(error))


def test_a_small_file_is_stored_with_its_facts(
    s3_server: S3Server, bucket: str, opened: Settings, small: Path
) -> None:
    sink = S3Sink(s3_server.place(bucket, "out"), settings=opened)
    seen: list[tuple[int, int | None]] = []
    stored = sink.put(
        small, "a b/ü.m3u8", content_type="text/x", moved=lambda *now: seen.append(now)
    )
    facts = s3_server.head(bucket, "out/a b/ü.m3u8")
    assert s3_server.body(bucket, "out/a b/ü.m3u8") == small.read_bytes()
    assert facts["ContentType"] == "text/x"
    assert facts["CacheControl"] == "public, max-age=10"
    assert stored.to_json() == {
        "key": "a b/ü.m3u8",
        "size": small.stat().st_size,
        "content_type": "text/x",
        "url": f"{s3_server.endpoint}/{bucket}/out/a%20b/%C3%BC.m3u8",
    }
    assert seen[-1] == (small.stat().st_size, small.stat().st_size)
    put(sink, small, "1.m4s")
    assert "immutable" in s3_server.head(bucket, "out/1.m4s")["CacheControl"]
    put(sink, small, "film.mp4")
    assert "CacheControl" not in s3_server.head(bucket, "out/film.mp4")
    assert sink.warnings == []


def test_a_large_file_goes_up_in_parts_and_comes_down_by_ranges(
    s3_server: S3Server, bucket: str, opened: Settings, large: Path, scratch: Path
) -> None:
    seen: list[tuple[int, int | None]] = []
    put(
        S3Sink(s3_server.place(bucket), settings=opened),
        large,
        "large/film.mp4",
        lambda *now: seen.append(now),
    )
    assert s3_server.head(bucket, "large/film.mp4")["ETag"].endswith('-3"')
    assert s3_server.open_uploads(bucket) == []
    assert [p.name for p in large.parent.iterdir()] == ["film.mp4"]
    assert seen[-1] == (large.stat().st_size, large.stat().st_size)
    assert seen == sorted(seen)
    seen.clear()
    source = S3Source(s3_server.place(bucket, "large/film.mp4"), settings=opened)
    path = source.fetch(scratch, lambda *now: seen.append(now))
    assert path.read_bytes() == large.read_bytes()
    assert list(scratch.iterdir()) == [path]
    assert seen[-1] == (large.stat().st_size, large.stat().st_size)


def test_empty_objects_are_objects(
    s3_server: S3Server, bucket: str, opened: Settings, scratch: Path, ignore: Moved
) -> None:
    (scratch / "empty").touch()
    put(S3Sink(s3_server.place(bucket), settings=opened), scratch / "empty", "empty.mp4")
    source = S3Source(s3_server.place(bucket, "empty.mp4"), settings=opened)
    assert source.fetch(scratch, ignore).read_bytes() == b""


def test_an_object_is_replaced_and_deleted(
    s3_server: S3Server, bucket: str, opened: Settings, small: Path
) -> None:
    sink = S3Sink(s3_server.place(bucket, "deleted/film.mp4"), settings=opened)
    for content in (b"one", b"two"):
        small.write_bytes(content)
        put(sink, small, "film.mp4")
        assert s3_server.body(bucket, "deleted/film.mp4") == content
    sink.delete("film.mp4")
    sink.delete("film.mp4")
    assert s3_server.keys(bucket, "deleted/") == []


def test_a_sink_takes_several_files_at_a_time(
    s3_server: S3Server, bucket: str, opened: Settings, small: Path
) -> None:
    sink = S3Sink(s3_server.place(bucket, "many"), settings=opened)
    threads = [
        threading.Thread(target=put, args=(sink, small, f"{number}.m4s")) for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(s3_server.keys(bucket, "many/")) == 16


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"identity": STRANGER}, "forbidden", "access key"),
        ({"identity": Identity(ADMIN.key, "hunter2hunter2")}, "forbidden", "secret"),
        ({"identity": None}, "forbidden", "may not"),
        ({"bucket": "no-such-bucket"}, "not_found", "no bucket no-such-bucket"),
        ({"bucket": "No_Such"}, "not_found", "No_Such"),
    ],
)
def test_a_place_that_is_wrong_says_what_is_wrong(
    change: dict[str, Any],
    code: str,
    words: str,
    s3_server: S3Server,
    bucket: str,
    opened: Settings,
    small: Path,
    large: Path,
    ignore: Moved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # what this server itself may do is nobody else's business
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ADMIN.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ADMIN.secret)
    place = s3_server.place(**{"bucket": bucket, "path": "film.mp4", **change})
    with pytest.raises(InputError, match=words) as read:
        S3Source(place, settings=opened).fetch(small.parent, ignore)
    assert read.value.code == f"source_{code}"
    sink = S3Sink(place, settings=opened)
    for local in (small, large):
        with pytest.raises(OutputError, match=words) as written:
            put(sink, local, "film.mp4")
        assert written.value.code == f"destination_{code}"
        assert not written.value.retryable
    with pytest.raises(OutputError):
        sink.delete("film.mp4")
    for error in (read.value, written.value):
        assert not error.retryable
        assert "hunter2" not in everything_about(error)
        assert ADMIN.secret not in everything_about(error)
    assert [p.name for p in small.parent.iterdir()] == ["small.mp4"]
    assert [p.name for p in large.parent.iterdir()] == ["film.mp4"]


def test_a_missing_object_and_a_missing_right_to_write_are_told_apart(
    s3_server: S3Server, bucket: str, opened: Settings, small: Path, large: Path, ignore: Moved
) -> None:
    put(S3Sink(s3_server.place(bucket), settings=opened), small, "readable.mp4")
    reader = s3_server.place(bucket, "readable.mp4", identity=READER)
    assert (
        S3Source(reader, settings=opened).fetch(small.parent, ignore).read_bytes()
        == small.read_bytes()
    )
    missing = s3_server.place(bucket, "missing.mp4", identity=READER)
    with pytest.raises(InputError, match=r"no object missing\.mp4") as caught:
        S3Source(missing, settings=opened).fetch(small.parent, ignore)
    assert caught.value.code == "source_not_found"
    for local in (small, large):
        with pytest.raises(OutputError, match="may not write") as refused:
            put(S3Sink(reader, settings=opened), local, "new.mp4")
        assert refused.value.code == "destination_forbidden"
    assert s3_server.open_uploads(bucket) == []


def test_an_object_larger_than_the_setting_or_the_disk_is_refused(
    s3_server: S3Server,
    bucket: str,
    settings: MakeSettings,
    small: Path,
    ignore: Moved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = settings(
        allow_addresses=(s3_server.address,), max_source_bytes=small.stat().st_size - 1
    )
    put(S3Sink(s3_server.place(bucket), settings=opened), small, "limit.mp4")
    place = s3_server.place(bucket, "limit.mp4")
    with pytest.raises(InputError, match="limit") as caught:
        S3Source(place, settings=opened).fetch(small.parent, ignore)
    assert caught.value.code == "source_too_large"
    usage = SimpleNamespace(free=10)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    opened = settings(allow_addresses=(s3_server.address,))
    with pytest.raises(ResourceError) as full:
        S3Source(place, settings=opened).fetch(small.parent, ignore)
    assert full.value.code == "disk_full"


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(
    s3_server: S3Server,
    bucket: str,
    opened: Settings,
    small: Path,
    scratch: Path,
    ignore: Moved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(S3Sink(s3_server.place(bucket), settings=opened), small, "full.mp4")
    small.unlink()

    def open_full(_self: object, _name: str, mode: str) -> IO[Any]:
        return Path("/dev/full").open(mode)

    monkeypatch.setattr("s3transfer.utils.OSUtils.open", open_full)
    with pytest.raises(ResourceError) as full:
        S3Source(s3_server.place(bucket, "full.mp4"), settings=opened).fetch(scratch, ignore)
    assert full.value.code == "disk_full"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("acl", "parts", "status"),
    [
        (None, 1, 403),
        ("private", 1, 403),
        ("private", 3, 403),
        ("public-read", 1, 200),
        ("public-read", 3, 200),
    ],
)
def test_an_acl_is_sent_when_it_is_asked_for_and_only_then(
    acl: str | None,
    parts: int,
    status: int,
    moto_server: S3Server,
    settings: MakeSettings,
    small: Path,
    large: Path,
) -> None:
    bucket = moto_server.make_bucket()
    opened = settings(allow_addresses=(moto_server.address,))
    sink = S3Sink(moto_server.place(bucket, acl=acl), settings=opened)
    url = put(sink, small if parts == 1 else large, "film.mp4")
    answer = requests.get(url, timeout=10)
    assert answer.status_code == status
    assert (answer.content == (small if parts == 1 else large).read_bytes()) == (status == 200)
    assert sink.warnings == []


FAULT = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>{code}</Code><Message>{code}</Message></Error>"""


@pytest.mark.parametrize("code", ["AccessControlListNotSupported", "NotImplemented"])
def test_a_bucket_without_acls_gets_the_files_and_the_user_a_warning(
    code: str, http_server: HttpServer, settings: MakeSettings, small: Path
) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        refused = "x-amz-acl" in request.headers
        text = FAULT.format(code=code).encode() if refused else b""
        request.send_response(400 if refused else 200)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    opened = settings(allow_addresses=(http_server.address,))
    place = S3Server(http_server.url).place("bucket", acl="public-read")
    sink = S3Sink(place, settings=opened)
    for number in range(3):
        http_server.answers[f"/bucket/{number}.mp4"] = answer
        put(sink, small, f"{number}.mp4")
    assert [warning["code"] for warning in sink.warnings] == ["acl_not_supported"]
    assert "bucket policy" in sink.warnings[0]["message"]
    acls = [r.headers.get("x-amz-acl") for r in http_server.received]
    assert acls == ["public-read", None, None, None]


def test_only_what_the_operator_named_is_reached(
    s3_server: S3Server, bucket: str, settings: MakeSettings, small: Path, names: Any
) -> None:
    named = f"http://store.test:{s3_server.endpoint.rpartition(':')[2]}"
    resolver = names({"store.test": ["127.0.0.1"]})
    place = s3_server.place(bucket, endpoint=named)
    with pytest.raises(OutputError, match="VIDENGINE_S3_ENDPOINTS") as caught:
        put(S3Sink(place, settings=settings(), resolver=resolver), small, "named.mp4")
    assert caught.value.code == "destination_forbidden"
    trusting = settings(s3_endpoints=(named,))
    put(S3Sink(place, settings=trusting, resolver=resolver), small, "named.mp4")
    assert s3_server.body(bucket, "named.mp4") == small.read_bytes()
    with pytest.raises(OutputError):  # trust is in the name, not in the address behind it
        put(S3Sink(s3_server.place(bucket), settings=trusting), small, "named.mp4")


def test_a_public_object_is_read_without_keys(
    moto_server: S3Server, settings: MakeSettings, small: Path, ignore: Moved
) -> None:
    bucket = moto_server.make_bucket()
    opened = settings(allow_addresses=(moto_server.address,))
    put(S3Sink(moto_server.place(bucket, acl="public-read"), settings=opened), small, "p.mp4")
    place = moto_server.place(bucket, "p.mp4", identity=None)
    assert (
        S3Source(place, settings=opened).fetch(small.parent, ignore).read_bytes()
        == small.read_bytes()
    )


def test_the_command_line_uses_its_users_own_keys(
    s3_server: S3Server,
    bucket: str,
    settings: MakeSettings,
    small: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ADMIN.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ADMIN.secret)
    sink = S3Sink(s3_server.place(bucket, identity=None), settings=settings(), anywhere=True)
    put(sink, small, "mine.mp4")
    assert s3_server.body(bucket, "mine.mp4") == small.read_bytes()


def test_sinks_that_are_dropped_leak_no_descriptors(
    s3_server: S3Server, bucket: str, opened: Settings, small: Path, ignore: Moved
) -> None:
    def once() -> int:
        put(S3Sink(s3_server.place(bucket), settings=opened), small, "leak.mp4")
        S3Source(s3_server.place(bucket, "leak.mp4"), settings=opened).fetch(small.parent, ignore)
        gc.collect()
        return open_files()

    before = once()
    assert [once() for _ in range(10)][-1] <= before


def test_an_answer_that_nobody_reads_is_closed_with_its_client(
    s3_server: S3Server, bucket: str, opened: Settings, large: Path
) -> None:
    put(S3Sink(s3_server.place(bucket), settings=opened), large, "unread.mp4")
    s3 = GuardedS3(s3_server.place(bucket, "unread.mp4"), settings=opened)
    kept: list[Any] = [s3.client.get_object(Bucket=bucket, Key="unread.mp4")]
    kept.append(kept)  # as a traceback keeps what s3transfer had when it was cancelled
    s3.close()
    del kept
    gc.collect()  # a socket that nobody closed warns


def test_objects_have_the_class_and_the_caching_that_were_asked_for(
    moto_server: S3Server, settings: Callable[..., Settings], small: Path, large: Path
) -> None:
    bucket = moto_server.make_bucket()
    opened = settings(allow_addresses=(moto_server.address,))
    place = moto_server.place(bucket, storage_class="STANDARD_IA", cache_control="no-store")
    sink = S3Sink(place, settings=opened)
    for local, key in ((small, "small.mp4"), (large, "large.m4s")):
        put(sink, local, key)
        facts = moto_server.head(bucket, key)
        assert (facts["StorageClass"], facts["CacheControl"]) == ("STANDARD_IA", "no-store")
    plain = S3Sink(moto_server.place(bucket), settings=opened)
    put(plain, small, "plain.m4s")
    facts = moto_server.head(bucket, "plain.m4s")
    assert "StorageClass" not in facts
    assert facts["CacheControl"] == "public, max-age=31536000, immutable"
