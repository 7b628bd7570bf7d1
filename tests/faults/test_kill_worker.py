"""kill -9 of workers: nothing that was accepted is lost, nothing is made twice."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
from tests.processes import HANG_S

from flows import journal_of, output_of
from service import TERMINAL, Api, Workers, api_of
from videngine.jobs.database import Database
from videngine.jobs.queue import Queue
from videngine.settings import Settings


def test_another_worker_finishes_what_a_killed_one_had_begun(api: Api, workers: Workers) -> None:
    first = workers.start()
    job_id = api.post("steps=3 sleep=1")
    api.until(job_id, lambda job: "step0" in journal_of(api.settings, job_id))
    time.sleep(0.3)  # well inside the second step
    workers.kill(first)
    workers.start()

    done = api.wait(job_id)

    assert done["status"] == "completed"
    assert done["attempts"] == 2
    steps = journal_of(api.settings, job_id)
    assert steps == ["attempt", "step0", "attempt", "step1", "step2"]
    assert output_of(api.settings, job_id).read_text() == f"output of {job_id}\n"


def test_the_same_machine_takes_over_without_waiting_for_the_lease(
    settings: Settings, workers: Workers
) -> None:
    workers.settings = settings.model_copy(update={"lease_s": 60.0})
    with api_of(settings) as api:
        first = workers.start()
        job_id = api.post("sleep=3")
        api.wait(job_id, "processing")
        workers.kill(first)
        workers.start()
        assert api.wait(job_id, timeout_s=50)["status"] == "completed"


def test_a_worker_whose_job_was_taken_from_it_ends_when_told_to(
    settings: Settings, workers: Workers
) -> None:
    workers.settings = settings.model_copy(update={"sweep_s": 3600.0})
    with api_of(workers.settings) as api:
        worker = workers.start()
        job_id = api.post("linger=3")
        api.until(job_id, lambda job: "step1" in journal_of(api.settings, job_id))
        database = Database(settings)
        queue = Queue(database)
        try:
            (claim,) = queue.claims()
            worker.terminate()  # so it does not take the job again
            api.until(job_id, lambda job: " stops" in workers.log)
            assert queue.hand_back(claim)
        finally:
            queue.close()
            database.close()
        assert worker.wait(HANG_S) == 0
        workers.running.remove(worker)
        workers.start()
        assert api.wait(job_id)["status"] == "completed"


def test_a_job_that_kills_every_worker_fails_and_others_go_on(api: Api, workers: Workers) -> None:
    poison = api.post("die=0*99")
    for attempt in range(1, 4):
        worker = workers.start()
        worker.wait(HANG_S)
        workers.running.remove(worker)
        assert journal_of(api.settings, poison).count("attempt") == attempt
    survivor = workers.start()
    healthy = api.post()

    failed = api.wait(poison)

    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "worker_lost"
    assert api.wait(healthy)["status"] == "completed"
    assert survivor.poll() is None


def halt(worker: subprocess.Popen[bytes], api: Api) -> None:
    """Stop a worker where it holds no lock: SQLite's would keep everybody else waiting too."""
    while True:
        worker.send_signal(signal.SIGSTOP)
        path = api.service.database.path
        with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                worker.send_signal(signal.SIGCONT)
            else:
                database.execute("ROLLBACK")
                return


def test_a_stopped_worker_that_wakes_up_again_writes_nothing(api: Api, workers: Workers) -> None:

    first = workers.start()
    job_id = api.post("steps=2 wait=0")
    api.until(job_id, lambda job: "attempt" in journal_of(api.settings, job_id))
    time.sleep(0.3)
    halt(first, api)
    workers.start()
    api.until(job_id, lambda job: journal_of(api.settings, job_id).count("attempt") == 2)
    first.send_signal(signal.SIGCONT)

    # The sleeper notices that the job is no longer its own.
    api.until(job_id, lambda job: "stopped" in journal_of(api.settings, job_id))
    assert api.wait(job_id)["status"] == "completed"
    journal = journal_of(api.settings, job_id)
    assert "double" not in journal
    assert journal.count("step0") == journal.count("step1") == 1
    outcomes = api.rows("SELECT outcome FROM tc_attempts ORDER BY id")
    assert [row.outcome for row in outcomes] == ["lost", "finished"]


def _kill_storm(api: Api, workers: Workers, *, jobs: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    ids = [api.post("steps=3 sleep=0.05") for _ in range(jobs)]
    for _ in range(2):
        workers.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, 1.5))
        workers.kill(chance.choice(workers.running))
        workers.start()
    deadline = time.monotonic() + HANG_S + jobs
    while True:
        rest = api.rows("SELECT count(*) FROM tc_jobs WHERE finished_at IS NULL")[0][0]
        if not rest:
            break
        assert time.monotonic() < deadline, f"{rest} jobs are left\n{workers.log[-3000:]}"
        time.sleep(0.2)

    states = [api.get(job_id) for job_id in ids]
    assert all(state["status"] in TERMINAL for state in states)
    # A job that was killed under in every attempt has failed, and says why.
    lost = [s for s in states if s["status"] != "completed"]
    assert all(s["error"]["code"] == "worker_lost" for s in lost)
    assert len(lost) <= kills // api.settings.max_attempts
    for state in states:
        journal = journal_of(api.settings, state["id"])
        if state["status"] == "completed":
            output = output_of(api.settings, state["id"])
            assert output.read_text() == f"output of {state['id']}\n"
        assert journal.count("double") <= journal.count("attempt") - 1
    events = api.rows("SELECT job_id, outcome, count(*) FROM tc_attempts GROUP BY 1, 2")
    finished = [e for e in events if e.outcome == "finished"]
    assert all(e[2] == 1 for e in finished)
    assert len(finished) == jobs - len(lost)


def test_no_job_is_lost_or_done_twice_over_random_kills(
    settings: Settings, workers: Workers
) -> None:
    settings = settings.model_copy(update={"worker_slots": 3, "max_attempts": 10})
    workers.settings = settings
    with api_of(settings) as api:
        _kill_storm(api, workers, jobs=20, kills=5, seed=1)


@pytest.mark.long
def test_no_job_of_500_is_lost_or_done_twice_over_100_kills(
    settings: Settings, workers: Workers
) -> None:
    settings = settings.model_copy(update={"worker_slots": 8, "max_attempts": 10})
    workers.settings = settings
    with api_of(settings) as api:
        _kill_storm(api, workers, jobs=500, kills=100, seed=2)
