"""`GuardedClient` against a web server that misbehaves in every way that web servers do."""

from __future__ import annotations

import os
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from servers import HttpServer, http_server_on
from videngine.errors import Cancelled, InputError, ResourceError
from videngine.settings import Settings
from videngine.storage import GuardedClient, download

MakeSettings = Callable[..., Settings]
FILM = bytes(os.urandom(1 << 20))


@pytest.fixture
def client(settings: MakeSettings, http_server: HttpServer) -> GuardedClient:
    """A client that may reach the server."""
    return GuardedClient(settings(allow_addresses=(http_server.address,)))


@pytest.fixture
def hasty(settings: MakeSettings, http_server: HttpServer) -> GuardedClient:
    """The same, with little patience."""
    return GuardedClient(settings(allow_addresses=(http_server.address,), stall_timeout_s=0.4))


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_PAUSE_S", 0.01)


def fetch(client: GuardedClient, url: str, folder: Path, **more: Any) -> bytes:
    """Download and read; checks that failures leave nothing behind."""
    moved = more.pop("moved", lambda *_: None)
    try:
        client.download(url, folder / "source", moved=moved, **{"max_bytes": 10 << 20, **more})
    except BaseException:
        assert list(folder.iterdir()) == []
        raise
    assert [f.name for f in folder.iterdir()] == ["source"]
    return (folder / "source").read_bytes()


