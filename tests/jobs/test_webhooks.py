"""Webhooks: what is sent, to whom it is proven, and what becomes of it when nobody takes it."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from tests.processes import HANG_S

from servers import HttpServer, Received
from service import Api, api_of, worker_of
from videngine.errors import InputError
from videngine.jobs.webhooks import WAITS_S, Deliverer
from videngine.settings import Settings
from videngine.storage.guard import GuardedClient

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
SIX = {"video_id", "id", "status", "duration", "size", "raw_size"}


def hook(url: str, **more: Any) -> dict[str, Any]:
    return {"webhook_config": {"url": url, **more}}


def deliverer_of(api: Api, client: Any = None) -> Deliverer:
    return Deliverer(
        api.settings,
        database=api.service.database,
        keyring=api.service.keyring,
        client=client or GuardedClient(api.settings),
    )


def due_now(api: Api) -> None:
    """Let all waiting be over."""
    api.change("UPDATE tc_webhooks SET next_at = 0 WHERE status = 'pending'")


def bodies(server: HttpServer) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in server.received]


def header(request: Received, name: str) -> str:
    return {key.lower(): value for key, value in request.headers.items()}[name]


@pytest.fixture
def receiver(http_server: HttpServer) -> HttpServer:
    http_server.status("/hook", 200)
    return http_server


def wait_for_events(api: Api, job_id: str) -> dict[str, Any]:
    def told(job: dict[str, Any]) -> bool:
        return bool(job["finished_at"]) and all(
            event["status"] == "delivered" for event in job["webhook"]["events"]
        )

    return api.until(job_id, told)


def test_the_life_of_a_job_is_told_in_order(api: Api, worker: object, receiver: HttpServer) -> None:
    job_id = api.post("my-video", **hook(receiver.url + "/hook"))
    found = wait_for_events(api, job_id)

    told = bodies(receiver)
    assert [body["event"] for body in told] == ["job.queued", "job.processing", "job.completed"]
    assert [body["status"] for body in told] == ["queued", "processing", "completed"]
    assert len({body["event_id"] for body in told}) == 3
    for body, request in zip(told, receiver.received, strict=True):
        assert set(body) == SIX | {
            *("event_id", "event", "timestamp", "progress", "outputs", "warnings", "error"),
            "payload",
        }
        assert all(isinstance(body[name], int) for name in ("duration", "size", "raw_size"))
        assert (body["id"], body["video_id"]) == (job_id, "my-video")
        assert request.method == "POST"
        assert request.headers["content-type"] == "application/json"
    last = told[-1]
    assert (last["duration"], last["size"], last["raw_size"]) == (20, 1000, 5000)
    assert last["progress"] == 100
    assert last["outputs"][0]["status"] == "completed"
    assert found["webhook"]["last_status"] == 200
    assert found["webhook"]["attempts"] == 3
    assert found["webhook"]["next_retry_at"] is None


@pytest.mark.parametrize(
    ("video_id", "event", "code"),
    [("refuse=source_corrupt", "job.failed", "source_corrupt"), ("wait=0", "job.canceled", None)],
)
def test_failure_and_cancellation_are_told_too(
    api: Api, worker: object, receiver: HttpServer, video_id: str, event: str, code: str | None
) -> None:
    job_id = api.post(video_id, **hook(receiver.url + "/hook"))
    if event == "job.canceled":
        api.wait(job_id, "processing")
        api.result("POST", f"/jobs/{job_id}/cancel")
    wait_for_events(api, job_id)
    last = bodies(receiver)[-1]
    assert last["event"] == event
    assert (last["error"] or {}).get("code") == code


def test_only_the_events_that_were_asked_for_are_sent(
    api: Api, worker: object, receiver: HttpServer
) -> None:
    config = hook(
        receiver.url + "/hook", events=["output.completed", "output.failed", "job.completed"]
    )
    formats = [{"output": "mp4"}, {"output": "thumbnail"}]
    job_id = api.post("soft=1", format=formats, **config)
    wait_for_events(api, job_id)
    told = bodies(receiver)
    assert [(b["event"], b.get("output", {}).get("index")) for b in told] == [
        ("output.failed", 0),
        ("output.completed", 1),
        ("job.completed", None),
    ]


def test_progress_is_told_to_who_asks_for_it(
    api: Api, settings: Settings, receiver: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videngine.jobs.run._PROGRESS_EVENT_EVERY_S", 1)
    job_id = api.post("steps=1 sleep=4", **hook(receiver.url + "/hook", events=["job.progress"]))
    with worker_of(settings):
        wait_for_events(api, job_id)
    told = bodies(receiver)
    assert {body["event"] for body in told} == {"job.progress"}
    assert 2 <= len(told) <= 4
    assert all(body["progress"] == 25 for body in told)


def test_the_configured_headers_are_sent_and_deliveries_are_signed(
    api: Api, worker: object, receiver: HttpServer
) -> None:
    headers = {"authorization": "Bearer token123", "x-api-key": "k"}
    config = hook(receiver.url + "/hook", headers=headers, secret=SECRET)
    wait_for_events(api, api.post(**config))
    for request in receiver.received:
        lower = {name.lower(): value for name, value in request.headers.items()}
        assert lower["authorization"] == "Bearer token123"
        assert lower["x-api-key"] == "k"
        assert abs(int(lower["webhook-timestamp"]) - time.time()) < 60
        body = Webhook(SECRET).verify(request.body, lower)  # raises unless it is ours
        assert body["event_id"] == lower["webhook-id"]
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(request.body + b" ", lower)


def test_no_header_is_sent_twice_and_the_type_may_be_chosen(
    api: Api, worker: object, receiver: HttpServer
) -> None:
    headers = {"Content-Type": "application/vnd.my+json"}
    wait_for_events(api, api.post(**hook(receiver.url + "/hook", headers=headers)))
    for request in receiver.received:
        assert header(request, "content-type") == "application/vnd.my+json"
        assert sum(name.lower() == "content-type" for name in request.headers) == 1


def test_a_receiver_that_hangs_holds_up_nobody_else(
    settings: Settings, receiver: HttpServer
) -> None:
    hanging = threading.Event()
    given_up: list[bool] = []

    def hang(request: BaseHTTPRequestHandler) -> None:
        hanging.set()
        given_up.append(not receiver.closing.wait(60))
        request.close_connection = True  # a deliverer that still waits would hold up its worker

    receiver.answers["/hangs"] = hang
    patient = settings.model_copy(update={"webhook_timeout_s": 60})
    with api_of(patient) as api, worker_of(patient):
        try:
            api.post(**hook(receiver.url + "/hangs"))
            assert hanging.wait(HANG_S)
            wait_for_events(api, api.post(**hook(receiver.url + "/hook")))
            assert given_up == []  # it hangs all the while
        finally:
            receiver.closing.set()


def test_any_text_is_a_secret(api: Api, worker: object, receiver: HttpServer) -> None:
    wait_for_events(api, api.post(**hook(receiver.url + "/hook", secret="just words")))
    request = receiver.received[0]
    lower = {name.lower(): value for name, value in request.headers.items()}
    key = base64.b64encode(b"just words").decode()
    assert Webhook(key).verify(request.body, lower)["event"] == "job.queued"


def test_without_a_secret_id_and_time_are_sent_but_no_signature(
    api: Api, worker: object, receiver: HttpServer
) -> None:
    wait_for_events(api, api.post(**hook(receiver.url + "/hook")))
    names = {name.lower() for name in receiver.received[0].headers}
    assert {"webhook-id", "webhook-timestamp"} <= names
    assert "webhook-signature" not in names


class TestRefusal:
    """One event (``job.queued``) whose receiver does not take it."""

    @pytest.fixture
    def job_id(self, api: Api, http_server: HttpServer) -> str:
        return api.post(**hook(http_server.url + "/hook", events=["job.queued"]))

    def event(self, api: Api) -> Any:
        return api.rows(
            "SELECT *, next_at - (julianday('now') - 2440587.5) * 86400 AS wait FROM tc_webhooks"
        )[0]

    @pytest.mark.parametrize("status", [302, 307, 404, 500, 503])
    def test_everything_but_2xx_is_tried_again(
        self, api: Api, http_server: HttpServer, job_id: str, status: int
    ) -> None:
        http_server.status("/hook", status, location=http_server.url + "/elsewhere")
        http_server.status("/elsewhere", 200)
        assert deliverer_of(api).deliver_one()
        event = self.event(api)
        assert (event.status, event.attempts, event.last_status) == ("pending", 1, status)
        assert [r.path for r in http_server.received] == ["/hook"]  # nobody was redirected
        assert not deliverer_of(api).deliver_one()  # not due yet

    def test_tries_are_spaced_as_documented_and_end_with_a_warning(
        self, api: Api, http_server: HttpServer, job_id: str
    ) -> None:
        http_server.status("/hook", 500)
        deliverer = deliverer_of(api)
        for number, wait_s in enumerate((*WAITS_S, None), 1):
            assert deliverer.deliver_one()
            event = self.event(api)
            assert event.attempts == number
            if wait_s is not None:
                assert event.status == "pending"
                assert wait_s - 2 <= event.wait <= wait_s * 1.1 + 1  # with jitter
                assert api.get(job_id)["webhook"]["next_retry_at"] is not None
            due_now(api)
        assert len({header(request, "webhook-id") for request in http_server.received}) == 1
        assert self.event(api).status == "failed"
        assert not deliverer.deliver_one()
        found = api.get(job_id)
        assert found["status"] == "queued"  # a webhook never fails its job
        assert [w["code"] for w in found["warnings"]] == ["webhook_delivery_failed"]
        assert "500" in found["warnings"][0]["message"]

    def test_the_documented_pauses_are_those(self) -> None:
        assert WAITS_S == (5, 300, 1800, 7200, 18000, 36000, 36000)

    def test_410_ends_it_at_once(self, api: Api, http_server: HttpServer, job_id: str) -> None:
        http_server.status("/hook", 410)
        deliverer_of(api).deliver_one()
        assert self.event(api).status == "failed"

    @pytest.mark.alone
    def test_a_receiver_that_does_not_answer_is_tried_again(
        self, api: Api, job_id: str, http_server: HttpServer
    ) -> None:
        http_server.answers["/hook"] = lambda _: bool(http_server.closing.wait(30))
        began = time.monotonic()
        deliverer_of(api).deliver_one()
        assert time.monotonic() - began < api.settings.webhook_timeout_s + 2
        event = self.event(api)
        assert (event.status, event.last_status) == ("pending", 0)

    def test_the_next_event_of_a_job_waits_for_the_one_before(
        self, api: Api, http_server: HttpServer
    ) -> None:
        job_id = api.post(**hook(http_server.url + "/hook"))
        api.result("POST", f"/jobs/{job_id}/cancel")
        other = api.post(**hook(http_server.url + "/other"))
        http_server.status("/hook", 500)
        http_server.status("/other", 200)
        deliverer = deliverer_of(api)
        while deliverer.deliver_one():
            pass
        told = [(r.path, json.loads(r.body)["event"]) for r in http_server.received]
        assert sorted(told) == [("/hook", "job.queued"), ("/other", "job.queued")]
        http_server.status("/hook", 200)
        due_now(api)
        while deliverer.deliver_one():
            pass
        mine = [b["event"] for b in bodies(http_server) if b["id"] == job_id]
        assert mine == ["job.queued", "job.queued", "job.canceled"]
        assert api.get(other)["webhook"]["events"][0]["status"] == "delivered"

    def test_a_body_says_what_was_so_when_it_was_written(
        self, api: Api, http_server: HttpServer
    ) -> None:
        job_id = api.post(**hook(http_server.url + "/hook"))
        api.result("POST", f"/jobs/{job_id}/cancel")
        http_server.status("/hook", 200)
        deliverer = deliverer_of(api)
        while deliverer.deliver_one():
            pass
        assert [b["status"] for b in bodies(http_server)] == ["queued", "canceled"]


class _Recorder:
    """A client that notes what it would send."""

    def __init__(self, answer: int | Exception = 200) -> None:
        self.answer = answer
        self.posted: list[tuple[str, bytes, dict[str, str]]] = []

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> int:
        self.posted.append((url, body, dict(headers)))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def recorder() -> _Recorder:
    return _Recorder()


def test_two_deliverers_send_an_event_once(api: Api, recorder: _Recorder) -> None:
    api.post(**hook("https://example.com/hook"))
    first, second = deliverer_of(api, recorder), deliverer_of(api, recorder)
    claimed = first._claim()
    assert claimed is not None
    assert not second.deliver_one()
    # The one who claimed it died: somebody else sends it, under the same id.
    api.change("UPDATE tc_webhooks SET claimed_until = 0")
    assert second.deliver_one()
    assert recorder.posted[0][2]["webhook-id"] == claimed.id


def test_a_receiver_that_must_not_be_reached_is_not(api: Api) -> None:
    recorder = _Recorder(InputError("source_forbidden", "Not there."))
    job_id = api.post(**hook("http://169.254.169.254/", events=["job.queued"]))
    deliverer_of(api, recorder).deliver_one()
    assert api.get(job_id)["webhook"]["last_status"] == 0

    guarded = deliverer_of(api)
    due_now(api)
    guarded.deliver_one()
    assert api.get(job_id)["webhook"]["last_status"] == 0


def test_plain_http_may_be_forbidden(api: Api, recorder: _Recorder) -> None:
    settings = api.settings.model_copy(update={"webhook_allow_http": False})
    strict = Deliverer(
        settings, database=api.service.database, keyring=api.service.keyring, client=recorder
    )
    plain = api.post(**hook("http://example.com/hook", events=["job.queued"]))
    secure = api.post(**hook("https://example.com/hook", events=["job.queued"]))
    while strict.deliver_one():
        pass
    assert [url for url, _, _ in recorder.posted] == ["https://example.com/hook"]
    assert api.get(plain)["webhook"]["last_status"] == 0
    assert api.get(secure)["webhook"]["last_status"] == 200


def test_an_edited_webhook_gets_what_is_still_to_be_sent(api: Api, recorder: _Recorder) -> None:
    job_id = api.post(**hook("https://old.example.com/"))
    api.result("PUT", f"/jobs/{job_id}", json=hook("https://new.example.com/"))
    deliverer_of(api, recorder).deliver_one()
    assert recorder.posted[0][0] == "https://new.example.com/"


@pytest.mark.parametrize("how", ["secrets deleted", "webhook taken out"])
def test_an_event_without_a_receiver_is_given_up(api: Api, recorder: _Recorder, how: str) -> None:
    job_id = api.post(**hook("https://example.com/"))
    if how == "secrets deleted":
        api.change("DELETE FROM tc_secrets")
    else:
        api.result("PUT", f"/jobs/{job_id}", json={"webhook_config": None})
    deliverer_of(api, recorder).deliver_one()
    assert recorder.posted == []
    assert api.rows("SELECT status FROM tc_webhooks")[0].status == "failed"


def test_deliveries_survive_the_death_of_the_worker(
    api: Api, settings: Settings, receiver: HttpServer
) -> None:
    job_id = api.post(**hook(receiver.url + "/hook"))
    receiver.status("/hook", 503)
    with worker_of(settings):
        api.wait(job_id)
        api.until(job_id, lambda j: j["webhook"]["attempts"] >= 1)
    receiver.status("/hook", 200)
    due_now(api)
    with worker_of(settings):
        wait_for_events(api, job_id)
    delivered = [json.loads(r.body)["event_id"] for r in receiver.received]
    assert len(set(delivered)) == 3
    for earlier, later in pairwise(delivered):
        assert earlier != later or delivered.index(earlier) == 0  # only the first was sent again
