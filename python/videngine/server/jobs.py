"""``/jobs`` and what is below it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from videngine.errors import Fault, SpecError, VidengineError
from videngine.jobs.store import Filters, NewJob
from videngine.limits import require_within_limits
from videngine.links import path_token, public_url
from videngine.server.answers import success
from videngine.server.auth import tenant
from videngine.server.dry_run import dry_run
from videngine.server.models import (
    Deleted,
    DeleteQuery,
    JobDetail,
    JobPage,
    ListQuery,
    PostQuery,
    RetryQuery,
)
from videngine.server.operation import Operation, operation, read_query
from videngine.server.service import service
from videngine.spec import JobSpec, parse_job
from videngine.spec.jsonc import loads
from videngine.spec.private import REDACTED

JSON = dict[str, Any]

blueprint = Blueprint("jobs", __name__)

_REQUEST_CODES = (
    "invalid_json",
    "payload_too_large",
    "invalid_field",
    "missing_field",
    "conflicting_fields",
    "unknown_output",
    "unknown_field",
    "not_yet_supported",
)
_IDEMPOTENCY_KEY = (
    "Idempotency-Key",
    "1 to 255 printable characters. The same key with the same body gives the same job for 7 days.",
)
_ACTION: JSON = {
    "type": "object",
    "required": ["action"],
    "properties": {"action": {"enum": ["cancel", "retry"]}},
    "additionalProperties": False,
}


@blueprint.post("/jobs")
@operation(
    Operation(
        summary="Accept a job.",
        query=PostQuery,
        body=JobSpec,
        headers=(_IDEMPOTENCY_KEY,),
        result={
            "type": "object",
            "description": "The request with the documented zero values, secrets as `********`.",
            "required": ["id", "status", "warnings", "created_at", "video_id", "source", "format"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "status": {"const": "queued"},
                "created_at": {"type": "string", "format": "date-time"},
                "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/FaultInfo"}},
            },
        },
        errors=(*_REQUEST_CODES, "idempotency_conflict", "queue_full"),
    )
)
def post_job() -> Response:
    """Accept a job: it is on disk when the answer goes out."""
    query = read_query(PostQuery)
    key = _idempotency_key()
    body = _body()
    new = _checked(body, strict=query.strict)
    if query.dry_run:
        plan = dry_run(parse_job(body).spec, service().settings)
        plan["warnings"] = [*new.warnings, *plan["warnings"]]
        return success("This is the plan; nothing was queued", plan)
    answer, replayed = service().store.accept(tenant(), new, idempotency_key=key)
    response = success("Transcoding job created successfully", answer)
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


@blueprint.get("/jobs")
@operation(
    Operation(summary="List jobs.", query=ListQuery, result=JobPage, errors=("invalid_field",))
)
def list_jobs() -> Response:
    """A page of the tenant's jobs."""
    query = read_query(ListQuery)
    after, before = query.created_after, query.created_before
    jobs, total = service().store.list(
        tenant(),
        Filters(
            page=query.page,
            limit=query.limit,
            status=query.status,
            video_id=query.video_id,
            created_after=None if after is None else after.timestamp(),
            created_before=None if before is None else before.timestamp(),
            newest_first=query.sort == "-created_at",
        ),
    )
    page = {"jobs": jobs, "page": query.page, "limit": query.limit, "total": total}
    return success(f"{total} jobs", page)


@blueprint.get("/jobs/<job_id>")
@operation(Operation(summary="Show a job.", result=JobDetail, errors=("not_found",)))
def get_job(job_id: str) -> Response:
    """Everything about one job."""
    return success("Job found", _shown(service().store.get(tenant(), job_id)))


@blueprint.put("/jobs/<job_id>")
@operation(
    Operation(
        summary="Edit a queued job, cancel or retry one.",
        body={
            "description": "Fields to replace (absent: unchanged, null: removed), or an action.",
            "anyOf": [_ACTION, {"type": "object", "not": {"required": ["action"]}}],
        },
        result=JobDetail,
        errors=(*_REQUEST_CODES, "not_found", "job_not_editable"),
    )
)
def put_job(job_id: str) -> Response:
    """Merge fields into the request of a job, or act on it."""
    changes = _body()
    if "action" in changes:
        return _act(job_id, changes)
    _refuse_redacted(changes)

    def change(earlier: JSON) -> NewJob:
        return _checked({**earlier, **changes}, strict=False)

    # Faults of the request are faults even where the job's state forbids the change.
    store = service().store
    return success("Job updated", _shown(store.edit(tenant(), job_id, set(changes), change)))