def ranged(server: HttpServer, path: str, *, breaks: int, etags: list[str]) -> str:
    """Serve the film with ranges; ``breaks`` answers end in the middle of what is left."""
    asked = 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal asked
        asked += 1
        etag = etags[min(asked, len(etags)) - 1]
        wanted = request.headers.get("Range")
        start = 0
        if wanted and request.headers.get("If-Range") == etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{len(FILM) - 1}/{len(FILM)}")
        else:
            request.send_response(200)
        body = FILM[start:]
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Content-Type", "video/mp4")
        if etag:
            request.send_header("ETag", etag)
        request.end_headers()
        request.wfile.write(body[: len(body) // 2] if asked <= breaks else body)
        request.close_connection = True

    server.answers[path] = answer
    return server.url + path


def starts(server: HttpServer) -> list[int]:
    """Where each request of the server began to read."""
    return [
        int(r.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        for r in server.received
    ]


def test_a_file_arrives_whole_with_its_facts(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = http_server.serve("/film", FILM, content_type="video/mp4", etag='"a"')
    seen: list[tuple[int, int | None]] = []
    facts = client.download(
        url, scratch / "film", max_bytes=10 << 20, moved=lambda *now: seen.append(now)
    )
    assert (scratch / "film").read_bytes() == FILM
    assert facts == download.Download(size_bytes=len(FILM), content_type="video/mp4", etag='"a"')
    assert seen[-1] == (len(FILM), len(FILM))


def test_a_body_without_a_length_is_read_to_its_end(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    def chunked(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for start in range(0, len(FILM), 100_000):
            block = FILM[start : start + 100_000]
            request.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
        request.wfile.write(b"0\r\n\r\n")

    http_server.answers["/film"] = chunked
    assert fetch(client, http_server.url + "/film", scratch) == FILM


def test_a_broken_connection_is_taken_up_where_it_broke(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = ranged(http_server, "/film", breaks=7, etags=['"a"'])
    assert fetch(client, url, scratch) == FILM
    offsets = starts(http_server)
    assert offsets[0] == 0
    assert offsets[1] == len(FILM) // 2
    assert offsets == sorted(set(offsets))
    assert len(offsets) == 8


def test_progress_counts_no_byte_twice(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = ranged(http_server, "/film", breaks=3, etags=[""])
    seen: list[tuple[int, int | None]] = []
    assert fetch(client, url, scratch, moved=lambda *now: seen.append(now)) == FILM
    assert seen[-1] == (len(FILM), len(FILM))


@pytest.mark.parametrize(
    "etags",
    [
        [""],  # none
        ['W/"a"'],  # a weak one does not name the bytes
        ['"a"', '"b"'],  # the file changed, the server says so by 200
    ],
)
def test_without_the_same_strong_etag_a_broken_download_starts_again(
    etags: list[str], client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = ranged(http_server, "/film", breaks=1, etags=etags)
    assert fetch(client, url, scratch) == FILM
    assert http_server.received[-1].headers.get("Range") in (None, f"bytes={len(FILM) // 2}-")


@pytest.mark.parametrize(
    "lie",
    [
        {"Content-Range": "bytes 5-9/10", "ETag": '"a"'},  # another part
        {"Content-Range": f"bytes {len(FILM) // 2}-", "ETag": '"b"'},  # of another file
        {"ETag": '"a"'},  # no word about which part
    ],
)
def test_a_part_that_does_not_fit_is_not_glued_on(
    lie: dict[str, str], client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = ranged(http_server, "/film", breaks=1, etags=['"a"'])
    honest = http_server.answers["/film"]

    def answer(request: BaseHTTPRequestHandler) -> None:
        if "Range" not in request.headers:
            return honest(request)
        request.send_response(206)
        for name, value in lie.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "4")
        request.end_headers()
        request.wfile.write(b"evil")
        return None

    http_server.answers["/film"] = answer
    assert fetch(client, url, scratch) == FILM


def test_a_connection_that_always_breaks_at_the_same_place_is_given_up(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = ranged(http_server, "/film", breaks=99, etags=[""])
    with pytest.raises(InputError, match="broke") as caught:
        fetch(client, url, scratch)
    assert caught.value.code == "source_timeout"
    assert caught.value.retryable
    assert len(http_server.received) == 5


@pytest.mark.parametrize(
    ("status", "code", "retryable", "requests"),
    [
        (404, "source_not_found", False, 1),
        (410, "source_not_found", False, 1),
        (401, "source_forbidden", False, 1),
        (403, "source_forbidden", False, 1),
        (400, "source_forbidden", False, 1),
        (204, "source_forbidden", False, 1),
        (304, "source_forbidden", False, 1),
        (206, "source_forbidden", False, 1),
        (429, "source_timeout", True, 5),
        (500, "source_timeout", True, 5),
        (503, "source_timeout", True, 5),
    ],
)
def test_each_status_has_its_error(
    status: int,
    code: str,
    retryable: bool,
    requests: int,
    client: GuardedClient,
    http_server: HttpServer,
    scratch: Path,
) -> None:
    url = http_server.status("/film", status) + "?X-Amz-Signature=hunter2"
    with pytest.raises(InputError, match=str(status)) as caught:
        fetch(client, url, scratch)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert len(http_server.received) == requests
    assert caught.value.subject == http_server.url + "/film"
    assert "hunter2" not in caught.value.message + caught.value.subject


def test_a_server_that_recovers_is_asked_again(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = http_server.serve("/film", FILM)
    well = http_server.answers["/film"]
    http_server.status("/film", 503)
    ill = http_server.answers["/film"]

    def answer(request: BaseHTTPRequestHandler) -> None:
        (ill if len(http_server.received) < 3 else well)(request)

    http_server.answers["/film"] = answer
    assert fetch(client, url, scratch) == FILM


def test_a_length_beyond_the_limit_is_refused_before_the_body(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = http_server.serve("/film", FILM)
    with pytest.raises(InputError, match="1000 bytes") as caught:
        fetch(client, url, scratch, max_bytes=1000)
    assert caught.value.code == "source_too_large"
    assert fetch(client, url, scratch, max_bytes=len(FILM)) == FILM


def test_an_endless_body_is_cut_off_at_the_limit(
    client: GuardedClient, http_server: HttpServer, scratch: Path
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
        assert ended.wait(5)


def test_a_compressed_answer_is_no_film(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = http_server.serve("/film", b"x", content_encoding="gzip")
    with pytest.raises(InputError, match="compressed") as caught:
        fetch(client, url, scratch)
    assert caught.value.code == "source_corrupt"
    assert http_server.received[0].headers["Accept-Encoding"] == "identity"


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


@pytest.mark.parametrize("drip", SLOW)
def test_a_source_that_drips_is_given_up(
    drip: Any, hasty: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = slowly(http_server, drip)
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        fetch(hasty, url, scratch)
    assert time.monotonic() - began < 4
    assert caught.value.code == "source_timeout"
    assert caught.value.retryable


@pytest.mark.parametrize("drip", SLOW)
def test_a_cancel_does_not_wait_for_a_source_that_drips(
    drip: Any, client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = slowly(http_server, drip)
    began = time.monotonic()

    def moved(_bytes: int, _total: int | None) -> None:
        if time.monotonic() - began > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(client, url, scratch, moved=moved)
    assert time.monotonic() - began < 1


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
    hasty: GuardedClient, http_server: HttpServer, scratch: Path
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
    settings: MakeSettings, http_server: HttpServer, scratch: Path
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


def test_three_redirects_are_followed_and_not_four(
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    http_server.serve("/film", FILM)
    for step, status in enumerate((301, 302, 303, 307), start=1):
        http_server.status(f"/{step}", status, location=f"/{step - 1}" if step > 1 else "film")
    assert fetch(client, http_server.url + "/3", scratch) == FILM
    with pytest.raises(InputError, match="3 redirects") as caught:
        client.fetch_small(http_server.url + "/4", max_bytes=10 << 20, timeout_s=5)
    assert caught.value.code == "source_forbidden"


def test_the_body_of_a_redirect_is_not_read(
    client: GuardedClient, http_server: HttpServer, scratch: Path
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
    client: GuardedClient, http_server: HttpServer, scratch: Path
) -> None:
    url = http_server.status("/film", 302, location="/film")
    with pytest.raises(InputError, match="3 redirects"):
        fetch(client, url, scratch)
    assert len(http_server.received) == 4


def test_credentials_stay_at_their_origin(
    settings: MakeSettings, http_server: HttpServer, scratch: Path
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
    client: GuardedClient, http_server: HttpServer, scratch: Path
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


def test_a_certificate_nobody_vouches_for_is_refused(
    settings: MakeSettings, scratch: Path, names: Any, tls_server: tuple[int, list[str | None]]
) -> None:
    port, asked_for = tls_server
    client = GuardedClient(
        settings(allow_addresses=(f"127.0.0.1:{port}",)),
        resolver=names({"media.test": ["127.0.0.1"]}),
    )
    with pytest.raises(InputError, match="certificate") as caught:
        fetch(client, f"https://media.test:{port}/film", scratch)
    assert caught.value.code == "source_forbidden"
    assert asked_for == ["media.test"]  # the name, not the address, is what TLS checks


def test_an_unknown_host_is_not_found_and_a_closed_port_is_tried_again(
    settings: MakeSettings, scratch: Path, names: Any, http_server: HttpServer
) -> None:
    client = GuardedClient(settings(allow_addresses=("127.0.0.1",)), resolver=names({}))
    with pytest.raises(InputError, match=r"no host nowhere\.test") as caught:
        fetch(client, "http://nowhere.test/film", scratch)
    assert (caught.value.code, caught.value.retryable) == ("source_not_found", False)
    with http_server_on() as gone:
        pass
    with pytest.raises(InputError) as caught:
        fetch(client, gone.url + "/film", scratch)
    assert (caught.value.code, caught.value.retryable) == ("source_timeout", True)


def test_a_full_disk_is_seen_before_the_download(
    client: GuardedClient,
    http_server: HttpServer,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage(scratch)._replace(free=len(FILM) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ResourceError) as caught:
        fetch(client, http_server.serve("/film", FILM), scratch)
    assert caught.value.code == "disk_full"


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(
    client: GuardedClient,
    http_server: HttpServer,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "urandom", bytes)
    (scratch / ".source.00000000.part").symlink_to("/dev/full")
    with pytest.raises(ResourceError) as caught:
        fetch(client, http_server.serve("/film", FILM), scratch)
    assert caught.value.code == "disk_full"


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
    assert ended.wait(5)
    assert sent < 20 << 20  # what the kernel's buffers took


def test_a_header_with_a_line_break_is_refused(
    client: GuardedClient, http_server: HttpServer
) -> None:
    url = http_server.serve("/hook", b"")
    with pytest.raises(InputError):
        client.post(url, b"{}", {"X-A": "b\r\nX-C: d"}, timeout_s=5)
    assert http_server.received == []


def open_files() -> int:
    """How many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_fifty_transfers_leak_neither_descriptors_nor_threads(
    client: GuardedClient, http_server: HttpServer, tmp_path: Path
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


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, list[str | None]]]:
    """A TLS server with a certificate of its own; tells which names clients asked for."""
    certificate, key = _self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    asked_for: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with http_server_on(tls=context) as server:
        yield server.port, asked_for


def _self_signed(folder: Path) -> tuple[Path, Path]:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "media.test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("media.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(encoding))
    (folder / "key.pem").write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"
