"""SFTP, against OpenSSH and against a server that takes passwords."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import paramiko
import pytest
from tests.storage.ssh_servers import SshServer, asyncssh_server, openssh

from videngine.errors import Cancelled, InputError, OutputError
from videngine.settings import Settings
from videngine.spec.destination import SftpDestination
from videngine.spec.source import SftpSource
from videngine.storage import Moved, open_sink, open_source
from wire import wire_to

MakeSettings = Callable[..., Settings]


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with openssh(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with asyncssh_server(tmp_path_factory.mktemp("asyncssh")) as server:
        yield server


def with_password(server: SshServer, path: str, **more: Any) -> dict[str, Any]:
    return server.place(path, **{"private_key": None, "secret": "hunter2", **more})


def test_a_file_goes_to_openssh_with_a_private_key_and_comes_back(
    sshd: SshServer, settings: MakeSettings, large: Path, scratch: Path, ignore: Moved
) -> None:
    opened = settings(allow_addresses=(sshd.address,))
    there_and_back(sshd, opened, f"{sshd.home}/new/folder/", sshd.place, large, scratch, ignore)


def test_a_file_goes_there_with_a_password_and_comes_back(
    server: SshServer, settings: MakeSettings, large: Path, scratch: Path, ignore: Moved
) -> None:
    def place(path: str) -> dict[str, Any]:
        return with_password(server, path)

    # The server runs in this process: on a busy machine it may stand still for a while.
    opened = settings(allow_addresses=(server.address,))
    there_and_back(server, opened, "new/folder/", place, large, scratch, ignore)


def there_and_back(
    server: SshServer,
    opened: Settings,
    folder: str,
    place: Callable[[str], dict[str, Any]],
    large: Path,
    scratch: Path,
    ignore: Moved,
) -> None:
    steps: list[int] = []
    sink = open_sink(SftpDestination(**place(folder)), job_id="j", settings=opened)
    stored = sink.put(
        large, "deep/film.mp4", content_type="video/mp4", moved=lambda n, _: steps.append(n)
    )
    there = server.home / "new/folder/deep"
    assert (there / "film.mp4").read_bytes() == large.read_bytes()
    assert [p.name for p in there.iterdir()] == ["film.mp4"]
    assert steps[-1] == stored.size_bytes == large.stat().st_size
    end = "/new/folder/deep/film.mp4"
    assert stored.url.startswith(f"sftp://{server.address}/")
    assert stored.url.endswith(end)
    source = SftpSource(**place(f"{folder}deep/film.mp4"))
    found = open_source(source, settings=opened).fetch(scratch, ignore)
    assert found.read_bytes() == large.read_bytes()
    sink.put(scratch / "source", "deep/film.mp4", content_type="video/mp4", moved=ignore)
    sink.delete("deep/film.mp4")
    sink.delete("deep/film.mp4")
    assert list(there.iterdir()) == []


OTHER_KEY = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"secret": "wrong"}, "forbidden", "refused user, key or password"),
        ({"secret": None, "private_key": OTHER_KEY}, "forbidden", "refused user, key or password"),
        ({"path": "missing.mp4"}, "not_found", "no such file"),
        ({"path": "/../../etc/passwd"}, "not_found", "no such file"),
        (
            {"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
            "forbidden",
            "cannot be read",
        ),
    ],
)
def test_what_is_wrong_is_said_without_secrets(
    server: SshServer,
    settings: MakeSettings,
    scratch: Path,
    ignore: Moved,
    caplog: pytest.LogCaptureFixture,
    change: Any,
    code: str,
    says: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    source = SftpSource(**(with_password(server, "a.mp4") | change))
    opened = settings(allow_addresses=(server.address,))
    with pytest.raises(InputError, match=says) as caught:
        open_source(source, settings=opened).fetch(scratch, ignore)
    assert caught.value.code == f"source_{code}"
    assert not caught.value.retryable
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("asyncssh")]
    told = repr(caught.value) + caught.value.message + "".join(ours)
    assert "hunter2" not in told
    assert "BEGIN" not in told
    assert list(scratch.iterdir()) == []


def test_a_password_opens_where_the_key_does_not(
    server: SshServer, settings: MakeSettings, scratch: Path, ignore: Moved
) -> None:
    (server.home / "both.mp4").write_bytes(b"film")
    source = SftpSource(**with_password(server, "both.mp4", private_key=OTHER_KEY))
    opened = settings(allow_addresses=(server.address,))
    found = open_source(source, settings=opened).fetch(scratch, ignore)
    assert found.read_bytes() == b"film"


class Overheard(asyncssh.SFTPServer):
    """Notes that somebody got as far as logging in."""

    logins = 0

    def __init__(self, *args: Any, **more: Any) -> None:
        type(self).logins += 1
        super().__init__(*args, **more)


def test_a_server_may_answer_before_anybody_waits_for_it(
    tmp_path: Path,
    settings: MakeSettings,
    scratch: Path,
    ignore: Moved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send = paramiko.Transport._send_message

    def send_and_linger(self: paramiko.Transport, message: paramiko.Message) -> None:
        send(self, message)
        time.sleep(0.2)

    monkeypatch.setattr(paramiko.Transport, "_send_message", send_and_linger)
    with asyncssh_server(tmp_path) as server:
        (server.home / "a.mp4").write_bytes(b"film")
        opened = settings(allow_addresses=(server.address,), stall_timeout_s=5)
        source = SftpSource(**with_password(server, "a.mp4"))
        assert open_source(source, settings=opened).fetch(scratch, ignore).read_bytes() == b"film"


def test_a_server_that_is_not_known_gets_no_password(
    tmp_path: Path, settings: MakeSettings, scratch: Path, ignore: Moved
) -> None:
    known = tmp_path / "known_hosts"
    with asyncssh_server(tmp_path, files=Overheard, rsa=True) as server:
        (server.home / "a.mp4").write_bytes(b"film")

        def fetch(host_key: str | None, line: str = "") -> bytes:
            known.write_text(line + "\n")
            opened = settings(allow_addresses=(server.address,), ssh_known_hosts=known)
            source = SftpSource(**with_password(server, "a.mp4", host_key=host_key))
            return open_source(source, settings=opened).fetch(scratch, ignore).read_bytes()

        other = asyncssh.generate_private_key("ssh-ed25519")
        wrong = f"[127.0.0.1]:{server.port} {other.export_public_key().decode()}"
        with pytest.raises(InputError, match="It shows SHA256:") as caught:
            fetch(None)
        assert caught.value.code == "source_forbidden"
        for host_key, line in ((other.get_fingerprint(), server.host_line), (None, wrong)):
            with pytest.raises(InputError, match="another key than it is known by"):
                fetch(host_key, line)
        assert Overheard.logins == 0
        # It has an Ed25519 key too, which would be asked for if the RSA key were not the known one.
        assert fetch(None, server.host_line) == b"film"
        assert Overheard.logins == 1


def test_addresses_that_are_not_open_are_not_reached(
    server: SshServer,
    settings: MakeSettings,
    scratch: Path,
    small: Path,
    ignore: Moved,
    network: Any,
) -> None:
    for change in ({}, {"tcp_port": 22}):
        place = with_password(server, "a.mp4", **change)
        with pytest.raises(InputError, match="VIDENGINE_ALLOW_ADDRESSES"):
            open_source(SftpSource(**place), settings=settings()).fetch(scratch, ignore)
        sink = open_sink(SftpDestination(**place), job_id="j", settings=settings())
        with pytest.raises(OutputError) as caught:
            sink.put(small, "a.mp4", content_type="video/mp4", moved=ignore)
        assert caught.value.code == "destination_forbidden"
    assert network.connects == []


class Huge(asyncssh.SFTPServer):
    """Claims that every file is larger than any disk."""

    def stat(self, path: bytes) -> Any:
        return asyncssh.SFTPAttrs(size=1 << 60, permissions=0o644)


def test_a_file_larger_than_the_setting_is_refused(
    tmp_path: Path, settings: MakeSettings, scratch: Path, ignore: Moved
) -> None:
    with asyncssh_server(tmp_path, files=Huge) as server:
        opened = settings(allow_addresses=(server.address,))
        source = SftpSource(**with_password(server, "a.mp4"))
        with pytest.raises(InputError) as caught:
            open_source(source, settings=opened).fetch(scratch, ignore)
    assert caught.value.code == "source_too_large"


def test_a_download_goes_on_where_its_connection_broke(
    sshd: SshServer, settings: MakeSettings, scratch: Path, large: Path
) -> None:
    (sshd.home / "a.mp4").write_bytes(large.read_bytes())
    cuts: list[int] = []
    with wire_to(sshd.port) as wire:
        wire.rate_bytes_s = 40e6

        def cut(done: int, _total: int | None) -> None:
            if done > 6 << 20 and not cuts:
                cuts.append(done)
                wire.cut()
                wire.refusing = False

        opened = settings(allow_addresses=(f"127.0.0.1:{wire.port}",))
        place = sshd.place(f"{sshd.home}/a.mp4", tcp_port=wire.port)
        found = open_source(SftpSource(**place), settings=opened).fetch(scratch, cut)
    assert found.read_bytes() == large.read_bytes()
    assert cuts


@pytest.mark.alone
def test_a_server_that_hangs_is_given_up_and_a_wait_for_it_can_be_cancelled(
    sshd: SshServer, settings: MakeSettings, scratch: Path, ignore: Moved
) -> None:
    started = time.monotonic()
    with wire_to(sshd.port) as wire:
        wire.flowing.clear()
        opened = settings(allow_addresses=(f"127.0.0.1:{wire.port}",), stall_timeout_s=1)
        place = SftpSource(**sshd.place(f"{sshd.home}/a.mp4", tcp_port=wire.port))
        source = open_source(place, settings=opened)
        with pytest.raises(InputError) as caught:
            source.fetch(scratch, ignore)
        assert (caught.value.code, caught.value.retryable) == ("source_timeout", True)

        def stop(_done: int, _total: int | None) -> None:
            raise Cancelled("canceled", "enough")

        with pytest.raises(Cancelled):
            source.fetch(scratch, stop)
    assert time.monotonic() - started < 6
    assert list(scratch.iterdir()) == []
    assert not [t for t in threading.enumerate() if t.name == "videngine-transfer"]
