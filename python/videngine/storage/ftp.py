"""FTP servers as source and sink: every socket goes to the one address that was checked."""

from __future__ import annotations

import contextlib
import ftplib
import logging
import os
import posixpath
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar
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

_CONNECT_TIMEOUT_S = 10
_BLOCK_BYTES = 1 << 16
_TRIES = 3
_IMPLICIT_TLS_PORT = 990
_BROKEN = (
    EOFError, ftplib.Error, TimeoutError, ConnectionError, socket.gaierror, ssl.SSLError,
)  # fmt: skip


class FtpPlace(Protocol):
    """A file or folder on an FTP server, as `spec` describes it."""

    @property
    def kind(self) -> str:
        """``ftp``."""
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
    def tls(self) -> bool:
        """Whether to use TLS."""
        ...

    @property
    def is_passive(self) -> bool | None:
        """False: the server connects back."""
        ...

    @property
    def key(self) -> Secret | None:
        """The user; None: anonymous."""
        ...

    @property
    def secret(self) -> Secret | None:
        """The password."""
        ...

    @property
    def path(self) -> str:
        """The path of a file or folder."""
        ...


class _Session(ftplib.FTP_TLS):
    """One login. Data goes between this machine and the control connection's peer, nobody else.

    `ftplib` does not follow the address in a server's answer to PASV
    (``trust_server_pasv_ipv4_address`` is False); in active mode whoever connects is looked at.
    """

    def __init__(self, place: FtpPlace, *, settings: Settings, anywhere: bool) -> None:
        context = ssl.create_default_context(
            cafile=str(settings.ca_bundle) if settings.ca_bundle else None
        )
        super().__init__(timeout=settings.stall_timeout_s, context=context)
        self.data: socket.socket | None = None
        self._tls = place.tls
        self.host, self.port = place.host, place.port
        self.sock = self._connected(AddressPolicy(settings.allow_addresses, anywhere=anywhere))
        try:
            self._log_in(place, settings)
        except BaseException:
            self.close()
            raise

    def _log_in(self, place: FtpPlace, settings: Settings) -> None:
        assert self.sock is not None
        self.sock.settimeout(settings.stall_timeout_s)
        self.af = self.sock.family
        implicit = place.tls and place.port == _IMPLICIT_TLS_PORT
        if implicit:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        if place.tls and not implicit:
            self.auth()
        user = place.key.get_secret_value() if place.key else "anonymous"
        password = place.secret.get_secret_value() if place.secret else ""
        # Not FTP_TLS.login: what is to be encrypted is decided here.
        ftplib.FTP.login(self, user, password)  # noqa: S321  the user asked for this protocol
        if place.tls:
            self.prot_p()
        self.set_pasv(place.is_passive is not False)
        self.voidcmd("TYPE I")

    def _connected(self, addresses: AddressPolicy) -> socket.socket:
        policy = addresses.for_origin("ftp", self.host, self.port)
        literal = f"[{self.host}]" if ":" in self.host else self.host
        target = policy.check_url(f"http://{literal}:{self.port}/")  # names are judged as for http
        found = resolve(target, policy=policy)
        return connect(found, policy=policy, timeout=_CONNECT_TIMEOUT_S)

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        """Open a data connection, encrypted if the session is."""
        opened, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321  as above
        assert self.sock is not None
        if opened.getpeername()[0] != self.sock.getpeername()[0]:
            opened.close()
            raise ftplib.error_proto("a stranger came")  # noqa: S321  as above
        if self._tls:
            opened = self.context.wrap_socket(opened, server_hostname=self.host)
        self.data = opened
        return opened, size

    def cut(self) -> None:
        """End it from any thread: blocked calls fail at once."""
        for handle in (self.data, self.sock):
            if handle is not None:
                with contextlib.suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)


