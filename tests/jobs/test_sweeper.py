"""What a sweep takes back, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from service import Api
from videngine.jobs import machine
from videngine.jobs.database import Database, now
from videngine.jobs.queue import Claim
from videngine.jobs.sweeper import Sweeper
from videngine.jobs.tables import attempts, workers


@dataclass
class Held:
    """A queue of which one run is held."""

    claim: Claim
    handed_back: list[Claim] = field(default_factory=list)

    def claims(self) -> list[Claim]:
        return [self.claim]

    def hand_back(self, claim: Claim) -> bool:
        self.handed_back.append(claim)
        return True


class Steady:
    """Heartbeats that come through."""

    def steady_s(self) -> float:
        return 3600


@pytest.mark.parametrize(
    ("ended", "left_s", "taken"),
    [
        (False, 5, False),  # it works on it
        (True, 5, False),  # it has just ended: the queue is about to hear of it
        (True, -5, True),
        (False, -5, True),
    ],
)
def test_a_run_is_taken_from_a_worker_that_does_not_work_on_it(
    api: Api, *, ended: bool, left_s: float, taken: bool
) -> None:
    job_id = api.post()
    database = Database(api.settings)
    me = machine.new_worker_id()
    try:
        with database.write() as connection:
            time_s = connection.scalar(sa.select(now())) or 0.0
            connection.execute(
                workers.insert().values(id=me, started_at=time_s, beat_until=time_s + 60)
            )
            fields: dict[str, Any] = {"job_id": job_id, "run": 1, "worker": me, "token": "t"}
            connection.execute(
                attempts.insert().values(
                    **fields,
                    lease_until=time_s + left_s,
                    started_at=time_s - 3600,
                    ended_at=time_s if ended else None,
                )
            )
        queue = Held(Claim(job_id=job_id, run=1, executor=me, claimed_at=time_s - 3600))
        sweeper = Sweeper(api.settings, database=database, queue=queue, heart=Steady())
        sweeper.sweep()
        assert bool(queue.handed_back) is taken
    finally:
        database.close()
