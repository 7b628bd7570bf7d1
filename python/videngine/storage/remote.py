"""Servers that one logs in to, as source and sink; `ftp` and `sftp` speak the protocols.

Every socket goes to the one address that was checked.
"""

from __future__ import annotations

import contextlib
import logging
import os
import posixpath
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar
from urllib.parse import quote

from ssrfguard import SSRFGuardError, connect, resolve

from videngine.content_types import split_path
from videngine.errors import InputError, OutputError
from videngine.settings import Settings
from videngine.storage.addresses import AddressPolicy
from videngine.storage.base import Moved, Secret, StoredObject
from videngine.storage.partial import disk_full, partial_file
from videngine.storage.transfer import Transfer, TransferTooSlow, watch

log = logging.getLogger("videngine.storage")
T = TypeVar("T")

BLOCK_BYTES = 1 << 16
_CONNECT_TIMEOUT_S = 10
_TRIES = 3


class RemotePlace(Protocol):
    """A file or folder on a server, as `spec` describes it."""

    @property
    def kind(self) -> str:
        """``ftp`` or ``sftp``."""
        ...

    @property
    def scheme(self) -> str:
        """The scheme of its URL."""
        ...

    @property
    def host(self) -> str:
        """The server."""
        ...

    @property
    def port(self) -> int:
        """Its port."""
        ...

    @property
    def key(self) -> Secret | None:
        """The user."""
        ...

    @property
    def secret(self) -> Secret | None:
        """The password."""
        ...

    @property
    def path(self) -> str:
        """The path of a file or folder."""
        ...


class Refused(Exception):
    """The server said no. The message is ours: it holds nothing that a stranger wrote.

    Args:
        message: for the user.
        missing: whether it is because there is no such file.
    """

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.missing = missing


class Session(Protocol):
    """One login. Methods raise `Refused`, and `OSError` or `EOFError` when the connection broke."""

    def size(self, path: str) -> int | None:
        """Bytes of a file; None if the server does not tell."""
        ...

    def read(self, path: str, *, offset: int, take: Callable[[bytes], None]) -> None:
        """Give all bytes of a file from ``offset`` on to ``take``."""
        ...

    def write(self, path: str, source: BinaryIO, *, sent: Callable[[int], None]) -> None:
        """Make a file of what ``source`` holds; ``sent`` is told the size of each block."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, replacing what has it."""
        ...

    def make_folder(self, path: str) -> None:
        """Make a folder, whose parent is there."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file."""
        ...

    def cut(self) -> None:
        """End it from any thread: blocked calls fail at once."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Reach:
    """Opens sockets to the servers that may be reached.

    Args:
        settings: what may be reached.
        anywhere: allow all addresses, for the command line.
    """

    def __init__(self, settings: Settings, *, anywhere: bool) -> None:
        self.settings = settings
        self.anywhere = anywhere
        self._addresses = AddressPolicy(settings.allow_addresses, anywhere=anywhere)

    def connect(self, place: RemotePlace) -> socket.socket:
        """A socket to the one address of the server that was checked.

        Raises:
            ssrfguard.SSRFGuardError: no address of the host may be reached.
            OSError: there is no connection.
        """
        policy = self._addresses.for_origin(place.kind, place.host, place.port)
        literal = f"[{place.host}]" if ":" in place.host else place.host
        target = policy.check_url(f"http://{literal}:{place.port}/")  # names are judged as for http
        opened = connect(resolve(target, policy=policy), policy=policy, timeout=_CONNECT_TIMEOUT_S)
        opened.settimeout(self.settings.stall_timeout_s)
        return opened


Login = Callable[[Reach], Session]
"""Connects and logs in to one server."""


class _Server:
    """Runs one piece of work in a session of its own, watched."""

    def __init__(self, place: RemotePlace, login: Login, *, reach: Reach, side: str) -> None:
        self._place = place
        self._login = login
        self._reach = reach
        self._side = side

    def run(self, work: Callable[[Session, Transfer], T], moved: Moved) -> T:
        """Do ``work``; its errors are those of a source or a destination."""
        sessions: list[Session] = []

        def inside(transfer: Transfer) -> T:
            session = self._login(self._reach)
            sessions.append(session)
            with contextlib.closing(session):
                return work(session, transfer)

        def cut() -> None:
            for session in sessions:
                session.cut()

        settings = self._reach.settings
        with self._translated():
            return watch(
                inside,
                cut=cut,
                moved=moved,
                total_s=settings.transfer_timeout_s,
                stall_s=settings.stall_timeout_s,
            )

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors in the words of the API."""
        host = self._place.host
        try:
            yield
        except SSRFGuardError as error:
            log.info("did not connect to %s: %s", host, getattr(error, "reason", error))
            message = (
                f"{host} is not an address that this server may reach; its operator can open it "
                "with VIDENGINE_ALLOW_ADDRESSES."
            )
            raise self._error("forbidden", message) from None
        except Refused as no:
            what = "not_found" if no.missing and self._side == "source" else "forbidden"
            raise self._error(what, no.message) from None
        except TransferTooSlow as slow:
            message = f"The transfer with {host} was given up: {slow}."
            raise self._error("timeout", message, retryable=True) from None
        except (EOFError, TimeoutError, ConnectionError, socket.gaierror):
            message = f"The connection to {host} broke or got no answer."
            raise self._error("timeout", message, retryable=True) from None

    def _error(self, what: str, message: str, *, retryable: bool = False) -> Exception:
        kind = InputError if self._side == "source" else OutputError
        return kind(f"{self._side}_{what}", message, subject=self._place.host, retryable=retryable)


