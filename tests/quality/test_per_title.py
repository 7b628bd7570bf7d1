"""Trials of a title: what becomes of a job where they fail, are stopped, or are made already."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.engine.films import ffmpeg

import videngine
from videngine import flow, sampling
from videngine.errors import Cancelled
from videngine.local import LocalRun
from videngine.packaging.boxes import sample_sizes
from videngine.planning.curves import Curve
from videngine.spec import parse_job

MEDIA = Path(__file__).resolve().parents[1] / "data" / "media"
LADDER = {
    "output": "hls",
    "optimize_bitrate": 1,
    "adjust_crf": 2,
    "stream": [{"height": 180}, {"height": 90}],
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    ffmpeg(
        *("-ss", 5, "-t", 1, "-i", MEDIA / "bbb_720p24_20s.mp4", "-an", "-vf", "scale=320:180"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", 8, path),
    )
    return path


def request(source: Path, folder: Path, *outputs: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {**output, "destination": {"type": "file", "path": f"{folder}/{i}/"}}
        for i, output in enumerate(outputs)
    ]
    place = {"type": "file", "path": str(source)}
    return {"video_id": "t", "source": place, "format": entries}


def settings(folder: Path, **how: Any) -> videngine.Settings:
    return videngine.Settings(state_dir=folder / "state", default_preset="ultrafast", **how)


def pictures(report: videngine.Report, output: int = 0) -> list[dict[str, Any]]:
    return [r for r in report.outputs[output].renditions if r["kind"] == "video"]


def test_without_vmaf_rungs_have_the_usual_crf_and_a_warning_says_so(
    source: Path, tmp_path: Path
) -> None:
    job = request(source, tmp_path, LADDER, {"output": "dash"})
    report = videngine.transcode(job, settings=settings(tmp_path, vmaf_ffmpeg="ffmpeg"))
    assert report.status == "completed"
    assert [r["crf_used"] for r in pictures(report)] == [25, 25]
    assert [(r["height"], r["crf_used"]) for r in pictures(report, 1)] == [(180, 23)]
    assert not any("target_vmaf" in r for r in pictures(report))
    (warning,) = [w for w in report.warnings if w.code == "title_not_analysed"]
    assert "libvmaf" in warning.message


def test_a_trial_that_fails_fails_no_job(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise videngine.VidengineError("metrics_failed", "FFmpeg could not compare them.")

    monkeypatch.setattr("videngine.sampling.compare", fail)
    report = videngine.transcode(request(source, tmp_path, LADDER), settings=settings(tmp_path))
    assert report.status == "completed"
    assert "could not compare" in next(
        w.message for w in report.warnings if w.code == "title_not_analysed"
    )
    assert not list(tmp_path.rglob("trials"))


class Remembering(LocalRun):
    """As the service's run: what a step came to goes through JSON, and is not made twice."""

    def __init__(self, remembered: dict[str, str], **how: Any) -> None:
        super().__init__(on_progress=lambda _: None, cancelled=lambda: False, **how)
        self.remembered = remembered

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        if name not in self.remembered:
            self.remembered[name] = json.dumps(work())
        return json.loads(self.remembered[name])


def test_a_job_that_goes_on_after_a_crash_does_not_try_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = parse_job(json.dumps(request(source, tmp_path, LADDER))).spec
    remembered: dict[str, str] = {}
    encode = flow.encode

    def crash(*_: Any) -> Any:
        raise RuntimeError

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    how = {"settings": settings(tmp_path), "scratch": scratch}
    monkeypatch.setattr(flow, "encode", crash)
    with pytest.raises(RuntimeError):
        flow.run_job(spec, Remembering(remembered, **how), anywhere=True)
    assert "try" in remembered
    monkeypatch.setattr(flow, "encode", encode)
    monkeypatch.setattr(sampling, "sample", crash)
    rungs = pictures(flow.run_job(spec, Remembering(remembered, **how), anywhere=True))
    assert all("predicted_vmaf" in rung for rung in rungs)
    tried = json.loads(remembered["try"])["curves"]["0"]
    assert rungs[0]["predicted_vmaf"] == pytest.approx(
        Curve.from_json(tried).at(rungs[0]["crf_used"]).vmaf, abs=0.1
    )


def test_trials_are_cancelled_with_their_job(source: Path, tmp_path: Path) -> None:
    phases: list[str] = []
    with pytest.raises(Cancelled):
        videngine.transcode(
            request(source, tmp_path, LADDER),
            settings=settings(tmp_path),
            on_progress=lambda progress: phases.append(progress.phase),
            cancelled=lambda: "analyzing" in phases,
        )
    assert phases[-1] == "analyzing"


@pytest.mark.parametrize("frames", [11, 13, 14, 15, 23, 27, 55])
def test_all_places_of_windows_are_judged_alike(frames: int) -> None:
    step = sampling.judged_one_of(frames, windows=4)
    places = [n % frames for n in range(0, 4 * frames, step)]
    assert 0.5 * frames <= len(places) <= frames
    assert len(set(places)) >= min(len(places), frames)


def test_of_a_title_of_a_few_frames_all_are_judged() -> None:
    assert sampling.judged_one_of(8, windows=1) == 1


def test_the_sizes_of_samples_are_read_from_a_file_in_fragments(
    source: Path, tmp_path: Path
) -> None:
    path = tmp_path / "fragments.mp4"
    flags = "frag_keyframe+empty_moov+default_base_moof"
    ffmpeg(*("-i", source, "-c", "copy", "-movflags", flags, path))
    sizes = sample_sizes(path.read_bytes())
    assert sum(map(len, sizes)) == 24
    payload = path.stat().st_size
    assert 0.8 * payload < sum(map(sum, sizes)) < payload
