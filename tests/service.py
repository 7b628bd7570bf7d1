"""The service for tests: an API in this process, workers here or in processes of their own."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from tests.processes import HANG_S, ended
from werkzeug.test import TestResponse

from flows import run_job
from videngine.jobs.database import FILE_NAME, Database
from videngine.jobs.migration import migrate
from videngine.jobs.tokens import create_token
from videngine.jobs.worker import run_worker
from videngine.server import create_app
from videngine.server.service import Service
from videngine.settings import Settings

HERE = Path(__file__).parent
TERMINAL = ("completed", "failed", "canceled")


def job(video_id: str = "video123", **fields: Any) -> dict[str, Any]:
    """A small request; what the test flow makes of it stands in its video id (see ``flows.py``)."""
    return {
        "video_id": video_id,
        "source": {"type": "https", "url": "https://media.example.com/in.mp4"},
        "format": [{"output": "mp4", "height": 240}],
    } | fields


@dataclass
class Api:
    """The API and a tenant's token for it."""

    app: Flask
    settings: Settings
    token: str

    @property
    def service(self) -> Service:
        """What the application works with."""
        found: Service = self.app.extensions["videngine"]
        return found

    def call(
        self, method: str, path: str, *, token: str | None = None, **more: Any
    ) -> TestResponse:
        """One request with the tenant's token, or another one; an empty one sends none."""
        bearer = self.token if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        headers |= more.pop("headers", {})
        return self.app.test_client().open(path, method=method, headers=headers, **more)

    def result(self, method: str, path: str, **more: Any) -> Any:
        """The result of a request that must succeed."""
        answer = self.call(method, path, **more)
        assert answer.status_code == 200, answer.text
        assert answer.json["success"] is True
        return answer.json["result"]

    def post(self, video_id: str = "video123", **fields: Any) -> str:
        """Post a job and return its id."""
        return str(self.result("POST", "/jobs", json=job(video_id, **fields))["id"])

    def get(self, job_id: str) -> dict[str, Any]:
        """One job in full."""
        found: dict[str, Any] = self.result("GET", f"/jobs/{job_id}")
        return found

    def wait(self, job_id: str, *states: str, timeout_s: float = HANG_S) -> dict[str, Any]:
        """The job once it is in one of these states; by default in a terminal one."""
        return self.until(
            job_id, lambda found: found["status"] in (states or TERMINAL), timeout_s=timeout_s
        )

    def until(
        self, job_id: str, right: Callable[[dict[str, Any]], bool], *, timeout_s: float = HANG_S
    ) -> dict[str, Any]:
        """The job once it looks right."""
        deadline = time.monotonic() + timeout_s
        while not right(found := self.get(job_id)):
            assert time.monotonic() < deadline, f"still {found}"
            time.sleep(0.02)
        return found

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Rows of the database, as they are."""
        with self.service.database.read() as connection:
            return list(connection.execute(sa.text(statement), values))

    def change(self, statement: str, **values: Any) -> None:
        """Change the database behind everybody's back."""
        with self.service.database.write() as connection:
            connection.execute(sa.text(statement), values)

    def new_token(self, tenant: str) -> str:
        """A token of another tenant."""
        return create_token(self.settings, tenant, tenant)


@pytest.fixture
def lease_s() -> float:
    """Of the settings; a test whose job must outlive a busy machine parametrizes it."""
    return 3


@pytest.fixture
def settings(tmp_path: Path, lease_s: float) -> Settings:
    """Settings that make everything happen fast, with loopback open for webhooks."""
    return Settings(
        state_dir=tmp_path / "state",
        lease_s=lease_s,
        sweep_s=0.3,
        retry_delay_s=0.1,
        drain_s=0,
        allow_addresses=("127.0.0.1",),
        webhook_timeout_s=2,
    )


@functools.cache
def _new_database() -> bytes:
    """A database as the first start makes it, which takes longer than most tests."""
    with TemporaryDirectory() as folder:
        database = Database(Settings(state_dir=Path(folder)))
        migrate(database)
        database.close()
        return database.path.read_bytes()


@contextmanager
def api_of(settings: Settings) -> Iterator[Api]:
    """An API over these settings."""
    path = settings.state_dir / FILE_NAME
    if not settings.database_url and not path.exists():
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_new_database())
    app = create_app(settings)
    try:
        yield Api(app, settings, create_token(settings, "test"))
    finally:
        app.extensions["videngine"].close()


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    """The API, over a database of its own."""
    with api_of(settings) as found:
        yield found


@contextmanager
def worker_of(settings: Settings, flow: Callable[..., Any] = run_job) -> Iterator[threading.Event]:
    """A worker on a thread of this process; the event stops it. There can be one at a time."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            run_worker(settings, stop=stop, run_job=flow)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()
        assert not failures, failures


@pytest.fixture
def worker(settings: Settings) -> Iterator[threading.Event]:
    """A worker in this process that runs the test flow."""
    with worker_of(settings) as stop:
        yield stop


@dataclass
class Workers:
    """Workers in processes of their own, to be killed."""

    settings: Settings
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        """One more worker."""
        state = self.settings.state_dir
        state.mkdir(parents=True, exist_ok=True)
        variables = {
            f"VIDENGINE_{name.upper()}": (
                ",".join(value) if isinstance(value, tuple) else str(value)
            )
            for name in self.settings.model_fields_set
            for value in [getattr(self.settings, name)]
        }
        with (state / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(HERE / "worker_process.py")],
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """What a power cut does to a process."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    @property
    def log(self) -> str:
        """What all of them have said."""
        return (self.settings.state_dir / "workers.log").read_text()


@pytest.fixture
def workers(settings: Settings) -> Iterator[Workers]:
    """Starts workers as processes; those still running at the end are stopped."""
    found = Workers(settings)
    yield found
    for process in found.running:
        process.send_signal(signal.SIGCONT)
        process.terminate()
    for process in found.running:
        ended(process)
