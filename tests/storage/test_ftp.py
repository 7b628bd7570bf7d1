"""FTP, against a real server and against one that lies."""

from __future__ import annotations

import contextlib
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from certificates import self_signed
from videngine.errors import InputError, OutputError
from videngine.settings import Settings
from videngine.spec.destination import FtpDestination
from videngine.spec.source import FtpSource
from videngine.storage import Moved, open_sink, open_source

with warnings.catch_warnings():  # it is built on a module that Python 3.11 warns of
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

MakeSettings = Callable[..., Settings]


@dataclass
class Server:
    """A running server: user ``me``, password ``hunter2``, files below ``home``."""

    port: int
    home: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def place(self, path: str, **more: Any) -> dict[str, Any]:
        return {
            "type": "ftp",
            "endpoint": "127.0.0.1",
            "tcp_port": self.port,
            "path": path,
            "key": "me",
            "secret": "hunter2",
            **more,
        }


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "home", FTPHandler) as server:
        yield server


@contextlib.contextmanager
def running(home: Path, base: type, **more: Any) -> Iterator[Server]:
    home.mkdir()
    users = DummyAuthorizer()
    users.add_user("me", "hunter2", str(home), perm="elradfmw")
    handler = type("Handler", (base,), {"authorizer": users, "log_prefix": "", **more})
    serving = ThreadedFTPServer(("127.0.0.1", 0), handler)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            serving.serve_forever(timeout=0.05, blocking=False)
        serving.close_all()  # not from another thread: it would close what is being polled

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Server(serving.socket.getsockname()[1], home)
    finally:
        over.set()
        thread.join(10)


@pytest.fixture
def opened(settings: MakeSettings, server: Server) -> Settings:
    return settings(allow_addresses=(server.address,))


@pytest.mark.parametrize("passive", [True, False])
def test_a_file_goes_there_and_comes_back(
    server: Server, opened: Settings, large: Path, scratch: Path, ignore: Moved, passive: bool
) -> None:
    sink = open_sink(
        FtpDestination(**server.place("new/folder/", is_passive=passive)),
        job_id="j",
        settings=opened,
    )
    stored = sink.put(large, "deep/film.mp4", content_type="video/mp4", moved=ignore)
    assert (server.home / "new/folder/deep/film.mp4").read_bytes() == large.read_bytes()
    assert [p.name for p in (server.home / "new/folder/deep").iterdir()] == ["film.mp4"]
    assert stored.size_bytes == large.stat().st_size
    assert stored.url == f"ftp://{server.address}/new/folder/deep/film.mp4"
    source = FtpSource(**server.place("new/folder/deep/film.mp4", is_passive=passive))
    found = open_source(source, settings=opened).fetch(scratch, ignore)
    assert found.read_bytes() == large.read_bytes()
    sink.put(scratch / "source", "deep/film.mp4", content_type="video/mp4", moved=ignore)
    sink.delete("deep/film.mp4")
    sink.delete("deep/film.mp4")
    assert list((server.home / "new/folder/deep").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "wrong"}, "forbidden"),
        ({"key": None, "secret": None}, "forbidden"),
        ({"path": "missing.mp4"}, "not_found"),
    ],
)
def test_what_is_wrong_is_said_without_secrets(
    server: Server, opened: Settings, scratch: Path, ignore: Moved, change: Any, code: str
) -> None:
    source = FtpSource(**(server.place("a.mp4") | change))
    with pytest.raises(InputError) as caught:
        open_source(source, settings=opened).fetch(scratch, ignore)
    assert caught.value.code == f"source_{code}"
    assert not caught.value.retryable
    assert "hunter2" not in repr(caught.value) + caught.value.message
    assert list(scratch.iterdir()) == []


def test_a_file_larger_than_the_setting_is_refused(
    server: Server, opened: Settings, scratch: Path, ignore: Moved
) -> None:
    (server.home / "a.mp4").write_bytes(b"film")
    small = opened.model_copy(update={"max_source_bytes": 3})
    with pytest.raises(InputError) as caught:
        open_source(FtpSource(**server.place("a.mp4")), settings=small).fetch(scratch, ignore)
    assert caught.value.code == "source_too_large"


