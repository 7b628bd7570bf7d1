"""Scores are of the right frames, and there are none where nothing can be compared."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from tests.engine.films import ffmpeg
from tests.engine.measure import pictures, psnr

import videngine
from videngine.errors import Cancelled, EncoderUnavailable, VidengineError
from videngine.quality.vmaf import compare, ffmpeg_with_vmaf

MEDIA = Path(__file__).resolve().parents[1] / "data" / "media"
FILM = MEDIA / "bbb_720p24_20s.mp4"


def job(source: Path, folder: Path, *outputs: dict[str, Any], **how: Any) -> videngine.Report:
    """Run a job; output i goes to the folder ``i``."""
    entries = [
        {**output, "destination": {"type": "file", "path": f"{folder}/{i}/"}}
        for i, output in enumerate(outputs)
    ]
    settings = videngine.Settings(
        state_dir=folder / "state", default_preset="ultrafast", **how.pop("settings", {})
    )
    request = {
        "video_id": "t",
        "source": {"type": "file", "path": str(source)},
        "format": entries,
    }
    return videngine.transcode(request, settings=settings, **how)


def luma(path: Path) -> Any:
    """The luma of all frames as it is coded."""
    return pictures(path, 1280, 720, pixel_format="yuv420p")[:, : 1280 * 720]


def luma_psnr(made: Path, frames: Any) -> float:
    """The mean of the frames' PSNR, from pictures that were decoded one by one."""
    shown = luma(made)
    assert len(shown) == len(frames)
    return float(np.mean([psnr(a, b) for a, b in zip(shown, frames, strict=True)]))


def test_a_comparison_judges_every_nth_frame_but_the_first(tmp_path: Path) -> None:
    """With the scores that FFmpeg gives these frames where it judges all."""
    film, small = tmp_path / "film.mp4", tmp_path / "small.mp4"
    ffmpeg(*("-i", FILM, "-frames:v", 11, "-an", "-c:v", "libx264", "-qp", 0, film))
    ffmpeg(*("-i", film, "-vf", "scale=640:360", "-c:v", "libx264", "-crf", 35, small))
    program = ffmpeg_with_vmaf(videngine.Settings(state_dir=tmp_path))
    log = tmp_path / "log.json"
    graph = f"[0]scale=1280:720:flags=bicubic[d];[d][1]libvmaf=log_fmt=json:log_path={log}"
    command = [program, "-v", "error", "-i", small, "-i", film, "-lavfi", graph, "-f", "null", "-"]
    subprocess.run(command, check=True)
    of_frames = [frame["metrics"]["vmaf"] for frame in json.loads(log.read_text())["frames"]]
    for n_subsample, judged in [(1, range(1, 11)), (3, (3, 6, 9)), (5, (5, 10)), (20, (0,))]:
        (found,) = compare(
            film,
            [small],
            size=(1280, 720),
            n_subsample=n_subsample,
            program=program,
            stop=lambda: False,
            timeout_s=60,
        )
        assert found == pytest.approx(np.mean([of_frames[n] for n in judged]), abs=0.01)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_the_frames_that_belong_together_are_compared(suffix: str, tmp_path: Path) -> None:
    """Matroska rounds timestamps to milliseconds, MPEG-TS does not begin at zero."""
    source = tmp_path / f"film.{suffix}"
    ffmpeg(
        *("-i", FILM, "-t", "3", "-an", "-c:v", "libx264", "-preset", "veryfast", "-g", "24"),
        *("-crf", "12", source),
    )
    fields = {"output": "mp4", "quality": 35, "start_time": 1, "duration": 1, "metrics": 1}
    report = job(source, tmp_path, fields, {**fields, "framerate": 12})
    whole = luma(source)[24 : 2 * 24]
    rows = [output.renditions[0] for output in report.outputs]
    made = [tmp_path / str(i) / "video.mp4" for i in (0, 1)]
    assert abs(rows[0]["psnr"] - luma_psnr(made[0], whole)) < 0.05
    assert abs(rows[1]["psnr"] - luma_psnr(made[1], whole[::2])) < 0.05
    assert 20 < rows[0]["vmaf"] < 95


def test_a_source_that_does_not_tell_its_colours_is_compared_as_it_is(tmp_path: Path) -> None:
    source = tmp_path / "film.mp4"
    untold = "setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown"
    ffmpeg(*("-i", FILM, "-t", "1", "-an", "-vf", untold, "-c:v", "libx264", "-crf", "10", source))
    fields = {"output": "mp4", "metrics": 1}
    report = job(source, tmp_path, {**fields, "quality": 10}, {**fields, "height": 180})
    assert report.outputs[0].renditions[0]["psnr"] > 45  # 38 if the pixels of one are converted


