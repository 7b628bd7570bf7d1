"""Events on their way out: written in the transaction of the change that they tell of."""

from __future__ import annotations

import json
import uuid
from typing import Any

import sqlalchemy as sa

from videngine.jobs import views
from videngine.jobs.database import now
from videngine.jobs.tables import jobs, webhooks
from videngine.spec.webhook import DEFAULT_EVENTS


def subscribed(job: sa.RowMapping) -> tuple[str, ...]:
    """The events that the job's owner wants to hear of; none without a ``webhook_config``."""
    config = job["echo"].get("webhook_config")
    if not config:
        return ()
    return tuple(config.get("events") or DEFAULT_EVENTS)


def put_event(
    connection: sa.Connection, job_id: str, event: str, *, output: dict[str, Any] | None = None
) -> None:
    """Queue one event about a job as it stands in this transaction, if its owner wants it.

    Args:
        connection: the transaction that made the change.
        job_id: the job.
        event: its name, e.g. ``job.completed``.
        output: the one output that an ``output.*`` event is about.
    """
    job = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().one()
    if event not in subscribed(job):
        return
    time_s = connection.scalar(sa.select(now())) or 0.0
    event_id = f"evt_{uuid.uuid4().hex}"
    body = views.event(connection, job, event=event, event_id=event_id, time_s=time_s)
    if output is not None:
        body["output"] = output
    connection.execute(
        webhooks.insert().values(
            id=event_id,
            job_id=job_id,
            event=event,
            body=json.dumps(body),
            status="pending",
            next_at=time_s,
            created_at=time_s,
        )
    )
