"""The port around DBOS: nothing else imports it, so that another engine could take its place.

Verbs of everybody: `submit`, `claims`, `hand_back`, `checkpoints`, `finished`, `forget`; of a
worker: `start`, `step`, `stop`. A workflow's id is ``<job id>:<run>``, its only input the job's id.
The one internal of DBOS that this leans on is marked; ``tests/jobs/test_queue_contract.py`` holds
it to what we need.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from dbos import error as dbos_error

from videngine.jobs.database import Database, unreachable_is_gone

JSON = Any

_APPLICATION = "videngine"
_QUEUE = "jobs"
_WORKFLOW = "videngine.job"
# Raised only together with a migration of work in flight: rows of another version are never
# claimed.
_VERSION = "abi-1"
# A place in the queue: the job's priority (101 of them), then retries before new jobs, then the
# order of acceptance. Unset would mean ahead of everything; DBOS has 31 bits.
_MOST_URGENT = 50
_LEVEL = 1 << 24
_NEW_JOBS = _LEVEL // 2
_POLL_S = 0.25
_STOP_LIMIT_S = 30  # what runs have to come to their end in once they are stopped

logging.getLogger("dbos").setLevel(logging.WARNING)  # it tells every migration, and advertises


class Abandon(BaseException):
    """Leave a workflow unfinished, for others to take up. No ``except Exception`` stops it."""


class HistoryChanged(Exception):
    """The recorded steps are not those now taken: the program was upgraded under the job."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A workflow that an executor has taken, ``claimed_at`` seconds after 1970 (database)."""

    job_id: str
    run: int
    executor: str
    claimed_at: float


def _workflow_id(job_id: str, run: int) -> str:
    return f"{job_id}:{run}"


def _job_and_run(workflow_id: str) -> tuple[str, int]:
    job_id, _, run = workflow_id.rpartition(":")
    return job_id, int(run)


def migrate_queue(url: sa.URL) -> None:
    """Create the queue's own tables or bring them to this version."""
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql")
    DBOS.migrate(url.render_as_string(hide_password=False))


