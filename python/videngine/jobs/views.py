"""Rows as the API and the webhooks show them. No secret and no id of the queue ever gets here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from videngine.jobs.tables import attempts, jobs, webhooks
from videngine.outputs import OutputReport

JSON = dict[str, Any]
TERMINAL = ("completed", "failed", "canceled")

_SUMMARY = (
    jobs.c.id,
    jobs.c.video_id,
    jobs.c.status,
    jobs.c.created_at,
    jobs.c.started_at,
    jobs.c.finished_at,
    jobs.c.cancel_requested_at,
    jobs.c.error,
)


def priority(job: sa.RowMapping) -> int:
    """How urgent the job is, -50 to 50."""
    return int(job["echo"].get("priority") or 0)


def timestamp(time_s: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC with milliseconds."""
    if time_s is None:
        return None
    text = datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _last_attempt(connection: sa.Connection, job_id: str) -> sa.RowMapping | None:
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


def _percent(status: str, attempt: Mapping[str, Any] | None) -> float:
    if status == "completed":
        return 100.0
    return round(100 * attempt["progress"], 1) if attempt else 0.0


def summaries() -> sa.Select[Any]:
    """One line a job, for lists: select from it with filters, then map each row by `summary`."""
    every = attempts.alias()
    last = sa.select(sa.func.max(every.c.id)).where(every.c.job_id == jobs.c.id)
    return sa.select(*_SUMMARY, attempts.c.phase, attempts.c.progress).select_from(
        jobs.outerjoin(attempts, attempts.c.id == last.scalar_subquery())
    )


def summary(row: Mapping[str, Any]) -> JSON:
    """One row of `summaries` as a list shows it."""
    processing = row["status"] == "processing"
    return {
        "id": row["id"],
        "video_id": row["video_id"],
        "status": row["status"],
        "phase": row["phase"] or None if processing else None,
        "progress": _percent(row["status"], row if row["progress"] is not None else None),
        "cancel_requested": row["cancel_requested_at"] is not None,
        "error": row["error"],
        "created_at": timestamp(row["created_at"]),
        "started_at": timestamp(row["started_at"]),
        "finished_at": timestamp(row["finished_at"]),
    }


def detail(connection: sa.Connection, job: sa.RowMapping) -> JSON:
    """Everything about one job."""
    attempt = _last_attempt(connection, job["id"])
    report: JSON = job["report"] or {}
    finished, started = job["finished_at"], job["started_at"]
    timings: JSON = dict(report.get("timings") or {})
    if started is not None:
        timings["queued"] = round(max(0.0, started - job["created_at"]), 3)
    head = summary(
        {
            **dict(job),
            "phase": attempt["phase"] if attempt else None,
            "progress": attempt["progress"] if attempt else None,
        }
    )
    return {
        **head,
        "partial": bool(report.get("partial", False)),
        "outputs": outputs(job, attempt),
        "warnings": [*job["warnings"], *_run_warnings(connection, job, attempt)],
        "source_info": report.get("source_info"),
        "timings": timings,
        "attempts": connection.scalar(
            sa.select(sa.func.count()).select_from(attempts).where(attempts.c.job_id == job["id"])
        ),
        "duration": report.get("duration", 0.0),
        "size": report.get("size", 0),
        "raw_size": report.get("raw_size", 0),
        "stats": report.get("stats") or {},
        "elapsed": None if None in (finished, started) else round(finished - started, 3),
        "payload": job["echo"].get("payload"),
        "priority": priority(job),
        "webhook": _webhook(connection, job),
        "request": job["echo"],
    }


def outputs(job: sa.RowMapping, attempt: sa.RowMapping | None) -> list[JSON]:
    """One entry for each output that was asked for, whatever has become of it."""
    report: JSON = job["report"] or {}
    if report.get("outputs"):
        return list(report["outputs"])
    fallback = {
        "queued": "queued",
        "processing": "queued",
        "completed": "completed",
        "failed": "failed",
        "canceled": "canceled",
    }[job["status"]]
    entries = [
        OutputReport(
            index=i,
            output=str(f.get("output", "")),
            status=fallback,
            tag=f.get("tag"),
            user_tag=f.get("user_tag"),
        )
        for i, f in enumerate(job["echo"].get("format") or [])
    ]
    if job["status"] == "processing" and attempt:
        for index, status, progress in attempt["outputs"]:
            if 0 <= index < len(entries):
                entries[index].status = status
                entries[index].progress = round(100 * progress, 1)
    return [entry.to_json() for entry in entries]


def _run_warnings(
    connection: sa.Connection, job: sa.RowMapping, attempt: sa.RowMapping | None
) -> list[JSON]:
    report: JSON = job["report"] or {}
    found = list(attempt["warnings"]) if attempt else []
    found += [warning for warning in report.get("warnings") or [] if warning not in found]
    gone = connection.execute(
        sa.select(webhooks.c.event, webhooks.c.last_status)
        .where(webhooks.c.job_id == job["id"], webhooks.c.status == "failed")
        .order_by(webhooks.c.seq)
    )
    found += [
        {
            "path": "webhook_config.url",
            "code": "webhook_delivery_failed",
            "message": f"{event} could not be delivered: "
            + (f"the receiver answered {status}." if status else "the receiver did not answer."),
        }
        for event, status in gone
    ]
    return found


def _webhook(connection: sa.Connection, job: sa.RowMapping) -> JSON | None:
    if not job["echo"].get("webhook_config"):
        return None
    rows = (
        connection.execute(
            sa.select(webhooks).where(webhooks.c.job_id == job["id"]).order_by(webhooks.c.seq)
        )
        .mappings()
        .all()
    )
    tried = [r for r in rows if r["attempts"]]
    waiting = [r["next_at"] for r in rows if r["status"] == "pending"]
    return {
        "last_status": tried[-1]["last_status"] if tried else None,
        "attempts": sum(r["attempts"] for r in rows),
        "next_retry_at": timestamp(waiting[0]) if waiting else None,
        "events": [{"id": r["id"], "event": r["event"], "status": r["status"]} for r in rows],
    }


def event(
    connection: sa.Connection, job: sa.RowMapping, *, event: str, event_id: str, time_s: float
) -> JSON:
    """The body of a webhook: what a receiver needs to know about the job at this moment."""
    view = detail(connection, job)
    return {
        "event_id": event_id,
        "event": event,
        "timestamp": timestamp(time_s),
        "id": view["id"],
        "video_id": view["video_id"],
        "status": view["status"],
        "progress": view["progress"],
        "duration": round(view["duration"]),
        "size": int(view["size"]),
        "raw_size": int(view["raw_size"]),
        "outputs": view["outputs"],
        "warnings": view["warnings"],
        "error": view["error"],
        "payload": view["payload"],
    }
