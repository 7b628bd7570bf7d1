"""A dry run tells what would be made, and leaves nothing behind."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from service import api_of, worker_of
from videngine.flow import run_job
from videngine.server import dry_run
from videngine.settings import Settings

FILM = Path(__file__).parents[1] / "data" / "media" / "bbb_720p24_20s.mp4"


@pytest.fixture
def rooted(settings: Settings) -> Settings:
    return settings.model_copy(update={"file_roots": (FILM.parent,), "default_preset": "ultrafast"})


def request(**fields: Any) -> dict[str, Any]:
    outputs = [
        {
            "output": "hls",
            "duration": 4,
            "segment_duration": 2,
            "stream": [{"height": 1080}, {"height": 180, "bitrate": 300}, {"height": 90}],
        },
        {"output": "mp4", "duration": 4, "height": 180, "bitrate": 300, "tag": "t"},
        {"output": "mp4", "start_time": 3600},
    ]
    source = {"type": "file", "path": str(FILM)}
    return {"video_id": "v", "source": source, "format": outputs, **fields}


def test_the_plan_says_what_is_made_and_what_is_not(rooted: Settings) -> None:
    with api_of(rooted) as api:
        plan = api.result("POST", "/jobs?dry_run=1", json=request(colour="red"))
        hls, mp4, late = plan["outputs"]
        assert [(s["path"], s["code"]) for s in hls["skipped"]] == [
            ("format[0].stream[0]", "larger_than_source")
        ]
        assert hls["keys"] == [
            f"output_0/{name}"
            for name in (
                "playlist.m3u8",
                "video_1/segment_*.m4s",
                "video_2/segment_*.m4s",
                "audio_1/segment_*.m4s",
            )
        ]
        assert (mp4["keys"], mp4["tag"]) == (["output_1/video_180p.mp4"], "t")
        assert late["error"]["code"] == "range_outside_source"
        assert mp4["renditions"][0] == hls["renditions"][0], "shared"
        sizes = {(r["width"], r["height"]) for r in plan["renditions"] if r["kind"] == "video"}
        assert sizes == {(320, 180), (160, 90)}
        assert [w["path"] for w in plan["warnings"]] == ["colour"]
        assert (plan["estimate"]["encodes"], plan["estimate"]["decodes"]) == (3, 1)
        assert plan["estimate"]["cpu_s"] > 0
        assert str(rooted.state_dir) not in str(plan)
        assert api.result("GET", "/jobs")["total"] == 0
        assert list(rooted.scratch_dir.iterdir()) == []


def test_the_keys_and_the_size_are_those_of_the_job(rooted: Settings) -> None:
    job = request(format=request()["format"][:2])
    with api_of(rooted) as api:
        plan = api.result("POST", "/jobs?dry_run=1", json=job)
        job_id = api.result("POST", "/jobs", json=job)["id"]
        with worker_of(rooted, run_job):
            made = api.wait(job_id)
    for planned, output in zip(plan["outputs"], made["outputs"], strict=True):
        keys = {file["key"] for file in output["files"]}
        for key in planned["keys"]:
            assert key.replace("*", "1") in keys
    assert 0.3 < plan["estimate"]["size"] / made["size"] < 3


@pytest.mark.parametrize(
    ("path", "code"), [("missing.mp4", "source_not_found"), ("../x.mp4", "source_forbidden")]
)
def test_a_source_that_cannot_be_had_is_a_fault(rooted: Settings, path: str, code: str) -> None:
    with api_of(rooted) as api:
        source = {"type": "file", "path": str(FILM.parent / path)}
        answer = api.call("POST", "/jobs?dry_run=1", json=request(source=source))
        assert answer.status_code == 422
        assert answer.json["result"]["errors"][0]["code"] == code


def test_a_source_that_takes_too_long_is_given_up(rooted: Settings) -> None:
    with api_of(rooted.model_copy(update={"dry_run_timeout_s": 0.001})) as api:
        answer = api.call("POST", "/jobs?dry_run=1", json=request())
        assert answer.json["result"]["errors"][0]["code"] == "timeout"
        assert list(rooted.scratch_dir.iterdir()) == []


def test_dry_runs_do_not_take_all_threads(
    rooted: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "_slots", threading.BoundedSemaphore(1))
    with api_of(rooted) as api, dry_run._slots:
        answer = api.call("POST", "/jobs?dry_run=1", json=request())
        assert answer.status_code == 429
