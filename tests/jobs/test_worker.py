"""A worker with jobs that fail, wait, are interrupted and outlive it."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.processes import until

from flows import Report, journal_of, output_of, run_job
from service import Api, worker_of
from videngine.errors import Cancelled, InputError, VidengineError
from videngine.jobs.database import DatabaseGone
from videngine.jobs.queue import Abandon
from videngine.jobs.worker import run_worker
from videngine.jobs.workflow import JobRunner
from videngine.settings import Settings


def test_a_job_is_done_step_by_step_and_its_scratch_is_gone(api: Api, worker: object) -> None:
    job_id = api.post("steps=3")
    assert api.wait(job_id)["status"] == "completed"
    assert journal_of(api.settings, job_id) == ["attempt", "step0", "step1", "step2"]
    assert output_of(api.settings, job_id).exists()
    assert not (api.settings.scratch_dir / job_id).exists()


def test_several_jobs_run_at_a_time(api: Api, settings: Settings) -> None:
    settings = settings.model_copy(update={"worker_slots": 3})
    ids = [api.post("wait=0") for _ in range(4)]
    with worker_of(settings):
        for job_id in ids[:3]:
            api.wait(job_id, "processing")
        time.sleep(0.7)
        assert api.get(ids[3])["status"] == "queued"


class TestFailure:
    def test_what_no_retry_helps_fails_at_once_with_its_reason(
        self, api: Api, worker: object
    ) -> None:
        job_id = api.post("refuse=source_corrupt")
        found = api.wait(job_id)
        assert found["status"] == "failed"
        assert found["error"] == {"code": "source_corrupt", "message": "It is no use."}
        assert found["attempts"] == 1
        assert found["outputs"][0]["status"] == "failed"
        assert not (api.settings.scratch_dir / job_id).exists()

    def test_what_a_retry_may_help_is_tried_again_behind_the_last_checkpoint(
        self, api: Api, worker: object
    ) -> None:
        job_id = api.post("steps=3 fail=upload_failed*2")
        found = api.wait(job_id)
        assert found["status"] == "completed"
        assert found["attempts"] == 3
        assert journal_of(api.settings, job_id) == [
            *("attempt", "step0", "step1"),
            *("attempt", "attempt", "step2"),
        ]

    def test_warnings_of_all_attempts_are_shown_once(self, api: Api, worker: object) -> None:
        job_id = api.post("fail=upload_failed*2", colour="red")
        warnings = api.wait(job_id)["warnings"]
        assert [(w["path"], w["code"]) for w in warnings] == [
            ("colour", "unknown_field"),
            ("format[0]", "tried"),
        ]

    def test_attempts_are_spaced_further_and_further_and_end(
        self, api: Api, settings: Settings
    ) -> None:
        settings = settings.model_copy(update={"max_attempts": 3, "retry_delay_s": 0.3})
        job_id = api.post("fail=destination_timeout*99")
        with worker_of(settings):
            found = api.wait(job_id)
        assert found["status"] == "failed"
        assert found["error"]["code"] == "destination_timeout"
        rows = api.rows("SELECT started_at, ended_at FROM tc_attempts ORDER BY id")
        assert len(rows) == 3
        waits = [b.started_at - a.ended_at for a, b in pairwise(rows)]
        assert waits[0] >= 0.3
        assert waits[1] >= 1.2

    def test_others_run_while_a_job_waits_for_its_next_attempt(
        self, api: Api, settings: Settings
    ) -> None:
        settings = settings.model_copy(update={"retry_delay_s": 60.0})
        failing, other = api.post("fail=upload_failed*1"), api.post()
        with worker_of(settings):
            assert api.wait(other)["status"] == "completed"
            assert api.get(failing)["status"] == "queued"
            api.result("POST", f"/jobs/{failing}/cancel")
        assert api.get(failing)["status"] == "canceled"

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (ZeroDivisionError("canary"), "internal_error"),
            (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
            (Cancelled(), "canceled"),
            (InputError("source_forbidden", "No."), "source_forbidden"),
        ],
    )
    def test_whatever_the_flow_raises_fails_the_job_and_not_the_worker(
        self, api: Api, settings: Settings, error: Exception, code: str
    ) -> None:
        def flow(spec: Any, run: Any) -> Any:
            if spec.video_id == "bad":
                raise error
            return run_job(spec, run)

        settings = settings.model_copy(update={"max_attempts": 1})
        bad, good = api.post("bad"), api.post()
        with worker_of(settings, flow):
            failed = api.wait(bad)
            assert api.wait(good)["status"] == "completed"
        assert failed["status"] == "failed"
        assert failed["error"]["code"] == code
        assert "canary" not in str(failed)

    @pytest.mark.parametrize("end", ["refuse=upload_failed", "wait=1"])
    def test_what_is_in_no_report_does_not_stay_in_the_default_store(
        self, api: Api, settings: Settings, end: str
    ) -> None:
        def flow(spec: Any, run: Any) -> Any:
            folder = settings.store_dir / run.job_id
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "video.mp4").write_bytes(b"x")
            return run_job(spec, run)

        job_id = api.post(end)
        with worker_of(settings, flow):
            if end == "wait=1":
                api.until(job_id, lambda j: j["progress"] == 50)
                api.result("POST", f"/jobs/{job_id}/cancel")
            assert api.wait(job_id)["status"] == ("canceled" if end == "wait=1" else "failed")
        assert not (settings.store_dir / job_id).exists()

    def test_a_report_of_failure_fails_the_job(self, api: Api, settings: Settings) -> None:
        class Failed(Report):
            def to_json(self) -> dict[str, Any]:
                error = {"code": "encoder_failed", "message": "All outputs failed."}
                return super().to_json() | {"status": "failed", "error": error}

        job_id = api.post()
        with worker_of(settings, lambda *_: Failed()):
            found = api.wait(job_id)
        assert (found["status"], found["error"]["code"]) == ("failed", "encoder_failed")

    def test_a_request_that_no_key_opens_fails_and_says_so(
        self, api: Api, settings: Settings
    ) -> None:
        job_id = api.post()
        with worker_of(settings.model_copy(update={"secret_key": "A" * 43 + "="})):
            found = api.wait(job_id)
        assert found["error"]["code"] == "internal_error"
        assert "VIDENGINE_SECRET_KEY" in found["error"]["message"]


class TestStop:
    def test_a_stopping_worker_gives_its_jobs_time(self, api: Api, settings: Settings) -> None:
        job_id = api.post("sleep=0.5")
        with worker_of(settings.model_copy(update={"drain_s": 20.0})) as stop:
            api.wait(job_id, "processing")
            stop.set()
        assert api.get(job_id)["status"] == "completed"

    def test_it_takes_no_new_ones_and_hands_back_what_is_left(
        self, api: Api, settings: Settings
    ) -> None:
        running, waiting = api.post("steps=3 wait=1"), api.post()
        with worker_of(settings) as stop:
            api.until(running, lambda j: "step0" in journal_of(settings, running))
            stop.set()
        assert api.get(running)["status"] == api.get(waiting)["status"] == "queued"
        assert api.rows("SELECT * FROM tc_workers") == []
        with worker_of(settings):
            found = api.wait(running)
        assert found["status"] == "completed"
        # Behind the last checkpoint; being handed back does not count as a failure.
        assert journal_of(settings, running) == [
            *("attempt", "step0", "stopped"),
            *("attempt", "step1", "step2"),
        ]
        assert api.rows("SELECT failures FROM tc_jobs WHERE id = :id", id=running)[0][0] == 0

    def test_a_worker_that_is_stopped_before_it_has_begun_ends(self, settings: Settings) -> None:
        stop = threading.Event()
        stop.set()
        run_worker(settings, stop=stop, run_job=run_job)


class TestCheckpoints:
    def test_without_its_scratch_a_job_starts_over(self, api: Api, settings: Settings) -> None:
        job_id = api.post("steps=2 wait=1")
        with worker_of(settings) as stop:
            api.until(job_id, lambda j: "step0" in journal_of(settings, job_id))
            stop.set()

        shutil.rmtree(settings.scratch_dir / job_id)
        with worker_of(settings):
            assert api.wait(job_id)["status"] == "completed"
        assert journal_of(settings, job_id).count("step0") == 2

    def test_an_upgrade_that_changes_the_steps_starts_over(
        self, api: Api, settings: Settings
    ) -> None:
        def before(spec: Any, run: Any) -> Any:
            run.step("old way", lambda: 1)
            return run_job(spec, run)

        job_id = api.post("wait=0")
        with worker_of(settings, before) as stop:
            api.wait(job_id, "processing")
            api.until(job_id, lambda j: "attempt" in journal_of(settings, job_id))
            stop.set()
        with worker_of(settings):
            found = api.wait(job_id)
        assert found["status"] == "completed"
        assert api.rows("SELECT first_run FROM tc_jobs")[0][0] == 2

    def test_a_failure_is_remembered_so_that_the_flow_goes_the_same_way_again(
        self, api: Api, settings: Settings
    ) -> None:
        seen: list[str] = []

        def flow(spec: Any, run: Any) -> Any:
            def fail() -> Any:
                seen.append("failed")
                raise InputError("logo_fetch_failed", "No logo.")

            try:
                run.step("soft", fail)
            except VidengineError as error:
                seen.append(f"caught {type(error).__name__} {error.code}")
            return run_job(spec, run)

        job_id = api.post("wait=0")
        with worker_of(settings, flow) as stop:
            api.until(job_id, lambda j: "attempt" in journal_of(settings, job_id))
            stop.set()
        with worker_of(settings, flow):
            assert api.wait(job_id)["status"] == "completed"
        caught = "caught InputError logo_fetch_failed"
        assert seen == ["failed", caught, caught]

    def test_a_step_has_a_name_of_its_own(self, api: Api, settings: Settings) -> None:
        def flow(spec: Any, run: Any) -> Any:
            run.step("same", lambda: 1)
            run.step("same", lambda: 2)

        job_id = api.post()
        with worker_of(settings.model_copy(update={"max_attempts": 1}), flow):
            assert api.wait(job_id)["error"]["code"] == "internal_error"

    def test_progress_never_goes_back(self, api: Api, settings: Settings) -> None:
        job_id = api.post("steps=6 sleep=0.4 fail=upload_failed*1")
        seen = []
        with worker_of(settings):
            while (found := api.get(job_id))["status"] not in ("completed", "failed"):
                seen.append(found["progress"])
                time.sleep(0.05)
        assert found["status"] == "completed"
        assert seen == sorted(seen)
        assert len(set(seen)) > 2


@contextmanager
def no_database(api: Api) -> Iterator[None]:
    """The database cannot be reached by anybody."""
    path = api.service.database.path
    files = [f for s in ("", "-wal", "-shm") if (f := Path(f"{path}{s}")).exists()]
    for file in files:
        file.rename(file.with_name(f"away.{file.name}"))
    try:
        yield
    finally:
        for file in files:
            file.with_name(f"away.{file.name}").rename(file)


@contextmanager
def locked_database(api: Api) -> Iterator[None]:
    """Everybody can read the database and nobody can write."""
    blocker = sqlite3.connect(api.service.database.path, isolation_level=None, timeout=10)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()


@pytest.mark.parametrize("lease_s", [60])
def test_a_database_that_is_away_when_the_work_ends_costs_nothing(api: Api, worker: object) -> None:
    def work_is_done() -> bool:
        return output_of(api.settings, job_id).exists()

    job_id = api.post("sleep=1")
    api.until(job_id, lambda j: "step0" in journal_of(api.settings, job_id))
    time.sleep(0.3)
    with no_database(api):
        time.sleep(3)
    until(work_is_done)
    found = api.wait(job_id)
    assert (found["status"], found["attempts"]) == ("completed", 1)
    assert journal_of(api.settings, job_id) == ["attempt", "step0", "step1"]


def test_a_database_that_goes_away_between_steps_loses_no_step(
    api: Api, settings: Settings
) -> None:
    """Not even where the queue itself gives up: what it has on record stays."""

    def flow(spec: Any, run: Any) -> Any:
        if not gone:
            gone.append(1)
            run.step("before", lambda: 1)
            raise DatabaseGone
        run.step("before", lambda: 1 / 0)
        return run_job(spec, run)

    gone: list[int] = []
    job_id = api.post()
    with worker_of(settings, flow):
        found = api.wait(job_id)
    assert (found["status"], found["attempts"]) == ("completed", 2)
    assert api.rows("SELECT failures FROM tc_jobs")[0][0] == 0


def test_a_locked_database_costs_nothing(api: Api, worker: object) -> None:
    job_id = api.post("steps=1 sleep=1")
    api.wait(job_id, "processing")
    with locked_database(api):
        time.sleep(3)
    found = api.wait(job_id)
    assert (found["status"], found["attempts"]) == ("completed", 1)


@pytest.mark.parametrize("away", [no_database, locked_database])
def test_an_outage_makes_no_worker_look_dead(api: Api, settings: Settings, away: Any) -> None:
    """Leases (3 s) all run out while nobody can renew them; still nobody's job is taken."""
    job_id = api.post("steps=1 sleep=10")
    with worker_of(settings):
        api.until(job_id, lambda j: j["phase"] is not None)  # well within the step
        with away(api):
            time.sleep(5)
        found = api.wait(job_id)
    assert (found["status"], found["attempts"]) == ("completed", 1)


def test_a_dispatch_that_never_became_an_attempt_is_handed_back(
    api: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = JobRunner.__call__, []

    def dispatch(self: JobRunner, job_id: str, run: int) -> None:
        if not lost:
            lost.append(job_id)

            raise Abandon
        real(self, job_id, run)

    monkeypatch.setattr(JobRunner, "__call__", dispatch)
    job_id = api.post()
    with worker_of(settings):
        assert api.wait(job_id)["status"] == "completed"
    assert lost == [job_id]
