"""What our tables hold. The queue's own tables are never named here, ours never by the queue."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

metadata = sa.MetaData()

jobs = sa.Table(
    "tc_jobs",
    metadata,
    # Order of acceptance; the queue's priority is made from it.
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(36), nullable=False, unique=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("video_id", sa.String(255), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    # Which workflow is the job's current one (`<id>:<run>`), and from which on its checkpoints
    # hold.
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("first_run", sa.Integer, nullable=False),
    # The last run that its owner asked for: what failed before is tried again in it.
    sa.Column("retry_run", sa.Integer, nullable=False, default=0),
    sa.Column("failures", sa.Integer, nullable=False),  # attempts that count against max_attempts
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("started_at", sa.Float),
    sa.Column("finished_at", sa.Float),
    sa.Column("cancel_requested_at", sa.Float),
    sa.Column("deleted_at", sa.Float),
    sa.Column("echo", sa.JSON, nullable=False),  # the request as answers show it: no secrets
    sa.Column("warnings", sa.JSON, nullable=False),
    sa.Column("report", sa.JSON),
    sa.Column("partial", sa.Boolean, nullable=False, default=False),  # not all that was asked for
    sa.Column("error", sa.JSON),
    sa.Column("purged_at", sa.Float),  # its files in the default store are gone
    # One for each way to list, in the order of the list.
    sa.Index("tc_jobs_by_tenant", "tenant", "deleted_at", "created_at", "seq"),
    sa.Index("tc_jobs_by_status", "tenant", "deleted_at", "status", "created_at", "seq"),
    sa.Index("tc_jobs_by_video", "tenant", "deleted_at", "video_id", "created_at", "seq"),
    sa.Index("tc_jobs_waiting", "status", "finished_at"),
    sqlite_autoincrement=True,
)

attempts = sa.Table(
    "tc_attempts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("job_id", sa.ForeignKey("tc_jobs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("worker", sa.String(200), nullable=False),
    # Every write of the attempt names it; whoever takes the job away ends the attempt first.
    sa.Column("token", sa.String(64), nullable=False),
    sa.Column("lease_until", sa.Float, nullable=False),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, default=False),
    sa.Column("phase", sa.String(16), nullable=False, default=""),
    sa.Column("progress", sa.Float, nullable=False, default=0.0),  # 0 to 1
    sa.Column("outputs", sa.JSON, nullable=False, default=list),
    sa.Column("warnings", sa.JSON, nullable=False, default=list),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float),
    # finished, failed, lost (its worker died), released (its worker was stopped)
    sa.Column("outcome", sa.String(16)),
    sa.Column("error", sa.JSON),
    sa.Index("tc_attempts_by_job", "job_id", "ended_at"),
    sqlite_autoincrement=True,
)

workers = sa.Table(
    "tc_workers",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("beat_until", sa.Float, nullable=False),
    sa.Column("draining", sa.Boolean, nullable=False, default=False),
)

idempotency = sa.Table(
    "tc_idempotency",
    metadata,
    sa.Column("tenant", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("request_mac", sa.String(64), nullable=False),
    sa.Column("job_id", sa.String(36), nullable=False),
    sa.Column("answer", sa.JSON, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Index("tc_idempotency_by_expiry", "expires_at"),
)

secrets = sa.Table(
    "tc_secrets",
    metadata,
    sa.Column("job_id", sa.ForeignKey("tc_jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("envelope", sa.LargeBinary, nullable=False),
)

tokens = sa.Table(
    "tc_tokens",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("last_used_at", sa.Float),
    sa.Column("expires_at", sa.Float),
    sa.Column("revoked_at", sa.Float),
)

webhooks = sa.Table(
    "tc_webhooks",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "id", sa.String(40), nullable=False, unique=True
    ),  # webhook-id, the same on every try
    sa.Column("job_id", sa.ForeignKey("tc_jobs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event", sa.String(32), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),  # pending, delivered, failed
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_at", sa.Float, nullable=False),
    sa.Column("claimed_until", sa.Float, nullable=False, default=0.0),
    sa.Column("last_status", sa.Integer),  # HTTP status, 0 when there was no answer
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Index("tc_webhooks_due", "status", "next_at"),
    sa.Index("tc_webhooks_by_job", "job_id", "seq"),
    sqlite_autoincrement=True,
)

migrations = sa.Table(
    "tc_migrations",
    sa.MetaData(),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("applied_at", sa.Float, nullable=False),
)


def _version_1(connection: sa.Connection) -> None:
    metadata.create_all(connection)


MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (_version_1,)
"""One function a version, in order. Before the first release version 1 may still change."""
