"""PUT, cancel, retry and DELETE: what a job's state allows."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.processes import until

from flows import journal_of
from service import Api, worker_of
from videngine.settings import Settings

SOURCE = {"type": "s3", "bucket": "bucket", "path": "in.mp4", "key": "AK", "secret": "shh"}


def refused(answer: Any, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.json["result"]["errors"][0]["code"] == code
    return str(answer.json["message"])


class TestEdit:
    def test_a_queued_job_is_merged_with_the_fields_that_are_given(self, api: Api) -> None:
        job_id = api.post(source=SOURCE)
        found = api.result("PUT", f"/jobs/{job_id}", json={"video_id": "other", "upscale": 1})
        assert found["video_id"] == "other"
        assert found["request"]["upscale"] is True
        assert found["request"]["source"]["bucket"] == "bucket"
        assert api.result("GET", "/jobs?video_id=other")["total"] == 1

    def test_null_takes_a_field_out(self, api: Api) -> None:
        job_id = api.post(upscale=1)
        found = api.result("PUT", f"/jobs/{job_id}", json={"upscale": None})
        assert "upscale" not in found["request"]

    def test_the_worker_gets_what_was_edited(self, api: Api, settings: Settings) -> None:
        job_id = api.post("steps=1")
        api.result("PUT", f"/jobs/{job_id}", json={"video_id": "steps=4"})
        with worker_of(settings):
            api.wait(job_id)
        assert "step3" in journal_of(settings, job_id)

    def test_the_whole_request_is_checked_again(self, api: Api) -> None:
        job_id = api.post()
        answer = api.call("PUT", f"/jobs/{job_id}", json={"format": [{"output": "mp5"}], "x": 1})
        refused(answer, 422, "unknown_output")
        assert api.get(job_id)["request"]["format"][0]["output"] == "mp4"

    def test_masked_secrets_do_not_replace_real_ones(self, api: Api) -> None:
        job_id = api.post(source=SOURCE)
        shown = api.get(job_id)["request"]["source"]
        answer = api.call("PUT", f"/jobs/{job_id}", json={"source": shown})
        refused(answer, 422, "invalid_field")

    def test_a_running_job_takes_another_webhook_and_nothing_else(
        self, api: Api, settings: Settings
    ) -> None:
        job_id = api.post("wait=0")
        with worker_of(settings):
            api.wait(job_id, "processing")
            config = {"webhook_config": {"url": "https://example.com/hook"}}
            found = api.result("PUT", f"/jobs/{job_id}", json=config)
            assert found["request"]["webhook_config"]["url"] == "https://example.com/hook"
            answer = api.call("PUT", f"/jobs/{job_id}", json={"upscale": 1})
            assert "upscale" in refused(answer, 409, "job_not_editable")

    def test_a_settled_job_is_not_edited(self, api: Api) -> None:
        job_id = api.post()
        api.result("POST", f"/jobs/{job_id}/cancel")
        refused(api.call("PUT", f"/jobs/{job_id}", json={"upscale": 1}), 409, "job_not_editable")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"action": "explode"}, "invalid_field"),
            ({"action": None}, "invalid_field"),
            ({"action": "cancel", "video_id": "x"}, "conflicting_fields"),
        ],
    )
    def test_an_action_that_is_none_is_refused(
        self, api: Api, body: dict[str, Any], code: str
    ) -> None:
        job_id = api.post()
        refused(api.call("PUT", f"/jobs/{job_id}", json=body), 422, code)
        assert api.get(job_id)["status"] == "queued"


@pytest.mark.parametrize("way", ["put", "post"])
class TestCancel:
    def cancel(self, api: Api, job_id: str, way: str) -> Any:
        if way == "put":
            return api.call("PUT", f"/jobs/{job_id}", json={"action": "cancel"})
        return api.call("POST", f"/jobs/{job_id}/cancel")

    def test_a_queued_job_is_canceled_at_once_and_never_begun(
        self, api: Api, settings: Settings, way: str
    ) -> None:
        job_id, later = api.post(), api.post()
        answer = self.cancel(api, job_id, way)
        assert answer.json["message"] == "Job canceled"
        assert answer.json["result"]["status"] == "canceled"
        assert answer.json["result"]["finished_at"] is not None
        with worker_of(settings):
            api.wait(later)
        assert journal_of(settings, job_id) == []
        assert api.get(job_id)["outputs"][0]["status"] == "canceled"

    @pytest.mark.alone
    def test_a_running_job_stops_within_two_seconds(
        self, api: Api, settings: Settings, way: str
    ) -> None:
        with worker_of(settings):
            job_id = api.post("wait=0")
            api.until(job_id, lambda j: j["phase"] is not None)
            asked = time.monotonic()
            answer = self.cancel(api, job_id, way)
            assert answer.json["message"] == "Job is being canceled"
            assert answer.json["result"]["cancel_requested"] is True
            found = api.wait(job_id)
            assert time.monotonic() - asked < 2
        assert found["status"] == "canceled"
        assert found["error"] is None
        assert journal_of(settings, job_id) == ["attempt", "stopped"]
        assert not (settings.scratch_dir / job_id).exists()

    def test_canceling_twice_is_no_fault(self, api: Api, way: str) -> None:
        job_id = api.post()
        self.cancel(api, job_id, way)
        assert self.cancel(api, job_id, way).json["result"]["status"] == "canceled"

    def test_a_finished_job_is_not_canceled(self, api: Api, settings: Settings, way: str) -> None:
        done, failed = api.post(), api.post("refuse=source_corrupt")
        with worker_of(settings):
            for job_id in (done, failed):
                api.wait(job_id)
                refused(self.cancel(api, job_id, way), 409, "job_not_editable")

    def test_a_job_whose_worker_is_dead_is_canceled_at_once(self, api: Api, way: str) -> None:
        job_id = api.post()
        api.change("UPDATE tc_jobs SET status = 'processing'")
        assert self.cancel(api, job_id, way).json["result"]["status"] == "canceled"


class TestRetry:
    def test_a_failed_job_is_run_again_from_the_beginning(
        self, api: Api, settings: Settings
    ) -> None:
        job_id = api.post("refuse=source_not_found", source=SOURCE)
        with worker_of(settings):
            failed = api.wait(job_id)
            assert failed["error"] == {"code": "source_not_found", "message": "It is no use."}
            found = api.result("POST", f"/jobs/{job_id}/retry")
            assert (found["status"], found["error"]) == ("queued", None)
            assert api.wait(job_id)["status"] == "failed"
        assert journal_of(settings, job_id) == ["attempt", "step0"] * 2

    def test_a_canceled_job_is_run_after_all(self, api: Api, settings: Settings) -> None:
        job_id = api.post()
        api.result("POST", f"/jobs/{job_id}/cancel")
        found = api.result("PUT", f"/jobs/{job_id}", json={"action": "retry"})
        assert (found["status"], found["cancel_requested"]) == ("queued", False)
        with worker_of(settings):
            assert api.wait(job_id)["status"] == "completed"
        assert journal_of(settings, job_id) == ["attempt", "step0", "step1"]

    def test_retries_go_ahead_of_new_jobs(self, api: Api, settings: Settings) -> None:
        first, second = api.post(), api.post()
        api.result("POST", f"/jobs/{second}/cancel")
        api.result("POST", f"/jobs/{second}/retry")
        with worker_of(settings):
            for job_id in (first, second):
                api.wait(job_id)
        began = [row.job_id for row in api.rows("SELECT job_id FROM tc_attempts ORDER BY id")]
        assert began == [second, first]

    def test_other_jobs_are_not_retried(self, api: Api, settings: Settings) -> None:
        job_id = api.post()
        refused(api.call("POST", f"/jobs/{job_id}/retry"), 409, "job_not_editable")
        with worker_of(settings):
            api.wait(job_id)
        refused(api.call("POST", f"/jobs/{job_id}/retry"), 409, "job_not_editable")

    def test_a_job_without_its_secrets_has_to_be_posted_again(self, api: Api) -> None:
        job_id = api.post()
        api.result("POST", f"/jobs/{job_id}/cancel")
        api.change("DELETE FROM tc_secrets")
        message = refused(api.call("POST", f"/jobs/{job_id}/retry"), 409, "job_not_editable")
        assert "Post it again" in message


class TestDelete:
    def test_a_settled_job_goes_with_all_that_belongs_to_it(
        self, api: Api, settings: Settings
    ) -> None:
        job_id = api.post(webhook_config={"url": "https://example.com/hook"})
        api.result("POST", f"/jobs/{job_id}/cancel")
        assert api.result("DELETE", f"/jobs/{job_id}") == {"id": job_id}
        refused(api.call("DELETE", f"/jobs/{job_id}"), 404, "not_found")
        refused(api.call("GET", f"/jobs/{job_id}"), 404, "not_found")
        for table in ("tc_jobs", "tc_secrets", "tc_attempts", "tc_webhooks"):
            assert api.rows(f"SELECT * FROM {table}") == []

    def test_a_queued_job_is_never_begun(self, api: Api, settings: Settings) -> None:
        job_id, later = api.post(), api.post()
        api.result("DELETE", f"/jobs/{job_id}")
        with worker_of(settings):
            api.wait(later)
        assert journal_of(settings, job_id) == []

    def test_a_running_job_is_stopped_first(self, api: Api, settings: Settings) -> None:
        with worker_of(settings):
            job_id = api.post("wait=0")
            api.until(job_id, lambda j: j["phase"] is not None)
            api.result("DELETE", f"/jobs/{job_id}")
            refused(api.call("GET", f"/jobs/{job_id}"), 404, "not_found")
            assert api.result("GET", "/jobs")["total"] == 0
            until(lambda: not api.rows("SELECT * FROM tc_jobs"))
        assert journal_of(settings, job_id) == ["attempt", "stopped"]
        assert not (settings.scratch_dir / job_id).exists()

    def test_files_in_the_default_store_stay_unless_they_are_to_be_purged(
        self, api: Api, settings: Settings
    ) -> None:
        for purge in (False, True):
            job_id = api.post()
            folder = settings.store_dir / job_id
            folder.mkdir(parents=True)
            (folder / "video.mp4").write_bytes(b"x")
            api.result("DELETE", f"/jobs/{job_id}" + ("?purge=1" if purge else ""))
            assert folder.exists() is not purge


def test_two_edits_at_once_both_count(api: Api) -> None:

    job_id = api.post()
    edits = [{"upscale": 1}, {"video_id": "other"}, {"webhook_config": {"url": "https://a.b/c"}}]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda body: api.result("PUT", f"/jobs/{job_id}", json=body), edits))
    request = api.get(job_id)["request"]
    assert request["upscale"] is True
    assert request["video_id"] == "other"
    assert request["webhook_config"]["url"] == "https://a.b/c"


def test_more_urgent_jobs_go_first_and_may_be_moved_up(api: Api, settings: Settings) -> None:
    first, idle, urgent, moved = (
        api.post("steps=1", **fields)
        for fields in ({}, {"priority": -50}, {"priority": "7"}, {"priority": -50})
    )
    assert api.result("PUT", f"/jobs/{moved}", json={"priority": 50})["priority"] == 50
    with worker_of(settings):
        jobs = {api.wait(job_id)["started_at"]: job_id for job_id in (first, idle, urgent, moved)}
    assert [jobs[started] for started in sorted(jobs)] == [moved, urgent, first, idle]
    assert all(journal_of(settings, job_id).count("attempt") == 1 for job_id in jobs.values())


def test_a_payload_and_labels_are_in_every_answer(api: Api) -> None:
    output = {"output": "mp4", "tag": "t", "user_tag": "u"}
    posted = api.result(
        "POST",
        "/jobs",
        json={"video_id": "v", "source": "https://h/a.mp4", "payload": "p\n", "format": [output]},
    )
    assert posted["payload"] == "p\n"
    found = api.get(posted["id"])
    assert (found["payload"], found["priority"]) == ("p\n", 0)
    assert (found["outputs"][0]["tag"], found["outputs"][0]["user_tag"]) == ("t", "u")
    changed = api.result("PUT", f"/jobs/{posted['id']}", json={"payload": None})
    assert changed["payload"] is None
