"""Downloads: whole, taken up again, or gone without a trace."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from servers import HttpServer, http_server_on
from videngine.errors import InputError, ResourceError
from videngine.settings import Settings
from videngine.storage import download
from videngine.storage.guard import GuardedClient

MakeSettings = Callable[..., Settings]
Fetch = Callable[..., bytes]
FILM = bytes(os.urandom(1 << 20))


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_PAUSE_S", 0.01)


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
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
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
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    url = ranged(http_server, "/film", breaks=7, etags=['"a"'])
    assert fetch(client, url, scratch) == FILM
    offsets = starts(http_server)
    assert offsets[0] == 0
    assert offsets[1] == len(FILM) // 2
    assert offsets == sorted(set(offsets))
    assert len(offsets) == 8


def test_progress_counts_no_byte_twice(
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
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
    etags: list[str], client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
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
    lie: dict[str, str], client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
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
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
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
    fetch: Fetch,
) -> None:
    url = http_server.status("/film", status) + "?X-Amz-Signature=hunter2"
    with pytest.raises(InputError, match=str(status)) as caught:
        fetch(client, url, scratch)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert len(http_server.received) == requests
    assert caught.value.subject == http_server.url + "/film"
    assert "hunter2" not in caught.value.message + caught.value.subject


def test_a_server_that_recovers_is_asked_again(
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
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
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    url = http_server.serve("/film", FILM)
    with pytest.raises(InputError, match="1000 bytes") as caught:
        fetch(client, url, scratch, max_bytes=1000)
    assert caught.value.code == "source_too_large"
    assert fetch(client, url, scratch, max_bytes=len(FILM)) == FILM


def test_a_compressed_answer_is_no_film(
    client: GuardedClient, http_server: HttpServer, scratch: Path, fetch: Fetch
) -> None:
    url = http_server.serve("/film", b"x", content_encoding="gzip")
    with pytest.raises(InputError, match="compressed") as caught:
        fetch(client, url, scratch)
    assert caught.value.code == "source_corrupt"
    assert http_server.received[0].headers["Accept-Encoding"] == "identity"


def test_an_unknown_host_is_not_found_and_a_closed_port_is_tried_again(
    settings: MakeSettings, scratch: Path, names: Any, http_server: HttpServer, fetch: Fetch
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
    fetch: Fetch,
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
    fetch: Fetch,
) -> None:
    monkeypatch.setattr(os, "urandom", bytes)
    (scratch / ".source.00000000.part").symlink_to("/dev/full")
    with pytest.raises(ResourceError) as caught:
        fetch(client, http_server.serve("/film", FILM), scratch)
    assert caught.value.code == "disk_full"
