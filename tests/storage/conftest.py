"""A network that is watched: no test of this folder sends a packet beyond loopback."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from servers import HttpServer, S3Server
from videngine.settings import Settings
from videngine.storage.base import Moved
from videngine.storage.guard import GuardedClient
from wire import Wire, wire_to


@dataclass
class Watch:
    """What sockets were told to reach, and names that were looked up."""

    connects: list[tuple[str, int]] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)

    def reaching(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """A method of sockets whose last argument is an address."""

        def watched(*args: Any) -> Any:
            address = args[-1]
            if isinstance(address, tuple):
                self.connects.append((str(address[0]), int(address[1])))
                if not ipaddress.ip_address(str(address[0]).split("%")[0]).is_loopback:
                    raise AssertionError(f"a test sent a packet to {address}")
            return call(*args)

        return watched

    def looking_up(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose first argument is a host."""

        def watched(host: Any, *args: Any, **more: Any) -> Any:
            if isinstance(host, str) and host != "localhost" and not _is_number(host):
                self.lookups.append(host)
                raise AssertionError(f"a test looked up {host}")
            return call(host, *args, **more)

        return watched


def _is_number(host: str) -> bool:
    try:
        return bool(socket.inet_aton(host))
    except OSError:
        return ":" in host


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The connections of the test so far.

    An audit hook of Python would see the same, but cannot be taken away again; and where there is
    one, Python before 3.12 now and then cannot start a thread that coverage traces.
    """
    watch = Watch()
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, watch.reaching(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", watch.looking_up(socket.getaddrinfo))
    return watch


class Names:
    """A resolver: ``names`` first, then numbers as the platform reads them; all else is unknown."""

    def __init__(self, known: Mapping[str, list[str] | Callable[[], list[str]]]) -> None:
        self.known = known
        self.asked: list[str] = []

    def __call__(
        self, host: str, port: int, family: int = 0, kind: int = 0, proto: int = 0, flags: int = 0
    ) -> list[Any]:
        self.asked.append(host)
        answer = self.known.get(host.rstrip("."), [host])
        addresses = answer() if callable(answer) else answer
        if addresses == [host] and not _is_number(host) and host.lower().rstrip(".") != "localhost":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            info
            for address in addresses
            for info in socket.getaddrinfo(
                "127.0.0.1" if address.lower().rstrip(".") == "localhost" else address,
                port,
                family,
                kind,
                proto,
                flags | socket.AI_NUMERICHOST,
            )
        ]


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings with a state of their own and short times."""

    def make(**fields: Any) -> Settings:
        return Settings(
            **{"state_dir": tmp_path / "state", "stall_timeout_s": 60, "public_url": "", **fields}
        )

    return make


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A job's folder."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def names() -> type[Names]:
    """Makes resolvers."""
    return Names


@pytest.fixture
def ignore() -> Moved:
    """Progress that nobody looks at."""
    return lambda _bytes, _total: None


@pytest.fixture(scope="module")
def bucket(s3_server: S3Server) -> str:
    """A bucket for this file."""
    return s3_server.make_bucket()


@pytest.fixture
def opened(settings: Callable[..., Settings], s3_server: S3Server) -> Settings:
    """Settings that let the store be reached."""
    return settings(allow_addresses=(s3_server.address,))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of several parts, no two of which are alike."""
    path = tmp_path_factory.mktemp("large") / "film.mp4"
    path.write_bytes(os.urandom(20 << 20))
    return path


@pytest.fixture
def small(scratch: Path) -> Path:
    """A file of one part."""
    path = scratch / "small.mp4"
    path.write_bytes(b"film" * 1000)
    return path


@pytest.fixture
def wire(s3_server: S3Server) -> Iterator[Wire]:
    """A wire to the store."""
    with wire_to(int(s3_server.endpoint.rpartition(":")[2])) as wire:
        yield wire


@pytest.fixture
def client(settings: Callable[..., Settings], http_server: HttpServer) -> GuardedClient:
    """A client that may reach the server."""
    return GuardedClient(settings(allow_addresses=(http_server.address,)))


@pytest.fixture
def fetch() -> Callable[..., bytes]:
    """Downloads and reads; checks that failures leave nothing behind."""

    def run(client: GuardedClient, url: str, folder: Path, **more: Any) -> bytes:
        moved = more.pop("moved", lambda *_: None)
        try:
            client.download(url, folder / "source", moved=moved, **{"max_bytes": 10 << 20, **more})
        except BaseException:
            assert list(folder.iterdir()) == []
            raise
        assert [f.name for f in folder.iterdir()] == ["source"]
        return (folder / "source").read_bytes()

    return run
