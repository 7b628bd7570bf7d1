"""GET /jobs and GET /jobs/{id}."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service import Api, job, worker_of
from videngine.settings import Settings


def test_a_list_has_pages_newest_first_and_neither_formats_nor_secrets(api: Api) -> None:
    ids = [api.post(f"v{i}") for i in range(5)]

    first = api.result("GET", "/jobs?limit=2")
    third = api.result("GET", "/jobs?limit=2&page=3")

    assert [j["id"] for j in first["jobs"]] == [ids[4], ids[3]]
    assert [j["id"] for j in third["jobs"]] == [ids[0]]
    assert (first["page"], first["limit"], first["total"]) == (1, 2, 5)
    assert set(first["jobs"][0]) == {
        "id",
        "video_id",
        "status",
        "phase",
        "progress",
        "cancel_requested",
        "error",
        "created_at",
        "started_at",
        "finished_at",
    }


def test_a_list_is_sorted_as_asked(api: Api) -> None:
    ids = [api.post() for _ in range(3)]
    found = api.result("GET", "/jobs?sort=created_at")
    assert [j["id"] for j in found["jobs"]] == ids


def test_a_list_is_filtered_by_state_video_and_time(api: Api) -> None:
    wanted, other = api.post("wanted"), api.post("other")
    api.result("POST", f"/jobs/{other}/cancel")

    def ids(**query: str) -> list[str]:
        return [j["id"] for j in api.result("GET", "/jobs", query_string=query)["jobs"]]

    assert ids(status="queued") == [wanted]
    assert ids(status="canceled") == [other]
    assert ids(video_id="wanted") == [wanted]
    assert ids(video_id="wanted", status="failed") == []
    hour = timedelta(hours=1)
    assert len(ids(created_after=(datetime.now(UTC) - hour).isoformat())) == 2
    assert ids(created_after=(datetime.now(UTC) + hour).isoformat()) == []
    assert len(ids(created_before=(datetime.now(UTC) + hour).isoformat())) == 2
    assert ids(created_before=(datetime.now(UTC) - hour).isoformat()) == []


@pytest.mark.parametrize(
    ("query", "path", "code"),
    [
        ("page=0", "page", "invalid_field"),
        ("limit=101", "limit", "invalid_field"),
        ("limit=many", "limit", "invalid_field"),
        ("status=running", "status", "invalid_field"),
        ("created_after=yesterday", "created_after", "invalid_field"),
        ("created_after=2026-01-01T00:00:00", "created_after", "invalid_field"),
        ("sort=size", "sort", "invalid_field"),
        ("color=red", "color", "invalid_field"),
        ("page=1&page=2", "page", "conflicting_fields"),
    ],
)
def test_a_query_that_is_wrong_is_refused(api: Api, query: str, path: str, code: str) -> None:
    answer = api.call("GET", f"/jobs?{query}")
    assert answer.status_code == 422
    fault = answer.json["result"]["errors"][0]
    assert (fault["path"], fault["code"]) == (path, code)
    assert f"`{path}`" in fault["message"]


def test_unknown_parameters_are_refused_everywhere(api: Api) -> None:
    job_id = api.post()
    for method, path in (("GET", f"/jobs/{job_id}"), ("POST", "/jobs"), ("GET", "/healthz")):
        assert api.call(method, f"{path}?color=red", json=job()).status_code == 422


def test_a_queued_job_shows_its_outputs_and_the_masked_request(api: Api) -> None:
    job_id = api.post(format=[{"output": "mp4"}, {"output": "hls", "stream": [{"height": 240}]}])
    found = api.get(job_id)
    assert found["status"] == "queued"
    assert found["phase"] is None
    assert found["progress"] == 0
    assert [(o["index"], o["output"], o["status"]) for o in found["outputs"]] == [
        (0, "mp4", "queued"),
        (1, "hls", "queued"),
    ]
    assert found["request"]["video_id"] == "video123"
    assert found["attempts"] == 0
    assert found["webhook"] is None
    assert found["player_url"] is None


def test_a_running_job_shows_phase_and_progress_of_each_output(
    api: Api, settings: Settings
) -> None:
    job_id = api.post("steps=2 wait=0", format=[{"output": "mp4"}, {"output": "thumbnail"}])
    with worker_of(settings):
        found = api.until(job_id, lambda j: j["phase"] is not None)
        assert found["status"] == "processing"
        assert found["phase"] == "encoding"
        assert found["progress"] == pytest.approx(16.7)
        assert [(o["status"], o["progress"]) for o in found["outputs"]] == [
            ("processing", 50.0),
            ("queued", 0.0),
        ]
        listed = api.result("GET", "/jobs")["jobs"][0]
        assert (listed["phase"], listed["progress"]) == ("encoding", pytest.approx(16.7))
        assert found["started_at"] is not None
        assert found["finished_at"] is None


def test_a_finished_job_shows_what_was_made_and_what_it_took(api: Api, settings: Settings) -> None:
    job_id = api.post("soft=1", format=[{"output": "mp4"}, {"output": "thumbnail"}])
    with worker_of(settings):
        found = api.wait(job_id)
    assert found["status"] == "completed"
    assert found["partial"] is True
    assert found["progress"] == 100
    assert found["phase"] is None
    assert [o["status"] for o in found["outputs"]] == ["failed", "completed"]
    assert found["timings"]["encode"] == 1.5
    assert found["timings"]["queued"] >= 0
    assert (found["duration"], found["size"], found["raw_size"]) == (20.02, 1000, 5000)
    assert found["source_info"] == {"format": "mov"}
    assert found["attempts"] == 1
    assert found["finished_at"] >= found["started_at"] >= found["created_at"]
