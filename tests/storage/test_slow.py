"""Servers that drip, hang or never end: every call comes back in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.processes import HANG_S

from servers import HttpServer
from videngine.errors import Cancelled, InputError
from videngine.settings import Settings
from videngine.storage.guard import GuardedClient

MakeSettings = Callable[..., Settings]
Fetch = Callable[..., bytes]


@pytest.fixture
def hasty(settings: MakeSettings, http_server: HttpServer) -> GuardedClient:
    """The same, with little patience."""
    return GuardedClient(settings(allow_addresses=(http_server.address,), stall_timeout_s=0.4))


def _silent(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """Nothing at all."""
    yield from ()


def _status_line(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """The status, a letter at a time."""
    yield from (b"%c" % b for b in b"HTTP/1.1 200 OK" * 1000)


def _headers(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """Headers without an end."""
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(90):
        yield from (b"%c" % b for b in b"X-%d: y\r\n" % number)


def _body(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """A body, a byte at a time."""
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    for _ in range(1000):
        yield b"x"


def _chunk_size(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """A chunk whose extension does not end."""
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;"
    for _ in range(1000):
        yield b"x"


def _half_redirect(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """A redirect whose headers do not end: cut off, it looks as if they had."""
    yield b"HTTP/1.1 302 Found\r\nLocation: /slow\r\n"
    for _ in range(1000):
        yield b"x"


SLOW = [_silent, _status_line, _headers, _body, _chunk_size, _half_redirect]


def slowly(server: HttpServer, drip: Callable[[BaseHTTPRequestHandler], Iterator[bytes]]) -> str:
    """Serve one of the above with 50 ms between its pieces."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        for piece in drip(request):
            request.wfile.write(piece)
            if server.closing.wait(0.05):
                return
        server.closing.wait(20)

    server.answers["/slow"] = answer
    return server.url + "/slow"


@pytest.mark.alone
@pytest.mark.parametrize("drip", SLOW)
def test_a_source_that_drips_is_given_up(
    drip: Any, hasty: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    url = slowly(http_server, drip)
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        fetch(hasty, url, scratch)
    assert time.monotonic() - began < 4
    assert caught.value.code == "source_timeout"
    assert caught.value.retryable


@pytest.mark.alone
@pytest.mark.parametrize("drip", SLOW)
def test_a_cancel_does_not_wait_for_a_source_that_drips(
    drip: Any, client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    url = slowly(http_server, drip)
    began = time.monotonic()

    def moved(_bytes: int, _total: int | None) -> None:
        if time.monotonic() - began > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(client, url, scratch, moved=moved)
    assert time.monotonic() - began < 1


@pytest.mark.alone
@pytest.mark.parametrize("drip", SLOW)
def test_small_files_and_posts_end_in_time(
    drip: Any, client: GuardedClient, http_server: HttpServer
) -> None:
    url = slowly(http_server, drip)
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        client.fetch_small(url, max_bytes=1000, timeout_s=0.4)
    assert caught.value.code == "source_timeout"
    assert time.monotonic() - began < 1.5
    began = time.monotonic()
    if drip in (_body, _chunk_size):  # its status was there in time
        assert client.post(url, b"{}", {}, timeout_s=0.4) == 200
    else:
        with pytest.raises(InputError) as caught:
            client.post(url, b"{}", {}, timeout_s=0.4)
        assert caught.value.code == "source_timeout"
    assert time.monotonic() - began < 1.5


def test_a_steady_source_may_take_longer_than_the_stall_time(
    hasty: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    def steady(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "30000")
        request.end_headers()
        for _ in range(30):
            request.wfile.write(bytes(1000))
            time.sleep(0.05)

    http_server.answers["/film"] = steady
    assert fetch(hasty, http_server.url + "/film", scratch) == bytes(30_000)


def test_a_source_has_a_total_time_too(
    settings: MakeSettings, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not http_server.closing.wait(0.01):
            request.wfile.write(bytes(1000))

    http_server.answers["/film"] = endless
    client = GuardedClient(settings(allow_addresses=(http_server.address,), transfer_timeout_s=0.5))
    with pytest.raises(InputError, match=r"not done in 0\.5 s") as caught:
        fetch(client, http_server.url + "/film", scratch)
    assert caught.value.code == "source_timeout"


def test_an_endless_body_is_cut_off_at_the_limit(
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    ended = threading.Event()

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while not http_server.closing.is_set():
                request.wfile.write(bytes(1 << 16))
        finally:
            ended.set()

    http_server.answers["/film"] = endless
    for way in (
        lambda: fetch(client, http_server.url + "/film", scratch, max_bytes=3 << 20),
        lambda: client.fetch_small(http_server.url + "/film", max_bytes=3 << 20, timeout_s=10),
    ):
        ended.clear()
        with pytest.raises(InputError) as caught:
            way()
        assert caught.value.code == "source_too_large"
        assert ended.wait(HANG_S)
