"""Sources and sinks in buckets, against a real S3 store, an S3 that knows ACLs, and bad wires."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest
import requests

from servers import ADMIN, READER, HttpServer, Identity, S3Server, Wire, wire_to
from videngine.errors import Cancelled, InputError, OutputError, ResourceError
from videngine.settings import Settings
from videngine.storage import Moved
from videngine.storage.s3 import S3Sink, S3Source

MakeSettings = Callable[..., Settings]
pytestmark = pytest.mark.s3

SMALL = b"film" * 1000
LARGE_BYTES = 20 << 20  # more than one part
STRANGER = Identity("nobodyknowsme", "hunter2hunter2hunter2")


@pytest.fixture(scope="module")
def bucket(s3_server: S3Server) -> str:
    """A bucket for this file."""
    return s3_server.make_bucket()


@pytest.fixture
def opened(settings: MakeSettings, s3_server: S3Server) -> Settings:
    """Settings that let the store be reached."""
    return settings(allow_addresses=(s3_server.address,))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of several parts, no two of which are alike."""
    path = tmp_path_factory.mktemp("large") / "film.mp4"
    path.write_bytes(os.urandom(LARGE_BYTES))
    return path


@pytest.fixture
def small(scratch: Path) -> Path:
    """A file of one part."""
    path = scratch / "small.mp4"
    path.write_bytes(SMALL)
    return path


@pytest.fixture
def wire(s3_server: S3Server) -> Iterator[Wire]:
    """A wire to the store."""
    with wire_to(int(s3_server.endpoint.rpartition(":")[2])) as wire:
        yield wire


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore tries again at once."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))


def put(sink: S3Sink, local: Path, key: str, moved: Moved = lambda *_: None) -> str:
    """Store a file; returns its URL."""
    return sink.put(local, key, content_type="video/mp4", moved=moved).url


def head(server: S3Server, bucket: str, key: str) -> dict[str, Any]:
    """What the store says of an object."""
    with contextlib.closing(server.client()) as client:
        return dict(client.head_object(Bucket=bucket, Key=key))


def body(server: S3Server, bucket: str, key: str) -> bytes:
    """What the store has."""
    with contextlib.closing(server.client()) as client:
        return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def keys(server: S3Server, bucket: str, prefix: str = "") -> list[str]:
    """The objects of a bucket."""
    with contextlib.closing(server.client()) as client:
        listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]


def open_uploads(server: S3Server, bucket: str) -> list[str]:
    """Uploads that were neither completed nor aborted."""
    with contextlib.closing(server.client()) as client:
        listed = client.list_multipart_uploads(Bucket=bucket)
        return [item["Key"] for item in listed.get("Uploads", [])]


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
    facts = head(s3_server, bucket, "out/a b/ü.m3u8")
    assert body(s3_server, bucket, "out/a b/ü.m3u8") == SMALL
    assert facts["ContentType"] == "text/x"
    assert facts["CacheControl"] == "public, max-age=10"
    assert stored.to_json() == {
        "key": "a b/ü.m3u8",
        "size": len(SMALL),
        "content_type": "text/x",
        "url": f"{s3_server.endpoint}/{bucket}/out/a%20b/%C3%BC.m3u8",
    }
    assert seen[-1] == (len(SMALL), len(SMALL))
    put(sink, small, "1.m4s")
    assert "immutable" in head(s3_server, bucket, "out/1.m4s")["CacheControl"]
    put(sink, small, "film.mp4")
    assert "CacheControl" not in head(s3_server, bucket, "out/film.mp4")
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
    assert head(s3_server, bucket, "large/film.mp4")["ETag"].endswith('-3"')
    assert open_uploads(s3_server, bucket) == []
    assert [p.name for p in large.parent.iterdir()] == ["film.mp4"]
    assert seen[-1] == (LARGE_BYTES, LARGE_BYTES)
    assert seen == sorted(seen)
    seen.clear()
    source = S3Source(s3_server.place(bucket, "large/film.mp4"), settings=opened)
    path = source.fetch(scratch, lambda *now: seen.append(now))
    assert path.read_bytes() == large.read_bytes()
    assert list(scratch.iterdir()) == [path]
    assert seen[-1] == (LARGE_BYTES, LARGE_BYTES)


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
        assert body(s3_server, bucket, "deleted/film.mp4") == content
    sink.delete("film.mp4")
    sink.delete("film.mp4")
    assert keys(s3_server, bucket, "deleted/") == []


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
    assert len(keys(s3_server, bucket, "many/")) == 16


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
    assert S3Source(reader, settings=opened).fetch(small.parent, ignore).read_bytes() == SMALL
    missing = s3_server.place(bucket, "missing.mp4", identity=READER)
    with pytest.raises(InputError, match=r"no object missing\.mp4") as caught:
        S3Source(missing, settings=opened).fetch(small.parent, ignore)
    assert caught.value.code == "source_not_found"
    for local in (small, large):
        with pytest.raises(OutputError, match="may not write") as refused:
            put(S3Sink(reader, settings=opened), local, "new.mp4")
        assert refused.value.code == "destination_forbidden"
    assert open_uploads(s3_server, bucket) == []


