"""The whole service as its users run it: `videngine serve` in processes of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from tests.processes import ended, until_served

MEDIA = Path(__file__).parents[1] / "data" / "media"
FILM = MEDIA / "bbb_720p24_20s.mp4"
TERMINAL = ("completed", "failed", "canceled")


@dataclass
class Service:
    """A running service and a token for it."""

    url: str
    token: str
    state_dir: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request with the token."""
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=30, **more)

    def post(self, **job: Any) -> str:
        """Post a job that has to be accepted; its id."""
        answer = self.call("POST", "/jobs", json=job)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["result"]["id"])

    def get(self, job_id: str) -> dict[str, Any]:
        """One job."""
        found: dict[str, Any] = self.call("GET", f"/jobs/{job_id}").json()["result"]
        return found

    def until(
        self, job_id: str, right: Callable[[dict[str, Any]], bool], timeout_s: float = 300
    ) -> dict[str, Any]:
        """The job once it looks right."""
        deadline = time.monotonic() + timeout_s
        while not right(found := self.get(job_id)):
            assert found["status"] not in TERMINAL, found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found

    def wait(self, job_id: str, timeout_s: float = 300) -> dict[str, Any]:
        """The job once it has come to its end."""
        return self.until(job_id, lambda found: found["status"] in TERMINAL, timeout_s)

    def processes(self, module: str) -> list[psutil.Process]:
        """The service's processes that run a module: ``videngine.child`` is the engine."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                words = process.cmdline()
            except psutil.NoSuchProcess:
                continue
            if module in words:
                found.append(process)
        return found


@contextmanager
def service_in(folder: Path, **settings: str) -> Iterator[Service]:
    """`videngine serve` over its own state, answering; ``settings`` are variables in lower case."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VIDENGINE_")}
    given = {
        "state_dir": str(folder / "state"),
        "default_preset": "ultrafast",
        "file_roots": f"{MEDIA},{folder}",
        "lease_s": "3",
        "sweep_s": "0.5",
        "retry_delay_s": "0.2",
        "drain_s": "1",
        **settings,
    }
    environment |= {f"VIDENGINE_{name.upper()}": value for name, value in given.items()}
    command = [sys.executable, "-m", "videngine"]
    token = subprocess.run(
        [*command, "token", "create"], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "serve", "--port", str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            until_served(url, process, (folder / "service.log").read_text)
            yield Service(url, token, folder / "state", environment, process)
        finally:
            process.send_signal(signal.SIGTERM)
            ended(process)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own."""
    with service_in(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes that take a while to encode: the film over and over."""
    target = tmp_path_factory.mktemp("film") / "long.mp4"
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg
    command = [ffmpeg, "-v", "error", "-stream_loop", "14", "-i", str(FILM), "-c", "copy"]
    subprocess.run([*command, str(target)], check=True)
    return target
