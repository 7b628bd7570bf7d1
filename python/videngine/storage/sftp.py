"""SFTP: the sessions of `remote`, on servers whose key is known."""

from __future__ import annotations

import contextlib
import errno
import hmac
import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import paramiko
from paramiko.auth_handler import AuthOnlyHandler
from paramiko.transport import ServiceRequestingTransport

from videngine.settings import Settings
from videngine.storage.base import Secret
from videngine.storage.remote import BLOCK_BYTES, Reach, Refused, RemotePlace, Session

# What servers say stays out of the log; what matters of it is told by `Refused`.
_LOG_CHANNEL = "videngine.storage.ssh"
logging.getLogger(_LOG_CHANNEL).setLevel(logging.CRITICAL)

_BLOCKS_AHEAD = 128
"""Blocks that are asked for at a time: 8 MiB fill a line of 1 Gbit/s at 60 ms."""

_RSA = ("rsa-sha2-512", "rsa-sha2-256")


class _Authentication(AuthOnlyHandler):
    """Asks to be let in; sees every answer.

    paramiko's makes the event that an answer sets when it has asked already: a quick answer, then,
    is waited for until the time is over.
    """

    _answered: threading.Event | None = None

    @property
    def auth_event(self) -> threading.Event | None:
        return self._answered

    @auth_event.setter
    def auth_event(self, event: threading.Event | None) -> None:
        pass  # it was made before

    def send_auth_request(self, *args: Any, **how: Any) -> Any:
        self._answered = threading.Event()
        return super().send_auth_request(*args, **how)


class _Transport(ServiceRequestingTransport):
    """One that may ask twice to be let in."""

    def get_auth_handler(self) -> AuthOnlyHandler:
        return _Authentication(self)


class SftpPlace(RemotePlace, Protocol):
    """A file or folder on an SSH server, as `spec` describes it."""

    @property
    def private_key(self) -> Secret | None:
        """The user's key in PEM."""
        ...

    @property
    def host_key(self) -> str | None:
        """Fingerprint of the server's key, ``SHA256:...``; None: the operator knows it."""
        ...


def log_in(place: SftpPlace, reach: Reach) -> Session:
    """Connect and log in to an SSH server; see `remote.Login`.

    The server has shown its key before anything secret is sent.
    """
    handle = reach.connect(place)
    transport = None
    try:
        with _answers(place.host):
            transport = _Transport(handle)
            transport.set_log_channel(_LOG_CHANNEL)
            transport.auth_timeout = transport.channel_timeout = reach.settings.stall_timeout_s
            known = _known_keys(place, reach)
            if place.host_key is None and known:
                _prefer(transport, known)
            transport.start_client(timeout=reach.settings.stall_timeout_s)
            _check_host(place, transport.get_remote_server_key(), known)
            _authenticate(place, transport)
            files = paramiko.SFTPClient.from_transport(transport)
            assert files is not None
            channel = files.get_channel()
            assert channel is not None
            channel.settimeout(reach.settings.stall_timeout_s)
            return _Session(place.host, handle, transport, files)
    except BaseException:
        if transport is not None:
            transport.close()
        handle.close()
        raise


def _known_keys(place: SftpPlace, reach: Reach) -> dict[str, paramiko.PKey]:
    """The keys that the operator knows the server by, by type."""
    path = _known_hosts(reach.settings, anywhere=reach.anywhere)
    if path is None:
        return {}
    name = place.host if place.port == 22 else f"[{place.host}]:{place.port}"
    return dict(paramiko.HostKeys(str(path)).lookup(name) or {})


def _known_hosts(settings: Settings, *, anywhere: bool) -> Path | None:
    if settings.ssh_known_hosts:
        return settings.ssh_known_hosts
    own = Path("~/.ssh/known_hosts").expanduser()
    return own if anywhere and own.is_file() else None


def _prefer(transport: paramiko.Transport, known: dict[str, paramiko.PKey]) -> None:
    """Ask a server of several keys for one that is known."""
    options = transport.get_security_options()
    wanted = [name for kind in known for name in (_RSA if kind == "ssh-rsa" else (kind,))]
    first = [name for name in wanted if name in options.key_types]
    options.key_types = (*first, *(n for n in options.key_types if n not in first))


def _check_host(place: SftpPlace, key: paramiko.PKey, known: dict[str, paramiko.PKey]) -> None:
    if place.host_key is not None:
        if hmac.compare_digest(place.host_key, key.fingerprint):
            return
    elif key.get_name() in known and known[key.get_name()].asbytes() == key.asbytes():
        return
    elif not known:
        raise Refused(
            f"It is not known which key {place.host} has. It shows {key.fingerprint}: if that is "
            "right, give it as `host_key`, or the operator adds it to the known hosts."
        )
    raise Refused(
        f"{place.host} shows another key than it is known by, {key.fingerprint}: it has a new one, "
        "or somebody is in between."
    )


