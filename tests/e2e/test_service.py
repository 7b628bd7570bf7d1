"""One job through the real service: S3 in, S3 out, webhooks, players, and the faults on the way."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import psutil
import pytest
from standardwebhooks import Webhook
from tests.browser.playback import play
from tests.e2e.conftest import FILM, Service, service_in
from tests.processes import ended

from servers import ADMIN, HttpServer, S3Server

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SHORT = {"start_time": 2, "duration": 8}
LADDER = [{"height": height, "quality": 28} for height in (360, 240, 180)]


def place(server: S3Server, bucket: str, path: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "s3",
        "endpoint": server.endpoint,
        "bucket": bucket,
        "path": path,
        "key": ADMIN.key,
        "secret": ADMIN.secret,
        **more,
    }


def upload(server: S3Server, bucket: str, key: str, body: bytes) -> None:
    with contextlib.closing(server.client()) as client:
        client.put_object(Bucket=bucket, Key=key, Body=body)


def test_a_whole_job_from_s3_to_s3_plays_and_is_told_of(
    tmp_path: Path, s3_server: S3Server, http_server: HttpServer
) -> None:
    hook = http_server.serve("/hook", b"")
    bucket = s3_server.make_bucket()
    upload(s3_server, bucket, "in/film.mp4", FILM.read_bytes())
    allowed = f"{s3_server.address},{http_server.address}"
    with service_in(tmp_path, allow_addresses=allowed, s3_endpoints=s3_server.endpoint) as service:
        job_id = service.post(
            video_id="film",
            source=place(s3_server, bucket, "in/film.mp4"),
            webhook_config={"url": hook, "secret": SECRET, "headers": {"x-api-key": "mine"}},
            format=[
                {
                    "output": "advanced_hls",
                    "segment_duration": 2,
                    "stream": LADDER,
                    "destination": place(s3_server, bucket, "out/hls"),
                    **SHORT,
                },
                {
                    "output": "advanced_dash",
                    "segment_duration": 2,
                    "stream": LADDER,
                    "destination": place(s3_server, bucket, "out/dash"),
                    **SHORT,
                },
                {
                    "output": "mp4",
                    "height": 360,
                    "quality": 28,
                    "destination": place(s3_server, bucket, "out/film.mp4"),
                    **SHORT,
                },
                {
                    "output": "thumbnail",
                    "height": 180,
                    "time": "3s",
                    "destination": place(s3_server, bucket, "out/poster.png"),
                },
            ],
        )
        job = service.wait(job_id)
        assert job["status"] == "completed", job
        assert [o["status"] for o in job["outputs"]] == ["completed"] * 4
        # One decode; three rungs are one encode each, whoever shows them.
        assert job["stats"]["decodes"] == 1
        assert job["stats"]["encodes"] == 3
        assert ADMIN.secret not in json.dumps(job)
        delivered = _hooks(http_server, until="job.completed")
        assert ADMIN.secret.encode() not in (tmp_path / "service.log").read_bytes()

    for request in delivered:
        assert request.headers["x-api-key"] == "mine"
        Webhook(SECRET).verify(request.body, request.headers)
    last = json.loads(delivered[-1].body)
    assert last["id"] == job_id
    assert last["video_id"] == "film"
    assert last["status"] == "completed"
    assert last["raw_size"] == FILM.stat().st_size

    copy = tmp_path / "copy"
    for key in s3_server.keys(bucket, "out/"):
        target = copy / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(s3_server.body(bucket, key))
    assert (copy / "out/poster.png").read_bytes().startswith(b"\x89PNG")
    sizes = {(640, 360), (426, 240), (320, 180)}
    for folder, manifest, player in (
        ("hls", "playlist.m3u8", "hls"),
        ("hls", "playlist.m3u8", "shaka"),
        ("dash", "playlist.mpd", "shaka"),
    ):
        seen = play(copy / "out" / folder, manifest, player=player, seconds=4)  # type: ignore[arg-type]
        assert seen.errors == []
        assert set(seen.rungs) == sizes
        assert seen.sizes == {(640, 360), (320, 180)}
        assert seen.audio_bytes > 0
    facts = s3_server.head(bucket, "out/hls/playlist.m3u8")
    assert facts["ContentType"] == "application/vnd.apple.mpegurl"


def _silence_wav() -> bytes:
    """Two seconds of sound without a picture."""
    body = io.BytesIO()
    with wave.open(body, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(bytes(2 * 2 * 48_000))
    return body.getvalue()


def _hooks(server: HttpServer, until: str, timeout_s: float = 10) -> list[Any]:
    deadline = time.monotonic() + timeout_s
    while True:
        got = [r for r in server.received if r.path == "/hook"]
        if any(json.loads(r.body)["event"] == until for r in got):
            return got
        assert time.monotonic() < deadline, [r.body for r in got]
        time.sleep(0.05)


def test_a_source_that_cannot_be_used_fails_its_job_and_no_other(
    tmp_path: Path, s3_server: S3Server
) -> None:
    bucket = s3_server.make_bucket()
    sources = {
        "empty.mp4": b"",
        "text.mp4": b"this is not a film\n" * 100,
        "concat.mp4": f"ffconcat version 1.0\nfile '{FILM}'\n".encode(),
        "cut.mp4": FILM.read_bytes()[: FILM.stat().st_size // 2],
        "sound.wav": _silence_wav(),
        "good.mp4": FILM.read_bytes(),
    }
    for name, body in sources.items():
        upload(s3_server, bucket, name, body)
    wanted = {
        "empty.mp4": "source_corrupt",
        "text.mp4": "source_corrupt",
        "concat.mp4": "source_corrupt",
        "cut.mp4": "source_corrupt",
        "sound.wav": "source_no_streams",
        "missing.mp4": "source_not_found",
        "good.mp4": None,
    }
    with service_in(
        tmp_path, allow_addresses=s3_server.address, s3_endpoints=s3_server.endpoint
    ) as service:
        jobs = {}
        for name in wanted:
            out = {
                "output": "mp4",
                "height": 180,
                "destination": place(s3_server, bucket, f"out/{name}/film.mp4"),
            }
            jobs[name] = service.post(
                video_id=name, source=place(s3_server, bucket, name), format=[out]
            )
        jobs["forbidden"] = service.post(
            video_id="forbidden",
            source=place(s3_server, bucket, "good.mp4", secret="wrong"),
            format=[{"output": "mp4", "height": 180}],
        )
        wanted["forbidden"] = "source_forbidden"
        found = {name: service.wait(job_id) for name, job_id in jobs.items()}
    codes = {name: (job["error"] or {}).get("code") for name, job in found.items()}
    assert codes == wanted
    assert all(job["attempts"] == 1 for job in found.values()), "a bad source is not tried again"
    assert s3_server.keys(bucket, "out/") == ["out/good.mp4/film.mp4"]
    assert not any((service.state_dir / "scratch").iterdir())


def test_a_destination_that_refuses_fails_its_output_softly_where_that_is_allowed(
    tmp_path: Path, s3_server: S3Server
) -> None:
    bucket = s3_server.make_bucket()
    bad = {"output": "mp4", "height": 180, "destination": place(s3_server, "no-such-bucket", "x")}
    good = {"output": "thumbnail", "height": 90}
    with service_in(
        tmp_path, allow_addresses=s3_server.address, s3_endpoints=s3_server.endpoint
    ) as service:
        source = {"type": "file", "path": str(FILM)}
        soft = service.post(
            video_id="soft", source=source, format=[{**bad, "allow_soft_fail": 1}, good]
        )
        hard = service.post(video_id="hard", source=source, format=[bad, good])
        job = service.wait(soft)
        assert (job["status"], job["partial"]) == ("completed", True)
        assert job["outputs"][0]["error"]["code"] == "destination_not_found"
        assert job["outputs"][1]["status"] == "completed"
        failed = service.wait(hard)
        assert failed["status"] == "failed"
        assert failed["error"]["code"] == "destination_not_found"
    assert s3_server.open_uploads(bucket) == []


@pytest.mark.alone
def test_cancel_stops_a_running_encode_within_two_seconds(tmp_path: Path, long_film: Path) -> None:
    roots = f"{long_film.parent},{tmp_path}"
    with service_in(tmp_path, file_roots=roots, default_preset="veryslow") as service:
        job_id = service.post(
            video_id="long",
            source={"type": "file", "path": str(long_film)},
            format=[
                {
                    "output": "mp4",
                    "height": 720,
                    "destination": {"type": "file", "path": str(tmp_path / "out/film.mp4")},
                }
            ],
        )
        service.until(job_id, lambda j: j["phase"] == "encoding" and j["progress"] > 6)
        children = service.processes("videngine.child")
        assert children
        asked = time.monotonic()
        answer = service.call("PUT", f"/jobs/{job_id}", json={"action": "cancel"})
        assert answer.status_code == 200, answer.text
        psutil.wait_procs(children, timeout=5)
        took_s = time.monotonic() - asked
        assert took_s < 2
        assert service.wait(job_id)["status"] == "canceled"
        assert not service.processes("videngine.child")
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


def test_a_killed_worker_takes_its_encoder_with_it_and_another_finishes_the_job(
    tmp_path: Path,
) -> None:
    with service_in(tmp_path, default_preset="slow") as service:
        target = tmp_path / "out" / "film.mp4"
        job_id = service.post(
            video_id="film",
            source={"type": "file", "path": str(FILM)},
            format=[
                {
                    "output": "mp4",
                    "height": 480,
                    "duration": 8,
                    "destination": {"type": "file", "path": str(target)},
                }
            ],
        )
        service.until(job_id, lambda j: j["phase"] == "encoding" and j["progress"] > 6)
        [worker] = [p for p in service.processes("worker") if "videngine" in p.cmdline()]
        children = service.processes("videngine.child")
        assert children
        worker.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive, "the encoder outlived its worker"
        command = [sys.executable, "-m", "videngine", "worker"]
        with (tmp_path / "worker2.log").open("wb") as log:
            second = subprocess.Popen(command, env=service.environment, stdout=log, stderr=log)
        try:
            job = service.wait(job_id)
        finally:
            second.terminate()
            ended(second)
        assert job["status"] == "completed", job
        assert job["attempts"] == 2
    assert target.stat().st_size == job["outputs"][0]["size"]


def test_a_crash_in_native_code_is_tried_again_and_then_fails_the_job_alone(
    tmp_path: Path,
) -> None:
    with service_in(tmp_path, test_crash="SIGSEGV", max_attempts="2") as service:
        job_id = service.post(
            video_id="film",
            source={"type": "file", "path": str(FILM)},
            format=[{"output": "mp4", "height": 180}],
        )
        job = service.wait(job_id)
        assert job["status"] == "failed"
        assert job["error"]["code"] == "worker_lost"
        assert "SIGSEGV" in job["error"]["message"]
        assert job["attempts"] == 2
        assert service.processes("worker"), "the worker lives on"


def test_a_full_disk_fails_the_job_and_leaves_no_scratch(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    out = {"output": "mp4", "height": 720, "bitrate": 8000}
    job.write_text(
        json.dumps(
            {
                "video_id": "full",
                "source": {"type": "file", "path": str(FILM)},
                "format": [{**out, "destination": {"type": "file", "path": str(tmp_path / "o")}}],
            }
        )
    )
    state = tmp_path / "state"
    state.mkdir()
    # A file system of 2 MB in a mount namespace of its own.
    script = (
        'mount -t tmpfs -o size=2m tmpfs "$1" && "$2" -m videngine encode "$3"; code=$?;'
        ' ls -A "$1/scratch"; exit $code'
    )
    arguments = [str(state), sys.executable, str(job)]
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "VIDENGINE_STATE_DIR": str(state),
            "VIDENGINE_DEFAULT_PRESET": "ultrafast",
        },
    )
    assert done.returncode == 1, done.stderr
    assert "[disk_full]" in done.stderr
    left = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    assert left == []
    assert not (tmp_path / "o").exists()


def test_no_token_is_401(service: Service) -> None:
    for path in ("/jobs", "/jobs/0"):
        answer = service.call("GET", path, headers={"Authorization": ""})
        assert answer.status_code == 401
        assert answer.json()["success"] is False
