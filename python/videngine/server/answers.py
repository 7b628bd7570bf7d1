"""The one shape of every answer: ``{"message", "result", "success"}``, and how failures get it."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from videngine.errors import Fault, SpecError, VidengineError
from videngine.jobs.database import DatabaseGone

log = logging.getLogger(__name__)

STATUS = {
    "bad_request": 400,
    "invalid_json": 400,
    "unauthorized": 401,
    "not_found": 404,
    "method_not_allowed": 405,
    "job_not_editable": 409,
    "idempotency_conflict": 409,
    "payload_too_large": 413,
    "queue_full": 429,
    "internal_error": 500,
    "database_unavailable": 503,
}
"""HTTP status by error code; every other code of a request is 422."""

_RETRY_AFTER_S = {429: 30, 503: 5}
CODE_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}
"""Error code of what fails below our own routes; any other client's fault is `bad_request`."""


def success(message: str, result: Any, status: int = 200) -> Response:
    """An answer to a request that was served."""
    response = jsonify({"message": message, "result": result, "success": True})
    response.status_code = status
    return response


def envelope(faults: list[Fault]) -> dict[str, Any]:
    """What a request that was not served is told: every fault, the first as the message."""
    return {
        "message": faults[0].message,
        "result": {"errors": [fault.to_json() for fault in faults]},
        "success": False,
    }


def failure(faults: list[Fault], status: int) -> Response:
    """An answer to a request that was not served."""
    response = jsonify(envelope(faults))
    response.status_code = status
    if status in _RETRY_AFTER_S:
        response.headers["Retry-After"] = str(_RETRY_AFTER_S[status])
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="videngine"'
    return response


def _one(code: str, message: str, *, path: str = "", status: int | None = None) -> Response:
    fault = Fault(path=path, code=code, message=message)
    return failure([fault], STATUS.get(code, 422) if status is None else status)


def install(app: Flask) -> None:
    """Give every failure of an application the one shape."""

    @app.errorhandler(SpecError)
    def _spec(error: SpecError) -> Response:
        return failure(error.faults, STATUS.get(error.code, 422))

    @app.errorhandler(VidengineError)
    def _known(error: VidengineError) -> Response:
        return _one(error.code, error.message, path=error.subject)

    @app.errorhandler(DatabaseGone)
    def _database(error: DatabaseGone) -> Response:
        log.error("the database is away: %s", error)
        return _one(
            "database_unavailable", "The database does not answer. Try again in a few seconds."
        )

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        code = CODE_BY_STATUS.get(status, "internal_error" if status >= 500 else "bad_request")
        message = {
            "not_found": "There is nothing at this address.",
            "method_not_allowed": f"This address does not take {request.method}.",
        }.get(code, error.description or error.name)
        if isinstance(error, RequestEntityTooLarge):
            limit = app.config["MAX_CONTENT_LENGTH"]
            message = f"The request body is larger than the {limit} bytes that are taken."
        response = _one(code, message, status=status)
        allow = getattr(error, "valid_methods", None)
        if allow:
            response.headers["Allow"] = ", ".join(sorted(allow))
        return response

    @app.errorhandler(Exception)
    def _bug(error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        return _one("internal_error", "The server failed unexpectedly; its log says more.")
