"""A worker: a process that takes jobs, keeps leases, buries dead colleagues, delivers webhooks."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import sqlalchemy as sa

from videngine.jobs import machine
from videngine.jobs.attempts import Attempts
from videngine.jobs.database import Database, DatabaseGone
from videngine.jobs.heart import Heart
from videngine.jobs.housekeeping import Housekeeper
from videngine.jobs.migration import migrate
from videngine.jobs.queue import Executor, Queue
from videngine.jobs.sweeper import Sweeper
from videngine.jobs.tables import workers
from videngine.jobs.webhooks import Deliverer
from videngine.jobs.workflow import JobRunner
from videngine.keyring import Keyring
from videngine.settings import Settings
from videngine.storage.guard import GuardedClient

if TYPE_CHECKING:
    from videngine.jobs.workflow import RunJob

log = logging.getLogger(__name__)

_DELIVERERS = 3


def run_worker(settings: Settings, *, stop: threading.Event, run_job: RunJob | None = None) -> None:
    """Work until ``stop`` is set; then give running jobs ``drain_s`` and hand back what is left.

    One per process. Never imports the engine: that lives in the children that the flow starts.

    Args:
        settings: the operator's.
        stop: asks for the end; a signal handler may set it.
        run_job: the flow; by default `videngine.flow.run_job`.
    """
    if run_job is None:
        from videngine.flow import run_job as flow

        run_job = flow
    database = Database(settings)
    migrate(database)
    queue = Queue(database)
    try:
        _Worker(settings, database, queue, run_job).run(stop)
    finally:
        queue.close()
        database.close()


def run_process(
    settings: Settings, *, stop: threading.Event, run_job: RunJob | None = None
) -> NoReturn:
    """`run_worker` as all that a process does; ends it.

    The queue lets a run that was taken from this worker wait in its thread for what another makes
    of it, and Python would wait for the thread. Everything is handed back by then.
    """
    run_worker(settings, stop=stop, run_job=run_job)
    logging.shutdown()
    os._exit(0)


class _Worker:
    """The parts of a worker and the order in which they start and end."""

    def __init__(
        self, settings: Settings, database: Database, queue: Queue, run_job: RunJob
    ) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._id = machine.new_worker_id()
        keyring = Keyring.load(settings)
        self._attempts = Attempts(settings, database=database, queue=queue, keyring=keyring)
        self._runner = JobRunner(
            settings, attempts=self._attempts, queue=queue, worker=self._id, run_job=run_job
        )
        self._executor = Executor(
            database, executor_id=self._id, slots=settings.worker_slots, work=self._runner
        )
        self._heart = Heart(settings, self._attempts, self._runner, self._id)
        self._sweeper = Sweeper(settings, database=database, queue=queue, heart=self._heart)
        self._deliverer = Deliverer(
            settings, database=database, keyring=keyring, client=GuardedClient(settings)
        )
        self._housekeeper = Housekeeper(settings, database=database, queue=queue)

    def run(self, stop: threading.Event) -> None:
        ended = threading.Event()
        threads = [
            threading.Thread(target=part, args=(ended,), name=name, daemon=True)
            for name, part in (
                ("heart", self._heart.run),
                ("sweeper", self._sweeper.run),
                # Several, so that a receiver that hangs holds up its own events only.
                *((f"deliverer-{n}", self._deliverer.run) for n in range(_DELIVERERS)),
                ("housekeeper", self._housekeeper.run),
            )
        ]
        self._heart.beat()  # nobody may find us working before we are known
        for thread in threads:
            thread.start()
        self._executor.start()
        log.info("worker %s takes jobs (%d at a time)", self._id, self._settings.worker_slots)
        try:
            stop.wait()
        finally:
            log.info("worker %s stops", self._id)
            self._executor.stop(self._settings.drain_s, lambda: self._runner.stop_all("released"))
            ended.set()
            for thread in threads:
                thread.join()
            self._leave()

    def _leave(self) -> None:
        """Hand back at once what others would find out about in time."""
        with suppress(DatabaseGone, sa.exc.OperationalError):
            for claim in self._queue.claims():
                if claim.executor == self._id:
                    self._queue.hand_back(claim)
            with self._database.write() as connection:
                connection.execute(workers.delete().where(workers.c.id == self._id))
