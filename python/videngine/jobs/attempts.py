"""Attempts at jobs: all that a worker may do with one, each in a transaction that a token guards.

Every dispatch of a workflow is an attempt. It holds the job for as long as its lease is renewed and
its row is not ended; whoever takes the job away ends the row first, and from then on nothing that
the attempt writes counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from videngine.errors import VidengineError, WorkerLost
from videngine.jobs import machine, views
from videngine.jobs.database import Database, now
from videngine.jobs.outbox import put_event
from videngine.jobs.queue import Queue
from videngine.jobs.store import open_request
from videngine.jobs.tables import attempts, jobs, workers
from videngine.keyring import Keyring
from videngine.settings import Settings

JSON = dict[str, Any]


class Fenced(Exception):
    """The attempt no longer holds its job: somebody else took it, or it was deleted."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The right to work on a job. ``resumes`` are the runs whose checkpoints hold for this one."""

    id: int
    token: str
    job_id: str
    run: int
    first_run: int
    retry_run: int
    request: JSON = field(repr=False)
    progress: float
    warnings: list[JSON]

    @property
    def resumes(self) -> range:
        """Runs from the last fresh start to this one."""
        return range(self.first_run, self.run + 1)


@dataclass(kw_only=True)
class Beat:
    """What one attempt has to say once a second; ``progress`` is 0 to 1."""

    attempt: Attempt
    phase: str
    progress: float
    outputs: list[tuple[int, str, float]]
    warnings: list[JSON]
    events: list[tuple[str, JSON | None]]


