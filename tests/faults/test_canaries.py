"""A posted secret is nowhere but in its encrypted envelope: no database, log, answer, webhook."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from tests.processes import HANG_S

from servers import HttpServer
from service import Api, Workers

CANARY = "CANARYcanary0123456789"
KEY = "c0ffee00c0ffee11c0ffee22c0ffee33"

SECRETS: dict[str, Any] = {
    "source": {
        "type": "s3",
        "bucket": "b",
        "path": "in.mp4",
        "key": f"{CANARY}A",
        "secret": f"{CANARY}B",
    },
    "format": [
        {
            "output": "mp4",
            "destination": {
                "type": "s3",
                "bucket": "b",
                "path": "out",
                "key": f"{CANARY}C",
                "secret": f"{CANARY}D",
            },
        },
        {
            "output": "hls",
            "stream": [{}],
            "cenc_drm": {"key": KEY, "key_id": "0123456789abcdef0123456789abcdef"},
            "fps_drm": {"key": KEY, "iv": "fedcba98" * 4, "key_url": f"skd://a?t={CANARY}M"},
        },
        {
            "output": "hls",
            "stream": [{}],
            "encryption": {"key": KEY, "key_url": f"https://keys.example.com/k?t={CANARY}N"},
        },
    ],
}


def request(hook: str) -> dict[str, Any]:
    return SECRETS | {
        "webhook_config": {
            "url": f"{hook}/hook?token={CANARY}E",
            "headers": {"authorization": f"Bearer {CANARY}F", "x-api-key": f"{CANARY}G"},
            "secret": f"whsec_{CANARY}H",
        }
    }


SIGNED = f"https://user:{CANARY}I@media.example.com/in.mp4?X-Amz-Signature={CANARY}J"


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "video_id",
    ["fine", "refuse=source_corrupt", "fail=upload_failed*1", "die=1*1", "crash"],
)
def test_secrets_are_nowhere(
    api: Api,
    workers: Workers,
    http_server: HttpServer,
    video_id: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    http_server.status("/hook", 200)
    answers = []

    def call(method: str, path: str, **more: Any) -> Any:
        answer = api.call(method, path, **more)
        answers.append(answer.text)
        return answer

    body = request(http_server.url)
    key = {"Idempotency-Key": "k"}
    ids = [
        call("POST", "/jobs", json={"video_id": video_id, **body}, headers=key).json["result"]["id"]
    ]
    signed = {"video_id": video_id, **body, "source": SIGNED}
    ids.append(call("POST", "/jobs", json=signed).json["result"]["id"])
    call("POST", "/jobs", json={"video_id": video_id, **body}, headers=key)
    call("POST", "/jobs", json={**body, "format": [{"output": "mp5", **body["format"][0]}]})
    call("POST", "/jobs?strict=1", json={**body, "video_id": "x", CANARY + "L": 1})
    call("POST", "/jobs", data=json.dumps(body)[:-1])
    call("PUT", f"/jobs/{ids[0]}", json={"source": body["source"]})

    for _ in ids if video_id.startswith("die") else ():
        victim = workers.start()
        victim.wait(HANG_S)
        workers.running.remove(victim)
    workers.start()
    for job_id in ids:
        api.wait(job_id)
        api.until(job_id, lambda j: all(e["status"] == "delivered" for e in j["webhook"]["events"]))
        call("GET", f"/jobs/{job_id}")
    call("GET", "/jobs")
    call("POST", f"/jobs/{ids[0]}/retry")

    # The key of the unknown field is the caller's own word: it may come back in that one answer.
    shown = [text for text in answers if CANARY + "L" not in text]
    assert len(shown) >= len(answers) - 1
    for secret in (CANARY, KEY):
        assert not any(secret in text.lower() or secret in text for text in shown)
        assert not any(secret.encode() in sent.body for sent in http_server.received)
        assert secret not in caplog.text
        for path in files_below(api.settings.state_dir):
            assert secret.encode() not in path.read_bytes(), path.name
    assert files_below(api.settings.state_dir)
    # The receiver did get what is meant for it.
    assert any(f"Bearer {CANARY}F" in str(sent.headers) for sent in http_server.received)
