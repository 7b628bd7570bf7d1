"""`videngine serve` does without an operator when its worker dies."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import journal_of
from service import HERE, Api
from videngine.jobs.supervisor import Supervisor
from videngine.settings import Settings


@pytest.fixture
def supervisor(settings: Settings) -> Iterator[Supervisor]:
    environment = {
        **os.environ,
        "VIDENGINE_STATE_DIR": str(settings.state_dir),
        "VIDENGINE_SWEEP_S": "0.3",
        "VIDENGINE_DRAIN_S": "0",
    }
    command = [sys.executable, str(HERE / "worker_process.py")]
    found = Supervisor(command, environment, patience_s=30)
    found.start()
    yield found
    found.stop()


def test_a_worker_that_is_killed_is_followed_by_one_that_goes_on(
    api: Api, supervisor: Supervisor
) -> None:
    job_id = api.post("steps=2 wait=1")
    api.until(job_id, lambda j: j["progress"] == 50)  # the first step is on record
    [worker] = api.rows("SELECT id FROM tc_workers")
    os.kill(int(worker.id.split("/")[1]), signal.SIGKILL)
    found = api.wait(job_id)
    assert (found["status"], found["attempts"]) == ("completed", 2)
    assert journal_of(api.settings, job_id) == ["attempt", "step0", "attempt", "step1"]


def test_a_stopped_supervisor_leaves_no_worker(api: Api, supervisor: Supervisor) -> None:
    job_id = api.post("wait=0")
    api.wait(job_id, "processing")
    [worker] = api.rows("SELECT id FROM tc_workers")
    supervisor.stop()
    assert not Path(f"/proc/{worker.id.split('/')[1]}").exists()
    assert api.get(job_id)["status"] == "queued"


def test_one_that_cannot_start_is_tried_less_and_less_often(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    note = tmp_path / "starts"
    code = f"open({str(note)!r}, 'a').write('x')"
    supervisor = Supervisor([sys.executable, "-c", code], os.environ, patience_s=5)
    supervisor.start()
    time.sleep(4)
    supervisor.stop()
    assert 1 <= len(note.read_text()) <= 2
    assert "another one starts in 2 s" in caplog.text


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    )
    supervisor = Supervisor([sys.executable, "-c", code], os.environ, patience_s=0.5)
    supervisor.start()
    while not (note.exists() and note.read_text()):
        time.sleep(0.02)
    supervisor.stop()
    assert not Path(f"/proc/{note.read_text()}").exists()
