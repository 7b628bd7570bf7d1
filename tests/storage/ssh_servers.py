"""SSH servers on loopback: OpenSSH's takes keys, asyncssh's takes passwords."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
from tests.processes import ended

from videngine.spec.private import Credential


@dataclass(frozen=True)
class SshServer:
    """A running server; ``user_key`` is a private key that lets ``user`` in."""

    port: int
    home: Path
    user: str
    user_key: str
    fingerprint: str
    host_line: str

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def place(self, path: str, **more: Any) -> dict[str, Any]:
        return {
            "type": "sftp",
            "endpoint": "127.0.0.1",
            "tcp_port": self.port,
            "path": path,
            "key": self.user,
            "private_key": self.user_key,
            "host_key": self.fingerprint,
            **more,
        }


@contextlib.contextmanager
def openssh(folder: Path) -> Iterator[SshServer]:
    """OpenSSH, as whoever runs the tests; it asks nobody's password."""
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])
    assert sshd, "script/setup --dev installs openssh-server"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # root's sshd wants an empty folder to sit in
    host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host.write_private_key(folder / "host")
    user.write_public_key(folder / "authorized")
    home = folder / "home"
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPasswordAuthentication no\n"
        "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
    )
    (folder / "host").chmod(0o600)
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "config"], stderr=log)
    try:
        _wait_for(port, running, folder / "log")
        yield _described(port, home, getpass.getuser(), user, host)
    finally:
        running.terminate()
        ended(running)


def _wait_for(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        assert running.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


class _Users(asyncssh.SSHServer):
    def __init__(self) -> None:
        self.connections: list[asyncssh.SSHServerConnection] = []

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("me", "hunter2")


@contextlib.contextmanager
def asyncssh_server(folder: Path, *, files: Any = None, rsa: bool = False) -> Iterator[SshServer]:
    """A server of user ``me`` with password ``hunter2``; it shows the files below ``home`` only.

    ``files``: a class of asyncssh's that answers instead; ``rsa``: it has an RSA key besides.
    """
    home = folder / "home"
    home.mkdir(exist_ok=True)
    hosts = [asyncssh.generate_private_key("ssh-ed25519")]
    if rsa:
        hosts.append(asyncssh.generate_private_key("ssh-rsa", key_size=2048))
    loop, users = asyncio.new_event_loop(), _Users()

    def made(channel: Any) -> Any:
        return (files or asyncssh.SFTPServer)(channel, chroot=str(home).encode())

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=lambda: users, server_host_keys=hosts, sftp_factory=made
        )

    acceptor = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield _described(acceptor.get_port(), home, "me", hosts[0], hosts[-1])
    finally:

        async def close() -> None:
            acceptor.close()
            await acceptor.wait_closed()
            for connection in users.connections:
                connection.abort()
            await asyncio.gather(*(c.wait_closed() for c in users.connections))
            await asyncio.sleep(0.05)  # their sockets are closed a turn later

        asyncio.run_coroutine_threadsafe(close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def _described(
    port: int, home: Path, user: str, user_key: asyncssh.SSHKey, host: asyncssh.SSHKey
) -> SshServer:
    return SshServer(
        port=port,
        home=home,
        user=user,
        user_key=user_key.export_private_key().decode(),
        fingerprint=host.get_fingerprint(),
        host_line=f"[127.0.0.1]:{port} {host.export_public_key().decode()}",
    )


def revealed(place: Any) -> str:
    """All that prints of a place."""
    assert isinstance(place.key, Credential)
    return repr(place) + str(place.echo()) + str(place)