class Attempts:
    """Starts, renews and ends attempts. Safe to use from several threads."""

    def __init__(
        self, settings: Settings, *, database: Database, queue: Queue, keyring: Keyring
    ) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._keyring = keyring

    def begin(self, job_id: str, run: int, worker: str, *, scratch_exists: bool) -> Attempt | None:
        """Start an attempt, or settle the job if it is canceled, deleted or was tried too often.

        Args:
            job_id: the job.
            run: the run that the queue gave out.
            worker: who is to work on it.
            scratch_exists: whether the job's files are on this machine.
        """
        with self._database.write() as connection:
            job = self._row(connection, job_id)
            if job is None or job["run"] != run or job["status"] in views.TERMINAL:
                return None
            last = self._last(connection, job_id)
            failures = job["failures"]
            if last is not None and last["ended_at"] is None:
                self._end(connection, last["id"], "lost")
                failures += 1
                connection.execute(
                    jobs.update().where(jobs.c.id == job_id).values(failures=failures)
                )
            if job["cancel_requested_at"] is not None:
                self._settle(connection, job, "canceled")
                return None
            if failures >= self._settings.max_attempts:
                lost = WorkerLost(
                    "worker_lost", f"The worker died in each of {failures} attempts at this job."
                )
                self._settle(connection, job, "failed", error=lost)
                return None
            if last is not None and last["run"] >= job["first_run"]:
                resumable = scratch_exists and _has_left(last)
                if not resumable:
                    self._start_over(connection, job)
                    return None
            return self._start(connection, job, worker, last)

    def beat(self, worker: str, beats: Iterable[Beat]) -> dict[int, bool]:
        """Renew the leases of worker and attempts, write their progress, read their cancel flags.

        Returns:
            For each attempt that still holds its job, by id, whether it is to be canceled.
        """
        lease_until = now() + self._settings.lease_s
        held: dict[int, bool] = {}
        with self._database.write() as connection:
            known = connection.execute(
                workers.update().where(workers.c.id == worker).values(beat_until=lease_until)
            ).rowcount
            if not known:
                connection.execute(
                    workers.insert().values(id=worker, started_at=now(), beat_until=lease_until)
                )
            for beat in beats:
                cancel = connection.execute(
                    attempts.update()
                    .where(*_holds(beat.attempt))
                    .values(
                        lease_until=lease_until,
                        phase=beat.phase,
                        progress=beat.progress,
                        outputs=[list(o) for o in beat.outputs],
                        warnings=beat.warnings,
                    )
                    .returning(attempts.c.cancel_requested)
                ).first()
                if cancel is None:
                    continue
                held[beat.attempt.id] = cancel.cancel_requested
                for event, output in beat.events:
                    put_event(connection, beat.attempt.job_id, event, output=output)
        return held

    def finish(self, attempt: Attempt, report: JSON, last: Beat) -> None:
        """Settle the job by the report of its run, and by what that had to say in the end.

        Raises:
            Fenced: the attempt no longer holds the job.
        """
        error = None
        if report["status"] == "failed":
            fault = report.get("error") or {}
            error = VidengineError(
                fault.get("code", "internal_error"),
                fault.get("message", "The job failed without a reason."),
            )
        with self._database.write() as connection:
            job = self._ended(connection, attempt, "failed" if error else "finished", error, last)
            self._settle(
                connection, job, "failed" if error else "completed", error=error, report=report
            )

    def fail(self, attempt: Attempt, error: VidengineError, last: Beat) -> bool:
        """End a failed attempt; queue another one if there is hope. True if that is so.

        Raises:
            Fenced: the attempt no longer holds the job.
        """
        with self._database.write() as connection:
            job = self._ended(connection, attempt, "failed", error, last)
            failures = job["failures"] + 1
            connection.execute(
                jobs.update().where(jobs.c.id == job["id"]).values(failures=failures)
            )
            if job["cancel_requested_at"] is not None:
                self._settle(connection, job, "canceled")
                return False
            if not error.retryable or failures >= self._settings.max_attempts:
                self._settle(connection, job, "failed", error=error)
                return False
            delay_s = min(self._settings.retry_delay_s * 4 ** (failures - 1), 600)
            self._queue_next(connection, job, first_run=job["first_run"], delay_s=delay_s)
            return True

    def cancel(self, attempt: Attempt) -> None:
        """Settle a job whose work was stopped because its owner asked for it.

        Raises:
            Fenced: the attempt no longer holds the job.
        """
        with self._database.write() as connection:
            self._settle(connection, self._ended(connection, attempt, "finished"), "canceled")

    def release(self, attempt: Attempt) -> None:
        """Give a job back unfinished; the next attempt goes on behind the last checkpoint.

        Raises:
            Fenced: the attempt no longer holds the job.
        """
        with self._database.write() as connection:
            job = self._ended(connection, attempt, "released")
            connection.execute(jobs.update().where(jobs.c.id == job["id"]).values(status="queued"))

    def start_over(self, attempt: Attempt) -> None:
        """End an attempt whose checkpoints are of no use, and begin anew without them.

        Raises:
            Fenced: the attempt no longer holds the job.
        """
        with self._database.write() as connection:
            self._start_over(connection, self._ended(connection, attempt, "released"))

    def _row(self, connection: sa.Connection, job_id: str) -> sa.RowMapping | None:
        return connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().first()

    def _last(self, connection: sa.Connection, job_id: str) -> sa.RowMapping | None:
        return (
            connection.execute(
                sa.select(attempts)
                .where(attempts.c.job_id == job_id)
                .order_by(attempts.c.id.desc())
                .limit(1)
            )
            .mappings()
            .first()
        )

    def _start(
        self, connection: sa.Connection, job: sa.RowMapping, worker: str, last: sa.RowMapping | None
    ) -> Attempt | None:
        try:
            request = open_request(connection, self._keyring, job)
        except KeyError as error:
            self._settle(
                connection, job, "failed", error=VidengineError("internal_error", error.args[0])
            )
            return None
        resumed = last is not None and last["run"] >= job["first_run"]
        progress, warnings = (0.0, [])
        if last is not None and resumed:
            progress, warnings = last["progress"], last["warnings"]
        token = secrets.token_hex(16)
        attempt_id = connection.scalar(
            attempts.insert()
            .returning(attempts.c.id)
            .values(
                job_id=job["id"],
                run=job["run"],
                worker=worker,
                token=token,
                lease_until=now() + self._settings.lease_s,
                progress=progress,
                warnings=warnings,
                started_at=now(),
            )
        )
        assert attempt_id is not None
        connection.execute(
            jobs.update()
            .where(jobs.c.id == job["id"])
            .values(status="processing", started_at=sa.func.coalesce(jobs.c.started_at, now()))
        )
        if job["started_at"] is None:
            put_event(connection, job["id"], "job.processing")
        return Attempt(
            id=attempt_id,
            token=token,
            job_id=job["id"],
            run=job["run"],
            first_run=job["first_run"],
            retry_run=job["retry_run"],
            request=request,
            progress=progress,
            warnings=warnings,
        )

    def _ended(
        self,
        connection: sa.Connection,
        attempt: Attempt,
        outcome: str,
        error: VidengineError | None = None,
        last: Beat | None = None,
    ) -> sa.RowMapping:
        """End an attempt that still holds its job, and return the job."""
        values: JSON = {"ended_at": now(), "outcome": outcome, "error": _public(error)}
        if last is not None:
            values |= {"progress": last.progress, "warnings": last.warnings}
        ended = connection.execute(
            attempts.update().where(*_holds(attempt)).values(**values)
        ).rowcount
        job = self._row(connection, attempt.job_id)
        if not ended or job is None:
            raise Fenced(attempt.job_id)
        return job

    def _end(self, connection: sa.Connection, attempt_id: int, outcome: str) -> None:
        connection.execute(
            attempts.update()
            .where(attempts.c.id == attempt_id)
            .values(ended_at=now(), outcome=outcome)
        )

    def _settle(
        self,
        connection: sa.Connection,
        job: sa.RowMapping,
        status: str,
        *,
        error: VidengineError | None = None,
        report: JSON | None = None,
    ) -> None:
        if job["deleted_at"] is not None:
            connection.execute(jobs.delete().where(jobs.c.id == job["id"]))
            return
        connection.execute(
            jobs.update()
            .where(jobs.c.id == job["id"])
            .values(
                status=status,
                finished_at=now(),
                error=_public(error),
                report=report,
                partial=bool((report or {}).get("partial")),
            )
        )
        for output in (report or {}).get("outputs", []):
            if output["status"] in ("completed", "failed"):
                put_event(connection, job["id"], f"output.{output['status']}", output=output)
        put_event(connection, job["id"], f"job.{status}")

    def _start_over(self, connection: sa.Connection, job: sa.RowMapping) -> None:
        self._queue_next(connection, job, first_run=job["run"] + 1, delay_s=0)

    def _queue_next(
        self, connection: sa.Connection, job: sa.RowMapping, *, first_run: int, delay_s: float
    ) -> None:
        run = job["run"] + 1
        connection.execute(
            jobs.update()
            .where(jobs.c.id == job["id"])
            .values(status="queued", run=run, first_run=first_run)
        )
        self._queue.submit(
            connection,
            job_id=job["id"],
            run=run,
            position=job["seq"],
            priority=views.priority(job),
            again=True,
            delay_s=delay_s,
        )


def _holds(attempt: Attempt) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        attempts.c.id == attempt.id,
        attempts.c.token == attempt.token,
        attempts.c.ended_at.is_(None),
    )


def _has_left(attempt: sa.RowMapping) -> bool:
    """Whether the files of this attempt are here and nobody can still be writing to them."""
    worker = attempt["worker"]
    ended_by_itself = attempt["outcome"] in ("finished", "failed", "released")
    return machine.is_here(worker) and (ended_by_itself or machine.is_gone(worker))


def _public(error: VidengineError | None) -> JSON | None:
    return None if error is None else {"code": error.code, "message": error.message}
