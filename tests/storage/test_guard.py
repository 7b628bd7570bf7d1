"""`GuardedClient`: redirects, credentials, certificates, posts, and what stays open."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.processes import HANG_S, open_files

from certificates import self_signed
from servers import HttpServer, S3Server, http_server_on
from videngine.errors import InputError, OutputError
from videngine.settings import Settings
from videngine.storage.base import Moved
from videngine.storage.guard import GuardedClient
from videngine.storage.s3 import S3Sink

MakeSettings = Callable[..., Settings]
Fetch = Callable[..., bytes]
FILM = bytes(os.urandom(1 << 20))


def test_three_redirects_are_followed_and_not_four(
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    http_server.serve("/film", FILM)
    for step, status in enumerate((301, 302, 303, 307), start=1):
        http_server.status(f"/{step}", status, location=f"/{step - 1}" if step > 1 else "film")
    assert fetch(client, http_server.url + "/3", scratch) == FILM
    with pytest.raises(InputError, match="3 redirects") as caught:
        client.fetch_small(http_server.url + "/4", max_bytes=10 << 20, timeout_s=5)
    assert caught.value.code == "source_forbidden"


@pytest.mark.alone
def test_the_body_of_a_redirect_is_not_read(
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", "/film")
        request.end_headers()
        while not http_server.closing.is_set():
            request.wfile.write(bytes(1 << 16))

    http_server.serve("/film", FILM)
    http_server.answers["/start"] = answer
    began = time.monotonic()
    assert fetch(client, http_server.url + "/start", scratch) == FILM
    assert time.monotonic() - began < 1


def test_a_redirect_loop_ends(
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    url = http_server.status("/film", 302, location="/film")
    with pytest.raises(InputError, match="3 redirects"):
        fetch(client, url, scratch)
    assert len(http_server.received) == 4


def test_credentials_stay_at_their_origin(
    settings: MakeSettings, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    with http_server_on() as other:
        other.serve("/film", FILM)
        http_server.status("/away", 302, location=other.url + "/film")
        http_server.status("/here", 302, location="/away")
        client = GuardedClient(settings(allow_addresses=(http_server.address, other.address)))
        headers = {"Authorization": "Basic hunter2", "X-Api-Key": "hunter2"}
        assert fetch(client, http_server.url + "/here", scratch, headers=headers) == FILM
        assert [r.headers.get("Authorization") for r in http_server.received] == [
            "Basic hunter2",
            "Basic hunter2",
        ]
        assert "hunter2" not in str(other.received[0].headers)


def test_a_redirect_to_a_closed_port_is_not_followed(
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    with http_server_on() as inner:
        inner.serve("/film", FILM)
        url = http_server.status("/film", 302, location=inner.url + "/film")
        with pytest.raises(InputError, match="not an address"):
            fetch(client, url, scratch)
        assert inner.received == []


def test_redirects_do_not_leave_tls() -> None:
    from videngine.storage.guard import _next

    assert _next("http://a.test/x", "https://b.test/") == "https://b.test/"
    with pytest.raises(InputError, match="https to http"):
        _next("https://a.test/x", "http://a.test/x")


def test_a_certificate_is_checked_against_the_name_and_the_authorities(
    settings: MakeSettings, scratch: Path, names: Any, tls_server: TlsServer, fetch: Fetch
) -> None:
    address = tls_server.http.address
    port = tls_server.http.port
    tls_server.http.serve("/film", FILM)
    resolver = names({"media.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]})
    strict = GuardedClient(settings(allow_addresses=(address,)), resolver=resolver)
    with pytest.raises(InputError, match="certificate") as caught:
        fetch(strict, f"https://media.test:{port}/film", scratch)
    assert caught.value.code == "source_forbidden"
    own = settings(allow_addresses=(address,), ca_bundle=tls_server.certificate)
    client = GuardedClient(own, resolver=resolver)
    for other in ("other.test", "127.0.0.1"):
        with pytest.raises(InputError, match="certificate"):
            fetch(client, f"https://{other}:{port}/film", scratch)
    assert tls_server.http.received == []
    assert fetch(client, f"https://media.test:{port}/film", scratch) == FILM
    assert tls_server.http.received[0].headers["Host"] == f"media.test:{port}"
    assert tls_server.asked_for == ["media.test", "other.test", None, "media.test"]


def test_a_store_with_a_certificate_of_its_own_needs_its_authority(
    settings: MakeSettings, tmp_path: Path, names: Any, tls_server: TlsServer, ignore: Moved
) -> None:
    server = tls_server.http
    server.serve("/bucket/film.mp4", b"")
    place = S3Server("").place("bucket", endpoint=f"https://media.test:{server.port}")
    resolver = names({"media.test": ["127.0.0.1"]})
    (tmp_path / "film.mp4").write_bytes(b"film")

    def put(settings: Settings) -> None:
        S3Sink(place, settings=settings, resolver=resolver).put(
            tmp_path / "film.mp4", "film.mp4", content_type="video/mp4", moved=ignore
        )

    with pytest.raises(OutputError, match="certificate") as caught:
        put(settings(allow_addresses=(server.address,)))
    assert (caught.value.code, caught.value.retryable) == ("destination_forbidden", False)
    put(settings(allow_addresses=(server.address,), ca_bundle=tls_server.certificate))
    assert [r.body for r in server.received] == [b"film"]


def test_a_post_arrives_as_it_was_and_its_status_comes_back(
    client: GuardedClient, http_server: HttpServer
) -> None:
    for status in (200, 204, 302, 410, 500):
        url = http_server.status("/hook", status, location="/elsewhere")
        headers = {"Content-Type": "application/json", "webhook-id": "e1"}
        assert client.post(url, b'{"a": 1}', headers, timeout_s=5) == status
    assert [r.path for r in http_server.received] == ["/hook"] * 5
    assert http_server.received[0].method == "POST"
    assert http_server.received[0].body == b'{"a": 1}'
    assert http_server.received[0].headers["webhook-id"] == "e1"
    assert http_server.received[0].headers["Content-Type"] == "application/json"


def test_a_post_reads_little_of_an_endless_answer(
    client: GuardedClient, http_server: HttpServer
) -> None:
    sent = 0
    ended = threading.Event()

    def endless(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.send_response(200)
        request.end_headers()
        try:
            while not http_server.closing.is_set():
                sent += request.wfile.write(bytes(1 << 14))
        finally:
            ended.set()

    http_server.answers["/hook"] = endless
    assert client.post(http_server.url + "/hook", b"{}", {}, timeout_s=5) == 200
    assert ended.wait(HANG_S)
    assert sent < 20 << 20  # what the kernel's buffers took


def test_a_header_with_a_line_break_is_refused(
    client: GuardedClient, http_server: HttpServer
) -> None:
    url = http_server.serve("/hook", b"")
    with pytest.raises(InputError):
        client.post(url, b"{}", {"X-A": "b\r\nX-C: d"}, timeout_s=5)
    assert http_server.received == []


def test_fifty_transfers_leak_neither_descriptors_nor_threads(
    client: GuardedClient, http_server: HttpServer, tmp_path: Path, fetch: Fetch
) -> None:
    film = http_server.serve("/film", FILM)
    gone = http_server.status("/gone", 404)

    def once(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        fetch(client, film, folder)
        client.post(film, b"{}", {}, timeout_s=5)
        with pytest.raises(InputError):
            client.fetch_small(gone, max_bytes=10, timeout_s=5)

    once(-1)
    before = open_files()
    for number in range(50):
        once(number)
    deadline = time.monotonic() + 5
    while open_files() > before + 2 and time.monotonic() < deadline:
        time.sleep(0.05)  # the server's own sockets close a moment later
    assert open_files() <= before + 2
    assert [t for t in threading.enumerate() if t.name == "videngine-transfer"] == []


@dataclass
class TlsServer:
    """A TLS server whose certificate nobody knows, and the names that clients asked it for."""

    http: HttpServer
    certificate: Path
    asked_for: list[str | None]


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[TlsServer]:
    """A server with a certificate for ``media.test``."""
    certificate, key = self_signed(tmp_path, "media.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    asked_for: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with http_server_on(tls=context) as server:
        yield TlsServer(server, certificate, asked_for)