@blueprint.delete("/jobs/<job_id>")
@operation(
    Operation(
        summary="Delete a job's record, stopping it first.",
        query=DeleteQuery,
        result=Deleted,
        errors=("not_found", "invalid_field"),
    )
)
def delete_job(job_id: str) -> Response:
    """Delete a job; its objects at the owner's destinations stay."""
    purge = read_query(DeleteQuery).purge
    service().store.delete(tenant(), job_id)
    if purge:
        shutil.rmtree(service().settings.store_dir / job_id, ignore_errors=True)
    return success("Job deleted", {"id": job_id})


@blueprint.post("/jobs/<job_id>/cancel")
@operation(
    Operation(summary="Cancel a job.", result=JobDetail, errors=("not_found", "job_not_editable"))
)
def cancel_job(job_id: str) -> Response:
    """Cancel a waiting job at once; a running one stops within two seconds."""
    job = service().store.cancel(tenant(), job_id)
    canceled = job["status"] == "canceled"
    return success("Job canceled" if canceled else "Job is being canceled", _shown(job))


@blueprint.post("/jobs/<job_id>/retry")
@operation(
    Operation(
        summary="Queue a failed, partial or canceled job again.",
        query=RetryQuery,
        result=JobDetail,
        errors=("not_found", "job_not_editable"),
    )
)
def retry_job(job_id: str) -> Response:
    """Queue a job again under the same id, to make what has failed or all of it."""
    everything = read_query(RetryQuery).all
    job = service().store.retry(tenant(), job_id, everything=everything)
    return success("Job queued again", _shown(job))


def _act(job_id: str, changes: JSON) -> Response:
    faults = [
        Fault(path=name, code="conflicting_fields", message=f"`{name}` cannot go with `action`.")
        for name in changes
        if name != "action"
    ]
    if changes["action"] not in ("cancel", "retry"):
        faults.insert(
            0,
            Fault(
                path="action", code="invalid_field", message="`action` must be `cancel` or `retry`."
            ),
        )
    if faults:
        raise SpecError(faults)
    return cancel_job(job_id) if changes["action"] == "cancel" else retry_job(job_id)


def _body() -> JSON:
    data = loads(request.get_data())
    if not isinstance(data, dict):
        fault = Fault(path="body", code="invalid_json", message="The body must be a JSON object.")
        raise SpecError([fault])
    return data


def _checked(data: JSON, *, strict: bool) -> NewJob:
    _refuse_redacted(data)
    parsed = parse_job(data, strict=strict)
    require_within_limits(parsed.spec, service().settings)
    return NewJob(
        video_id=parsed.spec.video_id,
        request=data,
        echo=parsed.spec.echo(),
        warnings=[fault.to_json() for fault in parsed.warnings],
    )


def _refuse_redacted(data: JSON) -> None:
    """A secret that was read from an answer is none; sent back it would replace the real one."""
    faults = [
        Fault(
            path=path,
            code="invalid_field",
            message=f"`{path}` is masked; send the real value, or leave the field out to keep it.",
        )
        for path in _masked(data, "")
    ]
    if faults:
        raise SpecError(faults)


def _masked(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and REDACTED in value:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _masked(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _masked(item, f"{path}[{index}]")


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        return key
    raise VidengineError(
        "invalid_field",
        "Idempotency-Key must have 1 to 255 printable ASCII characters.",
        subject="Idempotency-Key",
    )


def _shown(job: JSON) -> JSON:
    """A job with the address of its player, if there is something to play."""
    prefix = f"{public_url(service().settings)}/outputs/{job['id']}/"
    playable = any(
        url.startswith(prefix) and url.endswith(".m3u8")
        for output in job["outputs"]
        for url in output["urls"]
    )
    token = path_token(service().keyring, job["id"])
    page = f"{public_url(service().settings)}/jobs/{job['id']}/player?token={token}"
    return {**job, "player_url": page if playable else None}
