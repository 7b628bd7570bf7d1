"""POST /jobs: what is answered, what is stored, what is refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service import Api, api_of, job, worker_of
from videngine.settings import Settings

SECRET = {"type": "s3", "bucket": "bucket", "path": "in.mp4", "key": "AK", "secret": "shh"}


def errors_of(answer: Any) -> list[tuple[str, str]]:
    assert answer.json["success"] is False
    assert answer.json["message"] == answer.json["result"]["errors"][0]["message"]
    return [(fault["path"], fault["code"]) for fault in answer.json["result"]["errors"]]


def test_the_answer_is_the_documented_envelope_with_id_status_warnings_and_time(api: Api) -> None:
    answer = api.call("POST", "/jobs", json=job(source=SECRET))

    assert answer.status_code == 200
    assert list(answer.json) == ["message", "result", "success"]
    assert answer.json["message"] == "Transcoding job created successfully"
    assert answer.json["success"] is True
    result = answer.json["result"]
    assert result["video_id"] == "video123"
    assert result["status"] == "queued"
    assert result["warnings"] == []
    assert result["created_at"].endswith("Z")
    assert result["source"]["secret"] == "********"
    assert result["format"][0]["output"] == "mp4"
    assert result["format"][0]["allow_soft_fail"] == 0


def test_a_body_with_comments_and_trailing_commas_is_read(api: Api) -> None:
    body = json.dumps(job())[:-1] + ', // one more\n "upscale": 1, /* really */ }'
    assert api.result("POST", "/jobs", data=body)["upscale"] is True


def test_unknown_fields_are_warned_of_and_refused_when_strict(api: Api) -> None:
    lenient = api.call("POST", "/jobs", json=job(colour="red"))
    assert [w["path"] for w in lenient.json["result"]["warnings"]] == ["colour"]

    strict = api.call("POST", "/jobs?strict=1", json=job(colour="red"))
    assert strict.status_code == 422
    assert errors_of(strict) == [("colour", "unknown_field")]
    assert api.result("GET", "/jobs")["total"] == 1


def test_every_fault_is_named_at_once(api: Api) -> None:
    answer = api.call("POST", "/jobs", json={"format": [{"output": "mp5"}]})
    assert answer.status_code == 422
    assert errors_of(answer) == [
        ("format[0].output", "unknown_output"),
        ("video_id", "missing_field"),
        ("source", "missing_field"),
    ]


@pytest.mark.parametrize(
    ("body", "where"),
    [("{", "line 1"), ('{"a": 1,\n "b": x}', "line 2, column 7"), ("[]", ""), ("", "empty")],
)
def test_what_is_no_json_object_is_told_with_its_place(api: Api, body: str, where: str) -> None:
    answer = api.call("POST", "/jobs", data=body)
    assert answer.status_code == 400
    assert errors_of(answer)[0][1] == "invalid_json"
    assert where in answer.json["message"]


def test_json_bombs_are_refused(api: Api) -> None:
    assert api.call("POST", "/jobs", data="[" * 100_000).status_code == 400
    assert api.call("POST", "/jobs", data='{"a":' * 100_000).status_code == 400


def test_a_body_larger_than_the_limit_is_not_read(settings: Settings) -> None:
    with api_of(settings.model_copy(update={"max_body_bytes": 2000})) as api:
        answer = api.call("POST", "/jobs", data=b" " * 2001)
    assert answer.status_code == 413
    assert errors_of(answer) == [("", "payload_too_large")]
    assert "2000 bytes" in answer.json["message"]


def test_masked_secrets_are_not_taken_for_real_ones(api: Api) -> None:
    answer = api.call("POST", "/jobs", json=job(source={**SECRET, "secret": "********"}))
    assert answer.status_code == 422
    assert errors_of(answer) == [("source.secret", "invalid_field")]


def test_a_full_queue_answers_429_and_when_to_come_back(settings: Settings) -> None:
    with api_of(settings.model_copy(update={"max_queued_jobs": 2})) as api:
        api.post()
        api.post()
        answer = api.call("POST", "/jobs", json=job())
    assert answer.status_code == 429
    assert errors_of(answer) == [("", "queue_full")]
    assert int(answer.headers["Retry-After"]) > 0


class TestIdempotency:
    def post(self, api: Api, key: str, **fields: Any) -> Any:
        return api.call("POST", "/jobs", json=job(**fields), headers={"Idempotency-Key": key})

    def test_the_same_key_and_body_give_the_same_answer(self, api: Api) -> None:
        first, second = self.post(api, "k"), self.post(api, "k")
        assert first.json == second.json
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
        assert api.result("GET", "/jobs")["total"] == 1

    def test_the_order_of_fields_makes_no_other_body(self, api: Api) -> None:
        body = job()
        first = self.post(api, "k")
        turned = json.dumps(dict(reversed(body.items())))
        second = api.call("POST", "/jobs", data=turned, headers={"Idempotency-Key": "k"})
        assert second.json["result"]["id"] == first.json["result"]["id"]

    def test_another_body_is_a_conflict(self, api: Api) -> None:
        self.post(api, "k")
        answer = self.post(api, "k", upscale=True)
        assert answer.status_code == 409
        assert errors_of(answer) == [("", "idempotency_conflict")]

    def test_another_secret_is_another_body(self, api: Api) -> None:
        self.post(api, "k", source=SECRET)
        answer = self.post(api, "k", source={**SECRET, "secret": "other"})
        assert answer.status_code == 409

    def test_keys_of_tenants_have_nothing_to_do_with_each_other(self, api: Api) -> None:
        mine = self.post(api, "k").json["result"]["id"]
        theirs = api.call(
            "POST",
            "/jobs",
            json=job(upscale=True),
            headers={"Idempotency-Key": "k"},
            token=api.new_token("other"),
        )
        assert theirs.status_code == 200
        assert theirs.json["result"]["id"] != mine

    def test_16_requests_at_once_make_one_job(self, api: Api) -> None:
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: self.post(api, "k"), range(16)))
        assert {a.status_code for a in answers} == {200}
        assert len({a.json["result"]["id"] for a in answers}) == 1
        assert sum("Idempotent-Replayed" in a.headers for a in answers) == 15
        assert api.rows("SELECT count(*) FROM tc_jobs")[0][0] == 1
        assert len(api.rows("SELECT * FROM workflow_status")) == 1

    def test_a_key_is_good_for_7_days(self, api: Api) -> None:
        first = self.post(api, "k").json["result"]["id"]
        left = api.rows(
            "SELECT expires_at - (julianday('now') - 2440587.5) * 86400 FROM tc_idempotency"
        )
        assert 7 * 86400 - 60 < left[0][0] <= 7 * 86400
        api.change("UPDATE tc_idempotency SET expires_at = 1")
        assert self.post(api, "k").json["result"]["id"] != first

    def test_a_replay_is_answered_even_when_the_queue_is_full(self, settings: Settings) -> None:
        with api_of(settings.model_copy(update={"max_queued_jobs": 1})) as api:
            first = self.post(api, "k")
            assert self.post(api, "other").status_code == 429
            assert self.post(api, "k").json == first.json

    def test_refused_requests_use_up_no_key(self, api: Api) -> None:
        assert self.post(api, "k", format=[]).status_code == 422
        assert self.post(api, "k").status_code == 200

    @pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ünicode"])
    def test_a_key_that_is_none_is_refused(self, api: Api, key: str) -> None:
        headers = {"Idempotency-Key": key.encode().decode("latin-1")}
        answer = api.call("POST", "/jobs", json=job(), headers=headers)
        assert answer.status_code == 422
        assert errors_of(answer) == [("Idempotency-Key", "invalid_field")]


@pytest.mark.alone
def test_many_may_post_at_once(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.call("POST", "/jobs", json=job()), range(80)))
    assert {answer.status_code for answer in answers} == {200}
    assert api.result("GET", "/jobs")["total"] == 80


def test_jobs_are_processed_in_the_order_of_acceptance(api: Api, settings: Settings) -> None:
    ids = [api.post() for _ in range(6)]
    with worker_of(settings):
        for job_id in ids:
            assert api.wait(job_id)["status"] == "completed"
    began = api.rows("SELECT job_id FROM tc_attempts ORDER BY id")
    assert [row.job_id for row in began] == ids
