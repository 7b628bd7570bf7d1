"""The heartbeat of a worker: lease, progress and the wish to stop in one statement for each run."""

from __future__ import annotations

import logging
import threading
import time

from videngine.jobs.attempts import Attempts
from videngine.jobs.database import DatabaseGone
from videngine.jobs.workflow import JobRunner
from videngine.settings import Settings

log = logging.getLogger(__name__)

_BEAT_S = 1.0


class Heart:
    """Renews the leases of all runs once a second and tells them to stop. Has its own thread.

    Args:
        settings: how long a lease is.
        attempts: renews them.
        runner: the runs of this worker.
        worker: its id.
    """

    def __init__(
        self, settings: Settings, attempts: Attempts, runner: JobRunner, worker: str
    ) -> None:
        self._attempts = attempts
        self._runner = runner
        self._worker = worker
        self._gap_s = max(2 * _BEAT_S, settings.lease_s / 3)
        self._first: float | None = None  # monotonic, of beats without a gap
        self._last = 0.0

    def run(self, stop: threading.Event) -> None:
        """Beat until told to stop."""
        while not stop.wait(_BEAT_S):
            try:
                self.beat()
            except DatabaseGone as error:
                self._first = None
                log.warning("no heartbeat: %s", error)
            except Exception:
                self._first = None
                log.exception("no heartbeat")

    def beat(self) -> None:
        """One beat for all runs of this moment.

        Raises:
            DatabaseGone: nothing was renewed; running encodes go on.
        """
        runs = self._runner.active()
        held = self._attempts.beat(self._worker, [run.beat() for run in runs])
        for run in runs:
            if run.attempt.id not in held:
                run.stop("fenced")
            elif held[run.attempt.id]:
                run.stop("canceled")
        time_s = time.monotonic()
        if self._first is None or time_s - self._last > self._gap_s:
            self._first = time_s
        self._last = time_s

    def steady_s(self) -> float:
        """For how long beats have come through without a gap; 0 while they do not."""
        first, time_s = self._first, time.monotonic()
        # One that waits for the database has not failed yet, and says as little about others.
        if first is None or time_s - self._last > self._gap_s:
            return 0.0
        return time_s - first