class _Server:
    """Runs one piece of work in a session of its own, watched."""

    def __init__(self, place: FtpPlace, *, settings: Settings, anywhere: bool, side: str) -> None:
        self._place = place
        self._settings = settings
        self._anywhere = anywhere
        self._side = side

    def run(self, work: Callable[[_Session, Transfer], T], moved: Moved) -> T:
        """Do ``work``; its errors are those of a source or a destination."""
        sessions: list[_Session] = []

        def inside(transfer: Transfer) -> T:
            session = _Session(self._place, settings=self._settings, anywhere=self._anywhere)
            sessions.append(session)
            with contextlib.closing(session):
                return work(session, transfer)

        def cut() -> None:
            for session in sessions:
                session.cut()

        with self._translated():
            return watch(
                inside,
                cut=cut,
                moved=moved,
                total_s=self._settings.transfer_timeout_s,
                stall_s=self._settings.stall_timeout_s,
            )

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors in the words of the API, without what a stranger could learn from their text."""
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
        except ssl.SSLCertVerificationError:
            message = f"{host} has no certificate that this server trusts."
            raise self._error("forbidden", message) from None
        except ftplib.error_perm as error:
            code = str(error)[:3]
            log.info("FTP at %s answered %s", host, code)
            if code in ("530", "532", "430"):
                raise self._error("forbidden", f"{host} refused user or password.") from None
            if code == "550" and self._side == "source":
                raise self._error("not_found", f"{host} has no such file to read.") from None
            raise self._error("forbidden", f"{host} refused the transfer ({code}).") from None
        except TransferTooSlow as slow:
            message = f"The transfer with {host} was given up: {slow}."
            raise self._error("timeout", message, retryable=True) from None
        except (
            EOFError,
            ftplib.Error,
            TimeoutError,
            ConnectionError,
            socket.gaierror,
            ssl.SSLError,
        ):
            message = f"The connection to {host} broke or got no answer."
            raise self._error("timeout", message, retryable=True) from None

    def _error(self, what: str, message: str, *, retryable: bool = False) -> Exception:
        kind = InputError if self._side == "source" else OutputError
        return kind(f"{self._side}_{what}", message, subject=self._place.host, retryable=retryable)


class FtpSource:
    """One file.

    Args:
        place: the file and the way to it.
        settings: limits and what may be reached.
        anywhere: allow all addresses, for the command line.
    """

    def __init__(self, place: FtpPlace, *, settings: Settings, anywhere: bool = False) -> None:
        self._place = place
        self._settings = settings
        self._server = _Server(place, settings=settings, anywhere=anywhere, side="source")

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

    def _read(self, session: _Session, transfer: Transfer, partial: Path) -> None:
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

            session.retrbinary(f"RETR {self._place.path}", take, _BLOCK_BYTES, rest=offset or None)
        if size is not None and partial.stat().st_size != size:
            raise EOFError

    def _too_large(self) -> InputError:
        limit = self._settings.max_source_bytes
        message = f"The file is larger than the limit of {limit} bytes."
        return InputError("source_too_large", message, subject=self._place.host)


class FtpSink:
    """A folder; a file has its name once it is whole: it goes up under another and is renamed.

    Args:
        place: folder and the way to it.
        settings: limits and what may be reached.
        anywhere: allow all addresses, for the command line.
    """

    def __init__(self, place: FtpPlace, *, settings: Settings, anywhere: bool = False) -> None:
        self.warnings: list[dict[str, str]] = []
        self._place = place
        self._folder, _ = split_path(place.path)
        self._server = _Server(place, settings=settings, anywhere=anywhere, side="destination")

    def put(self, local: Path, key: str, *, content_type: str, moved: Moved) -> StoredObject:
        """Upload one file; see `Sink.put`."""
        path = self._folder + key
        size = local.stat().st_size

        def work(session: _Session, transfer: Transfer) -> None:
            transfer.total_bytes = size
            _make_folders(session, posixpath.dirname(path))
            partial = posixpath.join(
                posixpath.dirname(path), f".{posixpath.basename(path)}.{os.urandom(4).hex()}.part"
            )
            try:
                with local.open("rb") as source:
                    session.storbinary(
                        f"STOR {partial}",
                        source,
                        _BLOCK_BYTES,
                        callback=lambda block: transfer.add(len(block)),
                    )
                _rename(session, partial, path)
            except BaseException:
                with contextlib.suppress(*ftplib.all_errors):
                    session.delete(partial)
                raise

        self._server.run(work, moved)
        scheme = "ftps" if self._place.tls else "ftp"
        url = f"{scheme}://{self._place.host}:{self._place.port}/{quote(path.lstrip('/'))}"
        return StoredObject(key=key, size_bytes=size, content_type=content_type, url=url)

    def delete(self, key: str) -> None:
        """Remove one file; see `Sink.delete`."""

        def work(session: _Session, _: Transfer) -> None:
            with contextlib.suppress(ftplib.error_perm):
                session.delete(self._folder + key)

        self._server.run(work, lambda _done, _total: None)


def _make_folders(session: _Session, folder: str) -> None:
    """Make what is missing of a folder; that it is there, the upload will tell."""
    made = "/" if folder.startswith("/") else ""
    for part in filter(None, folder.split("/")):
        made = posixpath.join(made, part)
        with contextlib.suppress(ftplib.error_perm):
            session.mkd(made)


def _rename(session: _Session, partial: str, path: str) -> None:
    try:
        session.rename(partial, path)
    except ftplib.error_perm:  # some servers replace nothing
        with contextlib.suppress(ftplib.error_perm):
            session.delete(path)
        session.rename(partial, path)
