"""Throws away what nobody needs any more: old outputs, scratch, secrets, answers, checkpoints."""

from __future__ import annotations

import logging
import re
import shutil
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from videngine.jobs import views
from videngine.jobs.database import Database, now
from videngine.jobs.queue import Queue
from videngine.jobs.tables import idempotency, jobs, secrets, webhooks, workers
from videngine.settings import Settings

log = logging.getLogger(__name__)

SECRETS_KEPT_S = 48 * 3600
"""Life of the secrets of a job that is not wholly done: for a retry, and its last webhooks."""

_EVERY_S = 60
_JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BATCH = 500
_WORKERS_KEPT_S = 24 * 3600


class Housekeeper:
    """Tidies up once a minute. Several may do so at once."""

    def __init__(self, settings: Settings, *, database: Database, queue: Queue) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue

    def run(self, stop: threading.Event) -> None:
        """Tidy up until told to stop."""
        while not stop.wait(_EVERY_S):
            try:
                self.tidy()
            except Exception:
                log.exception("tidying up failed")

    def tidy(self) -> None:
        """Tidy up once."""
        self._rows()
        self._checkpoints()
        self._outputs()
        self._scratch()

    def _rows(self) -> None:
        waiting = sa.exists().where(
            webhooks.c.job_id == secrets.c.job_id, webhooks.c.status == "pending"
        )
        job = sa.select(jobs.c.id).where(jobs.c.id == secrets.c.job_id)
        done = job.where(jobs.c.status == "completed", ~jobs.c.partial).exists()
        old = job.where(
            jobs.c.status.in_(views.TERMINAL), jobs.c.finished_at < now() - SECRETS_KEPT_S
        ).exists()
        with self._database.write() as connection:
            connection.execute(secrets.delete().where(~waiting, sa.or_(done, old)))
            connection.execute(idempotency.delete().where(idempotency.c.expires_at <= now()))
            connection.execute(
                workers.delete().where(workers.c.beat_until < now() - _WORKERS_KEPT_S)
            )

    def _checkpoints(self) -> None:
        finished = self._queue.finished(_BATCH)
        if finished:
            state = self._state({job_id for job_id, _ in finished})
            self._queue.forget(
                (job_id, run) for job_id, run in finished if not _needed(state, job_id, run)
            )

    def _outputs(self) -> None:
        kept_s = self._settings.retention_hours * 3600
        with self._database.read() as connection:
            due = connection.scalars(
                sa.select(jobs.c.id)
                .where(
                    jobs.c.status.in_(views.TERMINAL),
                    jobs.c.finished_at < now() - kept_s,
                    jobs.c.purged_at.is_(None),
                )
                .limit(_BATCH)
            ).all()
        folders = [self._settings.store_dir / job_id for job_id in due]
        folders += [
            folder
            for folder in _job_folders(self._settings.store_dir)
            if time.time() - folder.stat().st_mtime > kept_s
            and folder.name not in self._state({folder.name})
        ]
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        with self._database.write() as connection:
            connection.execute(jobs.update().where(jobs.c.id.in_(due)).values(purged_at=now()))

    def _scratch(self) -> None:
        for folder in _job_folders(self._settings.scratch_dir):
            starts = _folders(
                folder
            )  # listed before the look at the job: a new start is never in it
            state = self._state({folder.name})
            for start in starts:
                if start.name.isdigit() and not _needed(state, folder.name, int(start.name)):
                    shutil.rmtree(start, ignore_errors=True)
            if folder.name not in state:
                shutil.rmtree(folder, ignore_errors=True)

    def _state(self, job_ids: set[str]) -> dict[str, int]:
        """The first run of each job that is still needed; of settled ones, one after the last.

        Failed and partial jobs can be retried for a while: they count as if they were waiting.
        """
        kept_s = self._settings.retry_hours * 3600
        wanting = sa.or_(jobs.c.status == "failed", jobs.c.partial)
        waiting = sa.or_(
            jobs.c.status.not_in(views.TERMINAL),
            sa.and_(wanting, jobs.c.finished_at > now() - kept_s),
        )
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(jobs.c.id, jobs.c.first_run, jobs.c.run, waiting.label("waiting")).where(
                    jobs.c.id.in_(job_ids)
                )
            )
            return {row.id: row.first_run if row.waiting else row.run + 1 for row in rows}


def _needed(state: dict[str, int], job_id: str, run: int) -> bool:
    return job_id in state and run >= state[job_id]


def _folders(parent: Path) -> list[Path]:
    return [entry for entry in parent.iterdir() if entry.is_dir()] if parent.is_dir() else []


def _job_folders(parent: Path) -> list[Path]:
    """Folders that are named like jobs; the command line keeps others beside them."""
    return [folder for folder in _folders(parent) if _JOB_ID.fullmatch(folder.name)]
