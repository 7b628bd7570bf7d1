"""FTP, plain or with TLS: the sessions of `remote`."""

from __future__ import annotations

import contextlib
import ftplib
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from videngine.storage.remote import BLOCK_BYTES, Reach, Refused, RemotePlace, Session

log = logging.getLogger("videngine.storage")

_IMPLICIT_TLS_PORT = 990
_REFUSED_LOGIN = ("430", "530", "532")


class FtpPlace(RemotePlace, Protocol):
    """A file or folder on an FTP server, as `spec` describes it."""

    @property
    def tls(self) -> bool:
        """Whether to use TLS."""
        ...

    @property
    def is_passive(self) -> bool | None:
        """False: the server connects back."""
        ...


def log_in(place: FtpPlace, reach: Reach) -> Session:
    """Connect and log in to an FTP server; see `remote.Login`."""
    with _answers(place.host):
        return _Session(_Control(place, reach))


class _Control(ftplib.FTP_TLS):
    """One login. Data goes between this machine and the control connection's peer, nobody else.

    `ftplib` does not follow the address in a server's answer to PASV
    (``trust_server_pasv_ipv4_address`` is False); in active mode whoever connects is looked at.
    """

    def __init__(self, place: FtpPlace, reach: Reach) -> None:
        settings = reach.settings
        context = ssl.create_default_context(
            cafile=str(settings.ca_bundle) if settings.ca_bundle else None
        )
        super().__init__(timeout=settings.stall_timeout_s, context=context)
        self.data: socket.socket | None = None
        self._tls = place.tls
        self.host, self.port = place.host, place.port
        self.sock = reach.connect(place)
        try:
            self._log_in(place)
        except BaseException:
            self.close()
            raise

    def _log_in(self, place: FtpPlace) -> None:
        assert self.sock is not None
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


class _Session:
    """What `remote.Session` asks for, in commands of FTP."""

    def __init__(self, control: _Control) -> None:
        self._control = control
        self._host = control.host
        self.cut = control.cut
        self.close = control.close

    def size(self, path: str) -> int | None:
        with _answers(self._host):
            return self._control.size(path)

    def read(self, path: str, *, offset: int, take: Callable[[bytes], None]) -> None:
        with _answers(self._host):
            self._control.retrbinary(f"RETR {path}", take, BLOCK_BYTES, rest=offset or None)

    def write(self, path: str, source: BinaryIO, *, sent: Callable[[int], None]) -> None:
        with _answers(self._host):
            self._control.storbinary(
                f"STOR {path}", source, BLOCK_BYTES, callback=lambda block: sent(len(block))
            )

    def rename(self, old: str, new: str) -> None:
        with _answers(self._host):
            try:
                self._control.rename(old, new)
            except ftplib.error_perm:  # some servers replace nothing
                with contextlib.suppress(ftplib.error_perm):
                    self._control.delete(new)
                self._control.rename(old, new)

    def make_folder(self, path: str) -> None:
        with _answers(self._host):
            self._control.mkd(path)

    def delete(self, path: str) -> None:
        with _answers(self._host):
            self._control.delete(path)


@contextlib.contextmanager
def _answers(host: str) -> Iterator[None]:
    """Errors as `Session` has them, without what a stranger could learn from their text."""
    try:
        yield
    except ssl.SSLCertVerificationError:
        raise Refused(f"{host} has no certificate that this server trusts.") from None
    except ftplib.error_perm as error:
        code = str(error)[:3]
        log.info("FTP at %s answered %s", host, code)
        if code in _REFUSED_LOGIN:
            raise Refused(f"{host} refused user or password.") from None
        message = f"{host} refused the transfer or has no such file ({code})."
        raise Refused(message, missing=code == "550") from None
    except (ftplib.Error, ssl.SSLError):
        raise ConnectionError from None