def test_an_object_larger_than_the_setting_or_the_disk_is_refused(
    s3_server: S3Server,
    bucket: str,
    settings: MakeSettings,
    small: Path,
    ignore: Moved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = settings(allow_addresses=(s3_server.address,), max_source_bytes=len(SMALL) - 1)
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


def cancel_after(count: int) -> Moved:
    """A caller who cancels once so many bytes have moved."""

    def moved(done: int, _total: int | None) -> None:
        if done > count:
            raise Cancelled

    return moved


def test_a_cancelled_upload_leaves_neither_object_nor_parts(
    s3_server: S3Server, opened: Settings, settings: MakeSettings, large: Path, wire: Wire
) -> None:
    bucket = s3_server.make_bucket()
    wire.rate_bytes_s = 4 << 20
    through = settings(allow_addresses=(f"127.0.0.1:{wire.port}",))
    place = s3_server.place(bucket, endpoint=f"http://127.0.0.1:{wire.port}")
    began = time.monotonic()
    with pytest.raises(Cancelled):
        put(S3Sink(place, settings=through), large, "film.mp4", cancel_after(1 << 20))
    assert time.monotonic() - began < 3
    assert open_uploads(s3_server, bucket) == []
    assert keys(s3_server, bucket) == []
    assert [p.name for p in large.parent.iterdir()] == ["film.mp4"]


def test_a_cancelled_download_leaves_nothing(
    s3_server: S3Server,
    bucket: str,
    opened: Settings,
    large: Path,
    scratch: Path,
    wire: Wire,
    settings: MakeSettings,
) -> None:
    put(S3Sink(s3_server.place(bucket), settings=opened), large, "cancel.mp4")
    wire.rate_bytes_s = 4 << 20
    through = settings(allow_addresses=(f"127.0.0.1:{wire.port}",))
    place = s3_server.place(bucket, "cancel.mp4", endpoint=f"http://127.0.0.1:{wire.port}")
    began = time.monotonic()
    with pytest.raises(Cancelled):
        S3Source(place, settings=through).fetch(scratch, cancel_after(1 << 20))
    assert time.monotonic() - began < 3
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("_no_waiting")
def test_a_store_that_goes_away_half_way_keeps_no_parts_once_it_is_back(
    s3_server: S3Server, settings: MakeSettings, large: Path, wire: Wire
) -> None:
    bucket = s3_server.make_bucket()
    wire.rate_bytes_s = 8 << 20
    through = settings(allow_addresses=(f"127.0.0.1:{wire.port}",))
    place = s3_server.place(bucket, endpoint=f"http://127.0.0.1:{wire.port}")
    sink = S3Sink(place, settings=through)

    def moved(done: int, _total: int | None) -> None:
        if done > 10 << 20:
            wire.cut()

    with pytest.raises(OutputError) as caught:
        put(sink, large, "film.mp4", moved)
    assert caught.value.code == "destination_timeout"
    assert caught.value.retryable
    assert open_uploads(s3_server, bucket) == ["film.mp4"]  # there was nobody to tell
    assert keys(s3_server, bucket) == []
    wire.refusing = False
    wire.rate_bytes_s = float("inf")
    put(S3Sink(place, settings=through), large, "film.mp4")  # as another worker would
    assert open_uploads(s3_server, bucket) == []
    assert body(s3_server, bucket, "film.mp4") == large.read_bytes()
    assert [p.name for p in large.parent.iterdir()] == ["film.mp4"]


@pytest.mark.usefixtures("_no_waiting")
def test_a_store_that_stalls_is_given_up_and_keeps_no_parts(
    s3_server: S3Server, settings: MakeSettings, large: Path, wire: Wire
) -> None:
    bucket = s3_server.make_bucket()
    wire.rate_bytes_s = 8 << 20
    through = settings(allow_addresses=(f"127.0.0.1:{wire.port}",), stall_timeout_s=1)
    place = s3_server.place(bucket, endpoint=f"http://127.0.0.1:{wire.port}")

    def moved(done: int, _total: int | None) -> None:
        if done > 6 << 20:
            wire.flowing.clear()
            threading.Timer(2.5, wire.flowing.set).start()

    began = time.monotonic()
    with pytest.raises(OutputError) as caught:
        put(S3Sink(place, settings=through), large, "film.mp4", moved)
    assert time.monotonic() - began < 12
    assert caught.value.code == "destination_timeout"
    assert caught.value.retryable
    assert open_uploads(s3_server, bucket) == []
    assert keys(s3_server, bucket) == []


@pytest.mark.usefixtures("_no_waiting")
def test_a_store_that_goes_away_while_it_is_read_is_a_timeout(
    s3_server: S3Server,
    bucket: str,
    opened: Settings,
    settings: MakeSettings,
    large: Path,
    scratch: Path,
    wire: Wire,
) -> None:
    put(S3Sink(s3_server.place(bucket), settings=opened), large, "away.mp4")
    wire.rate_bytes_s = 8 << 20
    through = settings(allow_addresses=(f"127.0.0.1:{wire.port}",))
    place = s3_server.place(bucket, "away.mp4", endpoint=f"http://127.0.0.1:{wire.port}")

    def moved(done: int, _total: int | None) -> None:
        if done > 4 << 20:
            wire.cut()

    with pytest.raises(InputError) as caught:
        S3Source(place, settings=through).fetch(scratch, moved)
    assert caught.value.code == "source_timeout"
    assert caught.value.retryable
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


def answers(server: HttpServer, path: str, *replies: tuple[int, str]) -> None:
    """Make ``path`` answer with S3 faults in turn, the last one for ever; "" is success."""
    turn = iter(replies)
    last = replies[-1]

    def answer(request: BaseHTTPRequestHandler) -> None:
        status, code = next(turn, last)
        text = FAULT.format(code=code).encode() if code else b""
        request.send_response(status)
        request.send_header("Content-Length", str(len(text)))
        request.send_header("ETag", '"a"')
        request.end_headers()
        request.wfile.write(text)

    server.answers[path] = answer


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


@pytest.mark.usefixtures("_no_waiting")
@pytest.mark.parametrize("code", ["SlowDown", "InternalError", "ServiceUnavailable"])
def test_a_busy_store_is_asked_again_and_then_given_up(
    code: str, http_server: HttpServer, settings: MakeSettings, small: Path, ignore: Moved
) -> None:
    opened = settings(allow_addresses=(http_server.address,))
    place = S3Server(http_server.url).place("bucket", "film.mp4")
    answers(http_server, "/bucket/film.mp4", (503, code), (500, code), (200, ""))
    put(S3Sink(place, settings=opened), small, "film.mp4")
    assert [r.body for r in http_server.received] == [SMALL] * 3
    http_server.received.clear()
    answers(http_server, "/bucket/film.mp4", (503, code))
    with pytest.raises(OutputError) as written:
        put(S3Sink(place, settings=opened), small, "film.mp4")
    assert (written.value.code, written.value.retryable) == ("upload_failed", True)
    assert len(http_server.received) == 5
    with pytest.raises(InputError) as read:
        S3Source(place, settings=opened).fetch(small.parent, ignore)
    assert (read.value.code, read.value.retryable) == ("source_timeout", True)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, "RequestTimeTooSkewed", "destination_forbidden"),
        (403, "AllAccessDisabled", "destination_forbidden"),
        (405, "MethodNotAllowed", "upload_failed"),
        (400, "EntityTooLarge", "upload_failed"),
        (404, "Whatever", "destination_not_found"),
    ],
)
def test_other_refusals_are_final(
    status: int,
    code: str,
    expected: str,
    http_server: HttpServer,
    settings: MakeSettings,
    small: Path,
) -> None:
    opened = settings(allow_addresses=(http_server.address,))
    answers(http_server, "/bucket/film.mp4", (status, code))
    place = S3Server(http_server.url).place("bucket")
    with pytest.raises(OutputError) as caught:
        put(S3Sink(place, settings=opened), small, "film.mp4")
    assert (caught.value.code, caught.value.retryable) == (expected, False)


