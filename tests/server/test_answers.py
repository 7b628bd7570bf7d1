"""Every way in which a request fails has the one shape, and its own status."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from service import Api, job

CODES: list[tuple[int, str, str, str, dict[str, Any]]] = [
    (400, "invalid_json", "POST", "/jobs", {"data": "{"}),
    (401, "unauthorized", "GET", "/jobs", {"token": ""}),
    (401, "unauthorized", "GET", "/nowhere", {"token": ""}),
    (404, "not_found", "GET", "/jobs/00000000-0000-4000-8000-000000000000", {}),
    (404, "not_found", "GET", "/jobs/%00", {}),
    (404, "not_found", "GET", "/nowhere", {}),
    (404, "not_found", "GET", "/static/nothing.js", {}),
    (404, "not_found", "GET", "/static/../app.py", {}),
    (405, "method_not_allowed", "PATCH", "/jobs", {}),
    (405, "method_not_allowed", "OPTIONS", "/jobs", {}),
    (405, "method_not_allowed", "DELETE", "/healthz", {}),
    (413, "payload_too_large", "POST", "/jobs", {"data": b" " * (2 << 20)}),
    (413, "payload_too_large", "PUT", "/jobs/x", {"data": b" " * (2 << 20)}),
    (422, "missing_field", "POST", "/jobs", {"json": {}}),
    (422, "invalid_field", "GET", "/jobs?page=x", {}),
]


@pytest.mark.parametrize(("status", "code", "method", "path", "more"), CODES)
def test_failures_have_the_one_shape(
    api: Api, status: int, code: str, method: str, path: str, more: dict[str, Any]
) -> None:
    answer = api.call(method, path, **more)
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    assert list(answer.json) == ["message", "result", "success"]
    assert answer.json["success"] is False
    assert list(answer.json["result"]) == ["errors"]
    for fault in answer.json["result"]["errors"]:
        assert list(fault) == ["path", "code", "message"]
        assert all(isinstance(value, str) for value in fault.values())
        assert fault["message"]
    assert answer.json["result"]["errors"][0]["code"] == code
    assert answer.json["message"] == answer.json["result"]["errors"][0]["message"]


def test_a_method_that_is_not_taken_is_told_which_are(api: Api) -> None:
    assert api.call("PATCH", "/jobs").headers["Allow"] == "GET, HEAD, POST"


def test_a_missing_token_is_told_how_to_get_one(api: Api) -> None:
    answer = api.call("GET", "/jobs", token="")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "videngine token create" in answer.json["message"]


def test_a_bug_answers_500_and_tells_nothing_of_the_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr("videngine.jobs.store.JobStore.get", broken)
    answer = api.call("GET", "/jobs/x")
    assert answer.status_code == 500
    assert answer.json["result"]["errors"][0]["code"] == "internal_error"
    assert "secret inside" not in answer.text
    assert "secret inside" in caplog.text


@pytest.mark.alone
class TestWithoutDatabase:
    """Within two seconds, whatever is wrong with it."""

    def refuses(self, api: Api) -> None:
        began = time.monotonic()
        answer = api.call("POST", "/jobs", json=job())
        assert time.monotonic() - began < 2
        assert answer.status_code == 503
        assert answer.json["result"]["errors"][0]["code"] == "database_unavailable"
        assert int(answer.headers["Retry-After"]) > 0

    def test_a_locked_database_answers_503_and_works_afterwards(self, api: Api) -> None:
        api.post()
        other = sqlite3.connect(self.path(api), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            self.refuses(api)
            assert api.result("GET", "/jobs")["total"] == 1  # readers do not wait
        finally:
            other.execute("ROLLBACK")
            other.close()
        api.post()

    def test_a_vanished_database_answers_503_and_nothing_is_lost_in_it(self, api: Api) -> None:
        kept = api.post()
        path = self.path(api)
        hidden = path.with_name("hidden.db")
        names = [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]
        for name in names:
            name.rename(str(name).replace(path.name, hidden.name))
        self.refuses(api)
        for url in ("/jobs", f"/jobs/{kept}", "/healthz"):
            assert api.call("GET", url).status_code == 503
        for name in names:
            name.unlink(missing_ok=True)
            Path(str(name).replace(path.name, hidden.name)).rename(name)
        assert api.result("GET", "/jobs")["total"] == 1

    def test_a_damaged_database_answers_503(self, api: Api) -> None:
        path = self.path(api)
        api.service.database.close()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        replacement = path.with_name("other")
        replacement.write_bytes(b"this is no database" * 1000)
        replacement.rename(path)
        self.refuses(api)

    def path(self, api: Api) -> Path:
        return api.service.database.path


def test_health_is_open_and_in_the_envelope(api: Api) -> None:
    answer = api.call("GET", "/healthz", token="")
    assert answer.json == {"message": "ok", "result": {"status": "ok"}, "success": True}
