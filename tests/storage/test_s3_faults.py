"""S3 over bad wires and from bad stores: nothing is lost, left behind or let out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from servers import HttpServer, S3Server
from videngine.errors import Cancelled, InputError, OutputError
from videngine.settings import Settings
from videngine.storage import Moved
from videngine.storage.s3 import S3Sink, S3Source
from wire import Wire

MakeSettings = Callable[..., Settings]
pytestmark = pytest.mark.s3


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore tries again at once."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))


def put(sink: S3Sink, local: Path, key: str, moved: Moved = lambda *_: None) -> str:
    """Store a file; returns its URL."""
    return sink.put(local, key, content_type="video/mp4", moved=moved).url


FAULT = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>{code}</Code><Message>{code}</Message></Error>"""


def cancel_after(count: int) -> Moved:
    """A caller who cancels once so many bytes have moved."""

    def moved(done: int, _total: int | None) -> None:
        if done > count:
            raise Cancelled

    return moved


@pytest.mark.alone
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
    assert s3_server.open_uploads(bucket) == []
    assert s3_server.keys(bucket) == []
    assert [p.name for p in large.parent.iterdir()] == ["film.mp4"]


@pytest.mark.alone
def test_a_cancel_does_not_wait_long_for_a_store_that_is_silent(
    s3_server: S3Server, settings: MakeSettings, large: Path, wire: Wire
) -> None:
    bucket = s3_server.make_bucket()
    wire.rate_bytes_s = 4 << 20
    through = settings(allow_addresses=(f"127.0.0.1:{wire.port}",))
    place = s3_server.place(bucket, endpoint=f"http://127.0.0.1:{wire.port}")

    def moved(done: int, _total: int | None) -> None:
        if done > 1 << 20:
            wire.flowing.clear()
            raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        put(S3Sink(place, settings=through), large, "film.mp4", moved)
    assert time.monotonic() - began < 8
    wire.flowing.set()
    wire.rate_bytes_s = float("inf")
    put(S3Sink(place, settings=through), large, "film.mp4")
    assert s3_server.open_uploads(bucket) == []


@pytest.mark.alone
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
    assert s3_server.open_uploads(bucket) == ["film.mp4"]  # there was nobody to tell
    assert s3_server.keys(bucket) == []
    wire.refusing = False
    wire.rate_bytes_s = float("inf")
    put(S3Sink(place, settings=through), large, "film.mp4")  # as another worker would
    assert s3_server.open_uploads(bucket) == []
    assert s3_server.body(bucket, "film.mp4") == large.read_bytes()
    assert [p.name for p in large.parent.iterdir()] == ["film.mp4"]


@pytest.mark.alone
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
    assert s3_server.open_uploads(bucket) == []
    assert s3_server.keys(bucket) == []


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


@pytest.mark.usefixtures("_no_waiting")
@pytest.mark.parametrize("code", ["SlowDown", "InternalError", "ServiceUnavailable"])
def test_a_busy_store_is_asked_again_and_then_given_up(
    code: str, http_server: HttpServer, settings: MakeSettings, small: Path, ignore: Moved
) -> None:
    opened = settings(allow_addresses=(http_server.address,))
    place = S3Server(http_server.url).place("bucket", "film.mp4")
    answers(http_server, "/bucket/film.mp4", (503, code), (500, code), (200, ""))
    put(S3Sink(place, settings=opened), small, "film.mp4")
    assert [r.body for r in http_server.received] == [small.read_bytes()] * 3
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
