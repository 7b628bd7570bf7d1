"""Finds the jobs of dead and hung workers and hands them back. The queue itself never looks."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

import sqlalchemy as sa

from videngine.jobs import machine
from videngine.jobs.database import Database, DatabaseGone, now
from videngine.jobs.queue import Claim
from videngine.jobs.tables import attempts, workers
from videngine.settings import Settings

log = logging.getLogger(__name__)


class Pulse(Protocol):
    """This worker's own heartbeats."""

    def steady_s(self) -> float:
        """For how long they have come through without a gap; 0 while they do not."""
        ...


class Claims(Protocol):
    """What a sweep asks of the queue."""

    def claims(self) -> list[Claim]:
        """As `Queue.claims`."""
        ...

    def hand_back(self, claim: Claim) -> bool:
        """As `Queue.hand_back`."""
        ...


class Sweeper:
    """Hands back the jobs of dead and hung workers, for as long as this one lives.

    Args:
        settings: how long a lease is, and how often to look.
        database: who is alive and what they hold.
        queue: what they have claimed.
        heart: whether this worker's own heartbeats come through.
    """

    def __init__(
        self, settings: Settings, *, database: Database, queue: Claims, heart: Pulse
    ) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._heart = heart

    def run(self, stop: threading.Event) -> None:
        """Sweep until told to stop."""
        while not stop.wait(self._settings.sweep_s):
            try:
                self.sweep()
            except DatabaseGone as error:
                log.warning("no sweep: %s", error)
            except Exception:
                log.exception("the sweep failed")

    def sweep(self) -> None:
        """Look once."""
        # After an outage of the database all leases look old: first let everybody beat again.
        steady = self._heart.steady_s() >= self._settings.lease_s
        for claim in self._lost(trust_leases=steady):
            if self._queue.hand_back(claim):
                log.warning("job %s taken back from worker %s", claim.job_id, claim.executor)

    def _lost(self, *, trust_leases: bool) -> list[Claim]:
        """What dead executors hold, and what live ones have claimed but do not work on."""
        claims = self._queue.claims()
        if not trust_leases:
            return [claim for claim in claims if machine.is_gone(claim.executor)]
        if not claims:
            return []
        with self._database.read() as connection:
            time_s = connection.scalar(sa.select(now())) or 0.0
            alive = set(
                connection.scalars(sa.select(workers.c.id).where(workers.c.beat_until > time_s))
            )
            held = {
                (row.job_id, row.run)
                for row in connection.execute(
                    # Those that have ended too: the queue hears of it a moment later.
                    sa.select(attempts.c.job_id, attempts.c.run).where(
                        attempts.c.lease_until > time_s
                    )
                )
            }
        hung_before = time_s - 2 * self._settings.lease_s
        return [
            claim
            for claim in claims
            if machine.is_gone(claim.executor)
            or claim.executor not in alive
            or ((claim.job_id, claim.run) not in held and claim.claimed_at < hung_before)
        ]
