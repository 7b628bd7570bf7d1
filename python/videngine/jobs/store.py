"""The jobs as their owners see them: every query names the tenant, others' jobs do not exist."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from videngine.errors import VidengineError
from videngine.jobs import views
from videngine.jobs.database import Database, now
from videngine.jobs.outbox import put_event
from videngine.jobs.queue import Queue
from videngine.jobs.tables import attempts, idempotency, jobs, secrets
from videngine.keyring import Keyring
from videngine.settings import Settings

JSON = dict[str, Any]

IDEMPOTENCY_S = 7 * 24 * 3600
EDITABLE_WHILE_PROCESSING = frozenset({"webhook_config", "payload", "priority"})


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A request that has been checked. Only ``request`` holds secrets; it is stored encrypted."""

    video_id: str
    request: JSON
    echo: JSON
    warnings: list[JSON]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list shows. Times are seconds since 1970."""

    page: int = 1
    limit: int = 20
    status: str | None = None
    video_id: str | None = None
    created_after: float | None = None
    created_before: float | None = None
    newest_first: bool = True


def _not_found() -> VidengineError:
    return VidengineError("not_found", "There is no such job.")


def _not_editable(why: str) -> VidengineError:
    return VidengineError("job_not_editable", why)


class JobStore:
    """Accepts, shows, edits, cancels, retries and deletes jobs. Safe to use from several threads.

    All methods raise `DatabaseGone` when the database does not answer, and ``not_found`` for an id
    that is not the tenant's.
    """

    def __init__(
        self, settings: Settings, *, database: Database, queue: Queue, keyring: Keyring
    ) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._keyring = keyring

    def accept(self, tenant: str, new: NewJob, *, idempotency_key: str | None) -> tuple[JSON, bool]:
        """Store and queue a job: all of it is on disk when this returns, or none.

        Returns:
            The job as the answer shows it, and whether it is the answer to an earlier request with
            this key.

        Raises:
            VidengineError: ``idempotency_conflict``, ``queue_full``.
        """
        mac = self._keyring.sign("idempotency", _canonical(new.request))
        with self._database.write() as connection:
            if idempotency_key is not None:
                earlier = self._earlier(connection, tenant, idempotency_key, mac)
                if earlier is not None:
                    return earlier, True
            waiting = connection.scalar(
                sa.select(sa.func.count()).select_from(jobs).where(jobs.c.status == "queued")
            )
            if (waiting or 0) >= self._settings.max_queued_jobs:
                raise VidengineError(
                    "queue_full", f"{waiting} jobs are waiting. Try again later.", retryable=True
                )
            job_id = str(uuid.uuid4())
            created_at = connection.scalar(sa.select(now())) or 0.0
            position = connection.scalar(
                jobs.insert()
                .returning(jobs.c.seq)
                .values(
                    id=job_id,
                    tenant=tenant,
                    video_id=new.video_id,
                    status="queued",
                    run=1,
                    first_run=1,
                    failures=0,
                    created_at=created_at,
                    echo=new.echo,
                    warnings=new.warnings,
                )
            )
            assert position is not None
            self._seal(connection, tenant, job_id, new.request)
            self._queue.submit(
                connection,
                job_id=job_id,
                run=1,
                position=position,
                priority=new.echo.get("priority") or 0,
            )
            put_event(connection, job_id, "job.queued")
            answer = {
                **new.echo,
                "id": job_id,
                "status": "queued",
                "warnings": new.warnings,
                "created_at": views.timestamp(created_at),
            }
            if idempotency_key is not None:
                connection.execute(
                    idempotency.insert().values(
                        tenant=tenant,
                        key=idempotency_key,
                        request_mac=mac,
                        job_id=job_id,
                        answer=answer,
                        expires_at=created_at + IDEMPOTENCY_S,
                    )
                )
        return answer, False

    def get(self, tenant: str, job_id: str) -> JSON:
        """One job in full."""
        with self._database.read() as connection:
            return views.detail(connection, self._job(connection, tenant, job_id))

    def get_by_link(self, job_id: str) -> JSON:
        """One job in full, for a bearer of its path token; the caller has checked that."""
        with self._database.read() as connection:
            job = connection.execute(
                sa.select(jobs).where(jobs.c.id == job_id, jobs.c.deleted_at.is_(None))
            )
            row = job.mappings().first()
            if row is None:
                raise _not_found()
            return views.detail(connection, row)

    def list(self, tenant: str, filters: Filters) -> tuple[list[JSON], int]:
        """A page of jobs, and how many match in all."""
        mine = [jobs.c.tenant == tenant, jobs.c.deleted_at.is_(None)]
        if filters.status is not None:
            mine.append(jobs.c.status == filters.status)
        if filters.video_id is not None:
            mine.append(jobs.c.video_id == filters.video_id)
        if filters.created_after is not None:
            mine.append(jobs.c.created_at >= filters.created_after)
        if filters.created_before is not None:
            mine.append(jobs.c.created_at < filters.created_before)
        oldest_first: list[sa.ColumnElement[Any]] = [jobs.c.created_at, jobs.c.seq]
        order = [c.desc() for c in oldest_first] if filters.newest_first else oldest_first
        page = (
            views.summaries()
            .where(*mine)
            .order_by(*order)
            .limit(filters.limit)
            .offset((filters.page - 1) * filters.limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(page).mappings().all()
            total = connection.scalar(sa.select(sa.func.count()).select_from(jobs).where(*mine))
        return [views.summary(dict(row)) for row in rows], total or 0

    def edit(
        self, tenant: str, job_id: str, changed: set[str], change: Callable[[JSON], NewJob]
    ) -> JSON:
        """Replace the request of a job that waits; of one that runs only where it is told of.

        Args:
            tenant: the owner.
            job_id: the job.
            changed: names of the fields that are to change.
            change: makes the new request from the stored one, and checks it.

        Raises:
            VidengineError: ``job_not_editable``, and whatever ``change`` raises.
        """
        with self._database.write() as connection:
            job = self._job(connection, tenant, job_id)
            if job["status"] in views.TERMINAL:
                raise _not_editable(f"The job is {job['status']}. Post a new one.")
            if job["status"] == "processing" and not changed <= EDITABLE_WHILE_PROCESSING:
                fields = ", ".join(sorted(changed - EDITABLE_WHILE_PROCESSING))
                raise _not_editable(f"The job is being processed: {fields} cannot change any more.")
            new = change(self._open(connection, job))
            connection.execute(
                jobs.update()
                .where(jobs.c.id == job_id)
                .values(video_id=new.video_id, echo=new.echo, warnings=new.warnings)
            )
            self._seal(connection, tenant, job_id, new.request)
            edited = self._job(connection, tenant, job_id)
            if job["status"] == "queued" and views.priority(edited) != views.priority(job):
                # A run of its own at the new place; the one at the old place finds itself outdated.
                run = job["run"] + 1
                connection.execute(jobs.update().where(jobs.c.id == job_id).values(run=run))
                self._submit(connection, edited, run, again=job["started_at"] is not None)
            return views.detail(connection, self._job(connection, tenant, job_id))

    def cancel(self, tenant: str, job_id: str) -> JSON:
        """Cancel at once what waits, ask a worker to stop what runs. Canceling twice is no fault.

        Raises:
            VidengineError: ``job_not_editable`` once the job is completed or failed.
        """
        with self._database.write() as connection:
            job = self._job(connection, tenant, job_id)
            if job["status"] in ("completed", "failed"):
                raise _not_editable(f"The job is {job['status']} already.")
            if job["status"] != "canceled":
                self._stop(connection, job)
            return views.detail(connection, self._job(connection, tenant, job_id))

    def retry(self, tenant: str, job_id: str, *, everything: bool = False) -> JSON:
        """Queue a failed, partial or canceled job again.

        What earlier runs have finished is not done again if it is still there; a canceled job
        begins anew.

        Args:
            tenant: the owner.
            job_id: the job.
            everything: begin anew in any case.

        Raises:
            VidengineError: ``job_not_editable`` in every other state, and when its secrets have
            been deleted.
        """
        with self._database.write() as connection:
            job = self._job(connection, tenant, job_id)
            if job["status"] not in ("failed", "canceled") and not job["partial"]:
                raise _not_editable(
                    f"The job is {job['status']}; only failed, partial and canceled jobs can be "
                    "retried."
                )
            if not self._has_secrets(connection, job_id):
                raise _not_editable("The job's credentials have been deleted since. Post it again.")
            run = job["run"] + 1
            anew = everything or job["status"] == "canceled" or job["purged_at"] is not None
            connection.execute(
                jobs.update()
                .where(jobs.c.id == job_id)
                .values(
                    status="queued",
                    run=run,
                    first_run=run if anew else job["first_run"],
                    retry_run=run,
                    partial=False,
                    purged_at=None,
                    failures=0,
                    started_at=None,
                    finished_at=None,
                    cancel_requested_at=None,
                    report=None,
                    error=None,
                )
            )
            self._submit(connection, job, run, again=True)
            put_event(connection, job_id, "job.queued")
            return views.detail(connection, self._job(connection, tenant, job_id))

    def _submit(
        self, connection: sa.Connection, job: sa.RowMapping, run: int, *, again: bool
    ) -> None:
        """Queue another run of a job that has been queued before."""
        self._queue.submit(
            connection,
            job_id=job["id"],
            run=run,
            position=job["seq"],
            priority=views.priority(job),
            again=again,
        )

    def delete(self, tenant: str, job_id: str) -> None:
        """Delete the record; what runs is stopped first, by its worker, and vanishes then."""
        with self._database.write() as connection:
            job = self._job(connection, tenant, job_id)
            if job["status"] == "processing":
                self._stop(connection, job)
            still = connection.scalar(sa.select(jobs.c.status).where(jobs.c.id == job_id))
            if still == "processing":
                connection.execute(
                    jobs.update().where(jobs.c.id == job_id).values(deleted_at=now())
                )
            else:
                connection.execute(jobs.delete().where(jobs.c.id == job_id))

    def _job(self, connection: sa.Connection, tenant: str, job_id: str) -> sa.RowMapping:
        row = (
            connection.execute(
                sa.select(jobs).where(
                    jobs.c.id == job_id, jobs.c.tenant == tenant, jobs.c.deleted_at.is_(None)
                )
            )
            .mappings()
            .first()
        )
        if row is None:
            raise _not_found()
        return row

    def _stop(self, connection: sa.Connection, job: sa.RowMapping) -> None:
        live = connection.execute(
            attempts.update()
            .where(
                attempts.c.job_id == job["id"],
                attempts.c.ended_at.is_(None),
                attempts.c.lease_until > now(),
            )
            .values(cancel_requested=True)
        ).rowcount
        values: JSON = {"cancel_requested_at": sa.func.coalesce(jobs.c.cancel_requested_at, now())}
        if not live:  # nobody is there who would have to be asked
            values |= {"status": "canceled", "finished_at": now()}
        connection.execute(jobs.update().where(jobs.c.id == job["id"]).values(**values))
        if not live:
            connection.execute(
                attempts.update()
                .where(attempts.c.job_id == job["id"], attempts.c.ended_at.is_(None))
                .values(ended_at=now(), outcome="lost")
            )
            put_event(connection, job["id"], "job.canceled")

    def _earlier(self, connection: sa.Connection, tenant: str, key: str, mac: str) -> JSON | None:
        mine = (idempotency.c.tenant == tenant, idempotency.c.key == key)
        connection.execute(idempotency.delete().where(*mine, idempotency.c.expires_at <= now()))
        if self._database.engine.dialect.name == "postgresql":
            # SQLite's writers are one at a time; here the same key must wait for the other's
            # commit.
            connection.execute(
                sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"{tenant}\n{key}")))
            )
        row = connection.execute(sa.select(idempotency).where(*mine)).first()
        if row is None:
            return None
        if row.request_mac != mac:
            raise VidengineError(
                "idempotency_conflict",
                f"This Idempotency-Key was used for another request (job {row.job_id}).",
            )
        answer: JSON = row.answer
        return answer

    def _seal(self, connection: sa.Connection, tenant: str, job_id: str, request: JSON) -> None:
        key_id, envelope = self._keyring.seal(request, bound_to=f"{tenant}\n{job_id}")
        values = {"key_id": key_id, "envelope": envelope}
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(secrets)
            .values(job_id=job_id, **values)
            .on_conflict_do_update(index_elements=["job_id"], set_=values)
        )

    def _open(self, connection: sa.Connection, job: sa.RowMapping) -> JSON:
        return open_request(connection, self._keyring, job)

    @staticmethod
    def _has_secrets(connection: sa.Connection, job_id: str) -> bool:
        return (
            connection.scalar(
                sa.select(sa.func.count()).select_from(secrets).where(secrets.c.job_id == job_id)
            )
            == 1
        )


def open_request(connection: sa.Connection, keyring: Keyring, job: sa.RowMapping) -> JSON:
    """The request of a job as it was posted, secrets and all.

    Raises:
        KeyError: it has been deleted, or no key opens it.
    """
    row = connection.execute(sa.select(secrets).where(secrets.c.job_id == job["id"])).first()
    if row is None:
        raise KeyError("the job's secrets have been deleted")
    return keyring.open(row.key_id, row.envelope, bound_to=f"{job['tenant']}\n{job['id']}")


def _canonical(request: JSON) -> bytes:
    text = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