def _authenticate(place: SftpPlace, transport: paramiko.Transport) -> None:
    """With the private key, and with the password if the server wants (also) that."""
    user = place.key.get_secret_value() if place.key else ""
    refusal = Refused(f"{place.host} refused user, key or password.")
    try:
        if place.private_key:
            try:
                transport.auth_publickey(user, _private_key(place.private_key.get_secret_value()))
            except paramiko.AuthenticationException:
                if not place.secret:
                    raise
        if place.secret and not transport.is_authenticated():
            transport.auth_password(user, place.secret.get_secret_value())
    except paramiko.AuthenticationException:
        raise refusal from None
    if not transport.is_authenticated():
        raise refusal


def _private_key(text: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with contextlib.suppress(paramiko.SSHException, ValueError, TypeError, IndexError):
            return kind.from_private_key(io.StringIO(text))
    raise Refused("`private_key` cannot be read: Ed25519, ECDSA or RSA, without a passphrase.")


class _Session:
    """What `remote.Session` asks for, in requests of SFTP."""

    def __init__(
        self,
        host: str,
        handle: socket.socket,
        transport: paramiko.Transport,
        files: paramiko.SFTPClient,
    ) -> None:
        self._host = host
        self._handle = handle
        self._transport = transport
        self._files = files

    def size(self, path: str) -> int | None:
        with _answers(self._host):
            return self._files.stat(path).st_size

    def read(self, path: str, *, offset: int, take: Callable[[bytes], None]) -> None:
        with _answers(self._host):
            file = self._files.open(path, "rb")
        _ask_quietly(file)
        with contextlib.closing(file):
            while True:
                # Not `prefetch`, which lists every block of the file, whatever size it claims.
                wanted = [(offset + i * BLOCK_BYTES, BLOCK_BYTES) for i in range(_BLOCKS_AHEAD)]
                blocks = file.readv(wanted)
                for _ in wanted:
                    with _answers(self._host):
                        block = next(blocks)
                    if not block:
                        return
                    take(block)
                    offset += len(block)

    def write(self, path: str, source: BinaryIO, *, sent: Callable[[int], None]) -> None:
        with _answers(self._host):
            file = self._files.open(path, "wb")
        file.set_pipelined(True)
        with contextlib.closing(file):
            while block := source.read(BLOCK_BYTES):
                with _answers(self._host):
                    file.write(block)
                sent(len(block))
        with _answers(self._host):
            written = self._files.stat(path).st_size
        if written != source.tell():
            raise EOFError

    def rename(self, old: str, new: str) -> None:
        with _answers(self._host):
            try:
                self._files.posix_rename(old, new)
            except OSError as error:
                if _is_broken(error):
                    raise
                with contextlib.suppress(FileNotFoundError):  # not every server replaces
                    self._files.remove(new)
                self._files.rename(old, new)

    def make_folder(self, path: str) -> None:
        with _answers(self._host):
            self._files.mkdir(path)

    def delete(self, path: str) -> None:
        with _answers(self._host):
            self._files.remove(path)

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._transport.close()
        self._handle.close()


def _ask_quietly(file: paramiko.SFTPFile) -> None:
    """Let the thread with which `readv` asks for blocks end with its connection.

    Whoever reads the blocks is told of the broken connection; a thread's exception would only be
    printed.
    """
    ask = file._prefetch_thread  # type: ignore[attr-defined] # its types tell no internals

    def ask_while_connected(*blocks: object) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            ask(*blocks)

    file._prefetch_thread = ask_while_connected  # type: ignore[attr-defined]


def _is_broken(error: OSError) -> bool:
    """Whether it is the connection that failed: answers of the server have other classes."""
    return isinstance(error, TimeoutError | ConnectionError) or str(error) == "Socket is closed"


@contextlib.contextmanager
def _answers(host: str) -> Iterator[None]:
    """Errors as `Session` has them, without what a stranger could learn from their text."""
    try:
        yield
    except (paramiko.SSHException, paramiko.SFTPError):
        raise ConnectionError from None
    except OSError as error:
        if _is_broken(error):
            raise ConnectionError from None
        if error.errno == errno.ENOENT:
            raise Refused(f"{host} has no such file.", missing=True) from None
        raise Refused(f"{host} refused the transfer.") from None