@pytest.mark.parametrize("status", [301, 302, 307, 400])
@pytest.mark.parametrize(
    "code", ["PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"]
)
def test_redirects_of_a_store_lead_nowhere(
    status: int,
    code: str,
    http_server: HttpServer,
    settings: MakeSettings,
    small: Path,
    ignore: Moved,
    network: Any,
) -> None:
    """A hostile store names another region or address; nothing else is ever connected to."""
    inner = "http://127.0.0.2:9/latest/meta-data"

    def answer(request: BaseHTTPRequestHandler) -> None:
        text = FAULT.format(code=code).replace(
            "</Error>", "<Region>evil</Region><Endpoint>127.0.0.2:9</Endpoint></Error>"
        )
        request.send_response(status)
        request.send_header("Location", inner)
        request.send_header("x-amz-bucket-region", "evil")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(text.encode())

    for path in ("/bucket/film.mp4", "/bucket"):
        http_server.answers[path] = answer
    opened = settings(allow_addresses=(http_server.address,))
    place = S3Server(http_server.url).place("bucket", "film.mp4")
    with pytest.raises(InputError) as read:
        S3Source(place, settings=opened).fetch(small.parent, ignore)
    with pytest.raises(OutputError) as written:
        put(S3Sink(place, settings=opened), small, "film.mp4")
    assert not read.value.retryable
    assert not written.value.retryable
    assert set(network.connects) == {("127.0.0.1", http_server.port)}


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
    assert body(s3_server, bucket, "named.mp4") == SMALL
    with pytest.raises(OutputError):  # trust is in the name, not in the address behind it
        put(S3Sink(s3_server.place(bucket), settings=trusting), small, "named.mp4")


def test_a_public_object_is_read_without_keys(
    moto_server: S3Server, settings: MakeSettings, small: Path, ignore: Moved
) -> None:
    bucket = moto_server.make_bucket()
    opened = settings(allow_addresses=(moto_server.address,))
    put(S3Sink(moto_server.place(bucket, acl="public-read"), settings=opened), small, "p.mp4")
    place = moto_server.place(bucket, "p.mp4", identity=None)
    assert S3Source(place, settings=opened).fetch(small.parent, ignore).read_bytes() == SMALL


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
    assert body(s3_server, bucket, "mine.mp4") == SMALL