class Queue:
    """The queue as API and sweeper see it. Thread-safe; borrows the database.

    Every verb raises `DatabaseGone` when that does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._client = DBOSClient(
            system_database_engine=database.engine,
            serializer=DBOSPortableJSONSerializer(),  # the default, pickle, runs what it reads
            application_name=_APPLICATION,
            retry_connection_errors=False,  # or a dead database would hang the API
            lazy=True,
        )

    def submit(
        self,
        connection: sa.Connection,
        *,
        job_id: str,
        run: int,
        position: int,
        priority: int = 0,
        again: bool = False,
        delay_s: float = 0,
    ) -> None:
        """Queue a run of a job in the caller's transaction; submitting it again changes nothing.

        Args:
            connection: a transaction of the same database; nothing is queued unless it commits.
            job_id: the job.
            run: number of the run, from 1.
            position: place in the order of acceptance.
            priority: -50 to 50; more goes first.
            again: the job has been worked on before: it goes ahead of new jobs of its priority.
            delay_s: time before which nobody may take it.
        """
        options: EnqueueOptions = {
            "workflow_name": _WORKFLOW,
            "queue_name": _QUEUE,
            "workflow_id": _workflow_id(job_id, run),
            "app_version": _VERSION,
            "priority": 1
            + (_MOST_URGENT - priority) * _LEVEL
            + (0 if again else _NEW_JOBS)
            + position % _NEW_JOBS,
        }
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._client.enqueue_in_transaction(connection, options, job_id)

    def claims(self) -> list[Claim]:
        """Everything that some executor holds at this moment, dead or alive."""
        with unreachable_is_gone():
            rows = self._client.list_workflows(
                status="PENDING", name=_WORKFLOW, load_input=False, load_output=False
            )
        claims = []
        for row in rows:
            job_id, run = _job_and_run(row.workflow_id)
            claims.append(
                Claim(
                    job_id=job_id,
                    run=run,
                    executor=row.executor_id or "",
                    claimed_at=(row.dequeued_at or row.created_at or 0) / 1000,
                )
            )
        return claims

    def hand_back(self, claim: Claim) -> bool:
        """Take a workflow from an executor and queue it again; False if it holds it no longer.

        From here on the queue refuses whatever the old executor still writes.
        """
        # Internal: DBOS's own recovery step. Its public cousin `resume_workflow` does not check the
        # executor.
        with unreachable_is_gone():
            return self._client._sys_db.reenqueue_for_recovery(
                _workflow_id(claim.job_id, claim.run), [claim.executor], _QUEUE
            )

    def checkpoints(self, job_id: str, runs: Iterable[int]) -> list[tuple[str, JSON]]:
        """What the steps of these runs returned, as (step, result), in order."""
        with unreachable_is_gone():
            return [
                (step["function_name"], step["output"])
                for run in runs
                for step in self._client.list_workflow_steps(_workflow_id(job_id, run))
                if step["error"] is None
            ]

    def finished(self, limit: int) -> list[tuple[str, int]]:
        """Runs that are over, oldest first, as (job id, run)."""
        with unreachable_is_gone():
            rows = self._client.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                name=_WORKFLOW,
                limit=limit,
                load_input=False,
                load_output=False,
            )
        return [_job_and_run(row.workflow_id) for row in rows]

    def forget(self, runs: Iterable[tuple[str, int]]) -> None:
        """Delete runs with their checkpoints."""
        ids = [_workflow_id(*run) for run in runs]
        if ids:
            with unreachable_is_gone():
                self._client.delete_workflows(ids)

    def close(self) -> None:
        """Let go of the queue; the database stays open."""
        self._client.destroy()


@DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)  # we count attempts ourselves
def _run_job(_job_id: str) -> None:
    assert Executor.current is not None, "a workflow was started outside of an executor"
    assert DBOS.workflow_id is not None
    Executor.current.take(*_job_and_run(DBOS.workflow_id))


class Executor:
    """The queue as a worker sees it: takes workflows and runs ``work`` on them, in threads.

    One per process (DBOS is a singleton). ``work(job_id, run)`` ends a workflow by returning and
    leaves it to others by raising `Abandon`.

    Args:
        database: where the queue is.
        executor_id: must be new at every start of a process, or a restarted worker would claim
            again
            what recovery has just given away.
        slots: how many workflows may run here at a time.
        work: what to do with one.
    """

    current: ClassVar[Executor | None] = None

    def __init__(
        self,
        database: Database,
        *,
        executor_id: str,
        slots: int,
        work: Callable[[str, int], None],
    ) -> None:
        self._database = database
        self._executor_id = executor_id
        self._slots = slots
        self._work = work
        self._lock = threading.Lock()
        self._running = 0
        self._stopping = False

    def start(self) -> None:
        """Begin to take workflows."""
        client = DBOSClient(
            system_database_engine=self._database.engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=_APPLICATION,
        )
        # The limit lives in the queue's row and so is the same for all workers of one database.
        client.register_queue(_QUEUE, worker_concurrency=self._slots, polling_interval_sec=_POLL_S)
        client.destroy()
        Executor.current = self
        DBOS(
            config={
                "name": _APPLICATION,
                "system_database_engine": self._database.engine,
                "serializer": DBOSPortableJSONSerializer(),
                "application_version": _VERSION,
                "executor_id": self._executor_id,
                "run_migrations": False,
                "enable_otlp": False,
                "use_listen_notify": False,
                "log_level": logging.getLevelName(logging.WARNING),
            }
        )
        DBOS.listen_queues([_QUEUE])
        DBOS.launch()

    def take(self, job_id: str, run: int) -> None:
        """Work on one workflow, on its own thread.

        Raises:
            Abandon: it is for others.
        """
        with self._lock:
            if self._stopping:
                raise Abandon
            self._running += 1
        try:
            self._work(job_id, run)
        finally:
            with self._lock:
                self._running -= 1

    @staticmethod
    def step(name: str, work: Callable[[], JSON]) -> JSON:
        """Run ``work``, record and return its result; or return what was recorded.

        Call it on the workflow's own thread. An `Abandon` from ``work`` leaves no record.

        Raises:
            Abandon: somebody else holds the workflow by now.
            HistoryChanged: another step was recorded in this place.
            DatabaseGone: the result is not recorded.
        """
        try:
            with unreachable_is_gone():
                return DBOS.run_step({"name": name}, work)
        except dbos_error.DBOSWorkflowConflictIDError:
            raise Abandon from None
        except dbos_error.DBOSUnexpectedStepError as error:
            raise HistoryChanged(str(error)) from None

    def stop(self, timeout_s: float, stop_runs: Callable[[], None]) -> None:
        """Take nothing more, wait for what runs, have the rest stopped, let go of the queue.

        Args:
            timeout_s: how long runs may take to finish by themselves.
            stop_runs: called after that time; must make every ``work`` raise `Abandon` soon.
        """
        with self._lock:
            self._stopping = True
            idle = self._running == 0
        timer = threading.Timer(timeout_s, stop_runs)
        timer.start()
        try:
            # Not more than a look when nothing runs: DBOS sleeps before it looks.
            limit_s = 0 if idle else int(timeout_s) + _STOP_LIMIT_S
            DBOS.destroy(workflow_completion_timeout_sec=limit_s)
        finally:
            timer.cancel()