def test_addresses_that_are_not_open_are_not_reached(
    server: Server, settings: MakeSettings, scratch: Path, small: Path, ignore: Moved, network: Any
) -> None:
    for change in ({}, {"tcp_port": 21}):
        place = server.place("a.mp4", **change)
        with pytest.raises(InputError, match="VIDENGINE_ALLOW_ADDRESSES"):
            open_source(FtpSource(**place), settings=settings()).fetch(scratch, ignore)
        sink = open_sink(FtpDestination(**place), job_id="j", settings=settings())
        with pytest.raises(OutputError) as caught:
            sink.put(small, "a.mp4", content_type="video/mp4", moved=ignore)
        assert caught.value.code == "destination_forbidden"
    assert network.connects == []


@pytest.mark.parametrize("passive", [True, False])
def test_a_file_goes_there_over_tls_and_comes_back(
    tmp_path: Path,
    settings: MakeSettings,
    large: Path,
    scratch: Path,
    ignore: Moved,
    passive: bool,
) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    tls = {"certfile": str(certificate), "keyfile": str(key)}
    only = {"tls_control_required": True, "tls_data_required": True}
    with running(tmp_path / "home", TLS_FTPHandler, **tls, **only) as server:
        place = server.place("folder/", type="ftps", is_passive=passive)
        strangers = settings(allow_addresses=(server.address,))
        known = strangers.model_copy(update={"ca_bundle": certificate})
        sink = open_sink(FtpDestination(**place), job_id="j", settings=strangers)
        with pytest.raises(OutputError, match="certificate") as caught:
            sink.put(large, "film.mp4", content_type="video/mp4", moved=ignore)
        assert caught.value.code == "destination_forbidden"
        sink = open_sink(FtpDestination(**place), job_id="j", settings=known)
        stored = sink.put(large, "film.mp4", content_type="video/mp4", moved=ignore)
        assert stored.url == f"ftps://{server.address}/folder/film.mp4"
        assert (server.home / "folder/film.mp4").read_bytes() == large.read_bytes()
        source = FtpSource(**{**place, "type": "ftp", "use_tls": True, "path": "folder/film.mp4"})
        found = open_source(source, settings=known).fetch(scratch, ignore)
        assert found.read_bytes() == large.read_bytes()


def test_a_server_that_answers_no_tls_is_not_talked_to_without(
    server: Server, opened: Settings, scratch: Path, ignore: Moved
) -> None:
    (server.home / "a.mp4").write_bytes(b"film")
    source = FtpSource(**server.place("a.mp4", type="ftps"))
    with pytest.raises(InputError):
        open_source(source, settings=opened).fetch(scratch, ignore)
    assert list(scratch.iterdir()) == []


@contextlib.contextmanager
def liar(answers: dict[bytes, bytes]) -> Iterator[int]:
    """A server that answers commands as told, 200 to others."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection, connection.makefile("rb") as lines:
                    connection.sendall(b"220 hello\r\n")
                    for line in lines:
                        command = line.split()[0].upper()
                        connection.sendall(answers.get(command, b"200 fine") + b"\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
    thread.join(5)


def test_an_answer_that_sends_the_data_connection_elsewhere_is_not_followed(
    settings: MakeSettings, scratch: Path, ignore: Moved, network: Any
) -> None:
    # 127.0.0.1 is open; 127.0.0.9, where another service would be, must not be asked.
    answers = {b"USER": b"230 in", b"SIZE": b"213 4", b"PASV": b"227 (127,0,0,9,0,80)"}
    with liar(answers) as port:
        place = {"type": "ftp", "endpoint": "127.0.0.1", "tcp_port": port, "path": "a.mp4"}
        opened = settings(allow_addresses=(f"127.0.0.1:{port}",))
        with pytest.raises(InputError) as caught:
            open_source(FtpSource(**place), settings=opened).fetch(scratch, ignore)
    assert caught.value.code == "source_timeout"
    assert {host for host, _ in network.connects} == {"127.0.0.1"}