def test_scores_fall_with_quality_and_an_enlarged_picture_is_judged_as_seen(
    tmp_path: Path,
) -> None:
    fields = {"output": "mp4", "duration": 1}
    report = job(
        FILM, tmp_path, {**fields, "quality": 18}, {**fields, "quality": 38},
        {**fields, "quality": 18, "height": 180}, {"output": "vmaf"},
    )  # fmt: skip
    document = json.loads((tmp_path / "3" / "vmaf.json").read_text())
    means = [row["vmaf"]["mean"] for row in document["renditions"]]
    assert means[0] > means[1] + 5
    assert means[0] > means[2] + 15  # 180 lines, shown as large as the source
    assert all(row["frames"] == 24 for row in document["renditions"])
    for row in document["renditions"]:
        scores = row["vmaf"]
        assert scores["min"] <= scores["p1"] <= scores["harmonic_mean"] <= scores["mean"] <= 100
    assert report.stats["encodes"] == 3


def test_hdr_is_not_scored(tmp_path: Path) -> None:
    report = job(
        MEDIA / "hdr10_pq_hevc.mp4", tmp_path,
        {"output": "mp4", "height": 90, "duration": 1, "metrics": 1},
        {"output": "vmaf", "allow_soft_fail": 1},
    )  # fmt: skip
    assert "vmaf" not in report.outputs[0].renditions[0]
    assert "not_comparable" in [warning["code"] for warning in report.outputs[0].warnings]
    assert report.outputs[1].error is not None
    assert report.outputs[1].error["code"] == "not_comparable"


def test_a_cropped_picture_is_named_beside_those_that_are_scored(tmp_path: Path) -> None:
    fields = {"output": "mp4", "duration": 1, "height": 90}
    job(FILM, tmp_path, fields, {**fields, "width": 90, "resize_mode": "crop"}, {"output": "vmaf"})
    rows = json.loads((tmp_path / "2" / "vmaf.json").read_text())["renditions"]
    assert ["not_scored" in row for row in rows] == [False, True]


def test_a_program_without_libvmaf_is_named(tmp_path: Path) -> None:
    fields = {"output": "mp4", "height": 90, "duration": 1}
    without = {"settings": {"vmaf_ffmpeg": "ffmpeg"}}
    report = job(FILM, tmp_path, {**fields, "metrics": 1}, **without)
    assert [w["code"] for w in report.outputs[0].warnings] == ["codec_unavailable"]
    with pytest.raises(EncoderUnavailable, match="libvmaf") as caught:
        job(FILM, tmp_path, fields, {"output": "vmaf"}, **without)
    assert caught.value.code == "codec_unavailable"


def measuring() -> list[psutil.Process]:
    """FFmpegs that compare."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if any("libvmaf" in word for word in process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            pass
    return found


@pytest.mark.alone
def test_a_cancel_ends_it_within_two_seconds(tmp_path: Path) -> None:
    asked: list[float] = []

    def cancelled() -> bool:
        if asked or measuring():
            asked.append(time.monotonic())
        return bool(asked)

    with pytest.raises(Cancelled):
        job(FILM, tmp_path, {"output": "mp4", "quality": 40}, {"output": "vmaf"},
            cancelled=cancelled)  # fmt: skip
    assert time.monotonic() - asked[0] <= 2
    assert measuring() == []


def test_a_source_dressed_up_as_a_film_opens_no_other_file(tmp_path: Path) -> None:
    """The program that measures is held to the engine's containers and to local files."""
    from fractions import Fraction

    from videngine.outputs import ScorePlan
    from videngine.quality.vmaf import ffmpeg_with_vmaf, score

    playlist = tmp_path / "film.mp4"
    playlist.write_text(f"#EXTM3U\n#EXTINF:1,\nfile://{FILM}\n#EXT-X-ENDLIST\n")
    plan = ScorePlan(
        video="v0", stream=0, width_px=1280, height_px=720, frame_rate=Fraction(24),
        origin_s=Fraction(0), start_s=Fraction(0), model="v0.6.1", n_subsample=1, path="",
    )  # fmt: skip
    with pytest.raises(VidengineError) as caught:
        score(
            plan, source=playlist, rendition=FILM, stop=lambda: False, timeout_s=30, threads=1,
            program=ffmpeg_with_vmaf(videngine.Settings()),
        )  # fmt: skip
    assert caught.value.code == "metrics_failed"