class RemoteSource:
    """One file.

    Args:
        place: the file and the way to it.
        login: opens sessions.
        reach: limits and what may be reached.
    """

    def __init__(self, place: RemotePlace, login: Login, *, reach: Reach) -> None:
        self._place = place
        self._settings = reach.settings
        self._server = _Server(place, login, reach=reach, side="source")

    def fetch(self, scratch: Path, moved: Moved) -> Path:
        """Download to ``scratch``, going on where a connection broke; see `Source.fetch`."""
        target = scratch / "source"
        with partial_file(target) as partial:
            partial.touch()
            for left in reversed(range(_TRIES)):
                before = partial.stat().st_size
                try:
                    self._server.run(lambda s, t: self._read(s, t, partial), moved)
                    break
                except InputError as error:
                    if not error.retryable or not (left and partial.stat().st_size > before):
                        raise
        return target

    def _read(self, session: Session, transfer: Transfer, partial: Path) -> None:
        limit = self._settings.max_source_bytes
        offset = partial.stat().st_size
        size = session.size(self._place.path)
        if size is not None and size > limit:
            raise self._too_large()
        if size is not None and size - offset > shutil.disk_usage(partial.parent).free:
            raise disk_full(partial)
        transfer.total_bytes = size
        transfer.add(offset)
        with partial.open("ab") as out:

            def take(block: bytes) -> None:
                out.write(block)
                transfer.add(len(block))
                if transfer.bytes_moved > limit:
                    raise self._too_large()

            session.read(self._place.path, offset=offset, take=take)
        if size is not None and partial.stat().st_size != size:
            raise EOFError

    def _too_large(self) -> InputError:
        limit = self._settings.max_source_bytes
        message = f"The file is larger than the limit of {limit} bytes."
        return InputError("source_too_large", message, subject=self._place.host)


class RemoteSink:
    """A folder; a file has its name once it is whole: it goes up under another and is renamed.

    Args:
        place: folder and the way to it.
        login: opens sessions.
        reach: limits and what may be reached.
    """

    def __init__(self, place: RemotePlace, login: Login, *, reach: Reach) -> None:
        self.warnings: list[dict[str, str]] = []
        self.at_once = 1
        self._place = place
        self._folder, _ = split_path(place.path)
        self._server = _Server(place, login, reach=reach, side="destination")

    def put(self, local: Path, key: str, *, content_type: str, moved: Moved) -> StoredObject:
        """Upload one file; see `Sink.put`."""
        path = self._folder + key
        size = local.stat().st_size

        def work(session: Session, transfer: Transfer) -> None:
            transfer.total_bytes = size
            folder, name = posixpath.split(path)
            _make_folders(session, folder)
            partial = posixpath.join(folder, f".{name}.{os.urandom(4).hex()}.part")
            try:
                with local.open("rb") as source:
                    session.write(partial, source, sent=transfer.add)
                session.rename(partial, path)
            except BaseException:
                with contextlib.suppress(Refused, OSError, EOFError):
                    session.delete(partial)
                raise

        self._server.run(work, moved)
        host = f"[{self._place.host}]" if ":" in self._place.host else self._place.host
        url = f"{self._place.scheme}://{host}:{self._place.port}/{quote(path.lstrip('/'))}"
        return StoredObject(key=key, size_bytes=size, content_type=content_type, url=url)

    def delete(self, key: str) -> None:
        """Remove one file; see `Sink.delete`."""

        def work(session: Session, _: Transfer) -> None:
            with contextlib.suppress(Refused):
                session.delete(self._folder + key)

        self._server.run(work, lambda _done, _total: None)


def _make_folders(session: Session, folder: str) -> None:
    """Make what is missing of a folder; that it is there, the upload will tell."""
    made = "/" if folder.startswith("/") else ""
    for part in filter(None, folder.split("/")):
        made = posixpath.join(made, part)
        with contextlib.suppress(Refused):
            session.make_folder(made)
