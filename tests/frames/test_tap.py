"""Frames of a job that runs: those that are encoded, at no greater cost than was asked for."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.frames.material import digest, ffmpeg, picture
from tests.processes import until

import videngine
from videngine.errors import InputError, SpecError


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tap") / "film.mp4"
    ffmpeg(*picture("320x180", 100), "-c:v", "libx264", "-g", "25", path)
    return path


def job(film: Path, folder: Path, **more: Any) -> dict[str, Any]:
    rung = {"quality": 30, "video_codec_parameters": {"preset": "ultrafast"}}
    output = {
        "output": "mp4",
        "height": 90,
        "destination": {"type": "file", "path": str(folder / "film.mp4")},
        **rung,
        **more,
    }
    source = {"type": "file", "path": str(film)}
    return {"video_id": "tapped", "source": source, "format": [output]}


def test_decoded_frames_are_the_sources(film: Path, tmp_path: Path) -> None:
    expected = [digest(f) for f in videngine.open(film)]
    with videngine.tap(job(film, tmp_path), every=10) as frames:
        got = [(digest(f), f.time) for f in frames]
        assert frames.dropped == 0
    assert [hashed for hashed, _ in got] == expected[::10]
    assert [at for _, at in got] == pytest.approx([0.4 * n for n in range(10)], abs=1e-4)
    assert frames.report.status == "completed"
    assert len(videngine.open(tmp_path / "film.mp4")) == 100
    assert frames.report.stats["decodes"] == 1


def test_frames_of_a_rendition_are_those_that_are_encoded(film: Path, tmp_path: Path) -> None:
    lossless = job(film, tmp_path, quality=0)
    with videngine.tap(lossless, every=7, at="90p") as frames:
        seen = list(frames)
    assert [f.pts for f in seen] == list(range(0, 100, 7))
    assert seen[3].time == pytest.approx(21 / 25)
    made = videngine.open(tmp_path / "film.mp4")
    assert [digest(f) for f in seen] == [digest(f) for f in made[::7]]
    with pytest.raises(ValueError, match="read-only"):
        seen[0].planes[0][0, 0] = 1


def test_the_encode_waits_or_does_not(film: Path, tmp_path: Path) -> None:
    with videngine.tap(job(film, tmp_path), full="drop", queue=2) as frames:
        first = next(iter(frames))
        until((tmp_path / "film.mp4").exists)  # nobody takes any, and it ends all the same
        rest = list(frames)
        assert frames.dropped == 97
    assert first.pts == 0
    assert len(rest) == 2
    (tmp_path / "film.mp4").unlink()
    with videngine.tap(job(film, tmp_path), full="block", queue=2) as frames:
        assert next(iter(frames)).pts == 0
        time.sleep(0.5)
        assert not (tmp_path / "film.mp4").exists()  # it waits for us
        assert len(list(frames)) == 99


def test_who_leaves_early_stops_nothing_but_the_tap(film: Path, tmp_path: Path) -> None:
    with videngine.tap(job(film, tmp_path)) as frames:
        frame = next(iter(frames))
    assert digest(frame) == digest(videngine.open(film)[0])
    assert len(videngine.open(tmp_path / "film.mp4")) == 100
    (tmp_path / "film.mp4").unlink()

    def fail() -> None:
        with videngine.tap(job(film, tmp_path)) as frames:
            for _ in frames:
                raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        fail()
    assert not (tmp_path / "film.mp4").exists()
    assert "videngine tap" not in {t.name for t in threading.enumerate()}


def test_what_the_job_fails_with_is_raised(film: Path, tmp_path: Path) -> None:
    def use(request: Any, **how: Any) -> int:
        with videngine.tap(request, **how) as frames:
            return sum(1 for _ in frames)

    with pytest.raises(InputError) as caught:
        use(job(tmp_path / "none.mp4", tmp_path))
    assert caught.value.code == "source_not_found"
    with pytest.raises(SpecError):
        use({"video_id": "tapped", "format": []})
    with pytest.raises(ValueError, match="decoded, 90p"):
        use(job(film, tmp_path), at="720p")
    for wrong in ({"every": 0}, {"queue": 0}, {"full": "wait"}):
        with pytest.raises(ValueError, match="at least 1|full is"):  # noqa: RUF043  alternatives
            use(job(film, tmp_path), **wrong)
    truncated = tmp_path / "truncated.mp4"
    data = film.read_bytes()
    ffmpeg("-i", film, "-c", "copy", "-movflags", "+faststart", truncated)
    data = truncated.read_bytes()
    truncated.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="truncated"):
        use(job(truncated, tmp_path))


def test_every_rung_may_be_tapped(film: Path, tmp_path: Path) -> None:
    request = json.dumps(
        {
            "video_id": "tapped",
            "source": {"type": "file", "path": str(film)},
            "format": [
                {
                    "output": "advanced_hls",
                    "destination": {"type": "file", "path": str(tmp_path)},
                    "stream": [{"height": 180, "quality": 30}, {"height": 90, "quality": 30}],
                }
            ],
        }
    )
    for at, height in (("180p", 180), ("90p", 90)):
        with videngine.tap(request, at=at, every=25) as frames:
            shapes = {f.planes[0].shape[0] for f in frames}
        assert shapes == {height}
        assert np.isfinite(frames.report.duration)
