"""What we need of DBOS, internals included: an upgrade that breaks it fails here first."""

from __future__ import annotations

import ast
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.processes import until

import videngine
from service import Api
from videngine.jobs.database import Database
from videngine.jobs.migration import migrate
from videngine.jobs.queue import Abandon, Executor, HistoryChanged, Queue
from videngine.settings import Settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    found = Database(settings)
    migrate(found)
    yield found
    found.close()


@pytest.fixture
def queue(database: Database) -> Iterator[Queue]:
    found = Queue(database)
    yield found
    found.close()


@contextmanager
def executor_of(
    database: Database, work: Callable[[str, int], None], *, name: str = "e1", slots: int = 1
) -> Iterator[Executor]:
    executor = Executor(database, executor_id=name, slots=slots, work=work)
    executor.start()
    try:
        yield executor
    finally:
        executor.stop(0, lambda: None)


def submit(database: Database, queue: Queue, job_id: str, *, run: int = 1, **more: float) -> None:
    with database.write() as connection:
        position = int(more.pop("position", 1))
        queue.submit(connection, job_id=job_id, run=run, position=position, **more)


def test_nothing_else_imports_dbos() -> None:
    importers = set()
    for path in Path(videngine.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "dbos" for name in names):
                importers.add(path.name)
    assert importers == {"queue.py"}


def test_a_submission_is_part_of_the_callers_transaction(database: Database, queue: Queue) -> None:
    done: list[str] = []

    def fail() -> None:
        with database.write() as connection:
            queue.submit(connection, job_id="rolled-back", run=1, position=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    submit(database, queue, "committed", position=2)
    submit(database, queue, "committed", position=2)  # a second time changes nothing
    with executor_of(database, lambda job_id, _: done.append(job_id)):
        until(lambda: len(queue.finished(10)) == 1)
    assert done == ["committed"]


def test_work_is_given_out_by_position_and_later_runs_first(
    database: Database, queue: Queue
) -> None:
    order: list[tuple[str, int]] = []
    for position in (3, 1, 2):
        submit(database, queue, f"j{position}", position=position)
    submit(database, queue, "again", run=2, position=9, again=True)
    submit(database, queue, "urgent", position=10, priority=50)
    submit(database, queue, "idle", position=0, priority=-50)
    with executor_of(database, lambda job_id, run: order.append((job_id, run))):
        until(lambda: len(order) == 6)
    assert order == [
        ("urgent", 1), ("again", 2), ("j1", 1), ("j2", 1), ("j3", 1), ("idle", 1),
    ]  # fmt: skip


def test_a_delayed_run_waits(database: Database, queue: Queue) -> None:
    done: list[float] = []
    began = time.time()  # the delay counts from within the submission, which takes its time
    submit(database, queue, "later", delay_s=1.5)
    with executor_of(database, lambda *_: done.append(time.time())):
        until(lambda: bool(done))
    assert done[0] - began > 1.4


def test_no_more_run_at_a_time_than_there_are_slots(database: Database, queue: Queue) -> None:
    lock, running, peak, done = threading.Lock(), [0], [0], [0]

    def work(_job_id: str, _run: int) -> None:
        with lock:
            running[0] += 1
            peak[0] = max(peak[0], running[0])
        time.sleep(0.1)
        with lock:
            running[0] -= 1
            done[0] += 1

    for i in range(8):
        submit(database, queue, f"j{i}", position=i)
    with executor_of(database, work, slots=2):
        until(lambda: done[0] == 8)
    assert peak[0] == 2


def test_steps_are_recorded_and_an_abandoned_one_is_not(database: Database, queue: Queue) -> None:
    done: list[str] = []

    def work(_job_id: str, _run: int) -> None:
        Executor.step("first", lambda: done.append("first") or {"n": 1})
        if done.count("second") == 0:
            done.append("second")

            def leave() -> None:
                raise Abandon

            Executor.step("second", leave)
        assert Executor.step("second", lambda: done.append("second") or {"n": 2}) == {"n": 2}

    submit(database, queue, "j")
    with executor_of(database, work):
        until(lambda: "second" in done)
        time.sleep(0.2)
        [claim] = queue.claims()  # the workflow was left, not ended
        assert (claim.job_id, claim.run, claim.executor) == ("j", 1, "e1")
        assert claim.claimed_at == pytest.approx(time.time(), abs=10)
        assert queue.checkpoints("j", [1]) == [("first", {"n": 1})]
        assert queue.hand_back(claim)
        until(lambda: queue.finished(10) == [("j", 1)])
    assert done == ["first", "second", "second"]
    assert queue.checkpoints("j", [1]) == [("first", {"n": 1}), ("second", {"n": 2})]
    queue.forget([("j", 1)])
    assert queue.finished(10) == queue.checkpoints("j", [1]) == []


def test_only_the_one_who_holds_a_workflow_loses_it(database: Database, queue: Queue) -> None:
    stop = threading.Event()

    def work(_job_id: str, _run: int) -> None:
        stop.wait(20)
        raise Abandon

    submit(database, queue, "j")
    with executor_of(database, work, name="old"):
        until(lambda: bool(queue.claims()))
        [claim] = queue.claims()

        assert not queue.hand_back(replace(claim, executor="another"))
        assert queue.hand_back(claim)
        assert not queue.hand_back(claim)
        stop.set()


def test_who_lost_a_workflow_can_neither_take_a_step_nor_end_it(
    database: Database, queue: Queue
) -> None:
    seen: list[str] = []

    def work(_job_id: str, _run: int) -> None:
        first = not seen
        seen.append("begun")
        if first:
            until(lambda: seen.count("begun") == 2)
            try:
                Executor.step("late", lambda: {"by": "the zombie"})
            except Abandon:
                seen.append("refused")
                raise
        until(lambda: "refused" in seen)
        Executor.step("late", lambda: {"by": "the heir"})

    submit(database, queue, "j")
    with executor_of(database, work, slots=2):
        until(lambda: seen == ["begun"])
        queue.hand_back(queue.claims()[0])
        until(lambda: queue.finished(10) == [("j", 1)])
    assert seen == ["begun", "begun", "refused"]
    assert queue.checkpoints("j", [1]) == [("late", {"by": "the heir"})]


def test_another_step_in_the_place_of_a_recorded_one_is_noticed(
    database: Database, queue: Queue
) -> None:
    seen: list[str] = []

    def work(_job_id: str, _run: int) -> None:
        name = "new" if seen else "old"
        seen.append(name)
        try:
            Executor.step(name, lambda: 1)
        except HistoryChanged:
            seen.append("changed")
            return
        raise Abandon

    submit(database, queue, "j")
    with executor_of(database, work):
        until(lambda: bool(queue.checkpoints("j", [1])))
        queue.hand_back(queue.claims()[0])
        until(lambda: "changed" in seen)


def test_the_database_holds_json_and_the_jobs_id_only(api: Api, worker: object) -> None:
    job_id = api.post("steps=2")
    api.wait(job_id)
    tables = [row.name for row in api.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    formats = set()
    for table in tables:
        columns = [row.name for row in api.rows(f"PRAGMA table_info({table})")]
        if "serialization" in columns:
            formats |= {r[0] for r in api.rows(f"SELECT serialization FROM {table}")}
    assert formats - {None} == {"portable_json"}
    [stored] = api.rows("SELECT inputs FROM workflow_input")
    assert json.loads(stored.inputs)["positionalArgs"] == [job_id]
    [status] = api.rows("SELECT application_version, priority FROM workflow_status")
    assert status.application_version == "abi-1"
    assert status.priority > 0
