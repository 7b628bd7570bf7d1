"""Rows of what suits the title: CRFs that reach a quality, rungs that are of use, a whole ladder.

The clips are short, so that all of one is a window of the analysis.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.engine.films import ffmpeg
from tests.engine.measure import streams
from tests.fields.rows import MEDIA, Made, Row
from tests.fields.table_core import FILM, bit_rate, film

from videngine.planning.per_title import TARGET_VMAF

TOLERANCE_VMAF = 2


def suited(**fields: Any) -> dict[str, Any]:
    """A file of the source's size with the CRF that suits it."""
    return {"output": "mp4", "optimize_bitrate": 1, "metrics": 1, **fields}


def video(made: Made, index: int = 0) -> dict[str, Any]:
    (found,) = [r for r in made.report.outputs[index].renditions if r["kind"] == "video"]
    return found


def an_easy_part_gets_fewer_bits_than_a_hard_one(made: Made) -> None:
    for index in (0, 1):
        found = video(made, index)
        assert found["target_vmaf"] == TARGET_VMAF
        assert abs(found["vmaf"] - TARGET_VMAF) < TOLERANCE_VMAF
        assert abs(found["vmaf"] - found["predicted_vmaf"]) < TOLERANCE_VMAF
    assert bit_rate(made.path(1)) < 0.7 * bit_rate(made.path(0))


def bounds_bind(made: Made) -> None:
    crfs = [video(made, index)["crf_used"] for index in range(5)]
    assert crfs[0] not in (12, 45)
    assert crfs[1:] == [crfs[0] + 4, 45, 12, crfs[0]]
    rates = [bit_rate(made.path(index)) for index in range(4)]
    assert rates[3] > rates[0] > rates[1] > rates[2]
    assert video(made, 1)["vmaf"] < video(made, 0)["vmaf"] - 1


def the_rate_is_a_limit(made: Made) -> None:
    assert bit_rate(made.path(0)) < 250_000
    assert video(made)["crf_used"] > video(made, 1)["crf_used"]
    assert bit_rate(made.path(1)) > 250_000


def of_hevc(made: Made) -> None:
    assert streams(made.path())[0]["codec_name"] == "hevc"
    assert abs(video(made)["vmaf"] - TARGET_VMAF) < TOLERANCE_VMAF


def part(folder: Path, picture: str) -> dict[str, Any]:
    """A second of the film as a source of its own."""
    source = folder / "part.mp4"
    ffmpeg(
        *("-ss", 5, "-t", 1, "-i", MEDIA / FILM, "-an", "-vf", f"{picture},format=yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", 8, source),
    )
    return {"type": "file", "path": str(source)}


def soft_film(folder: Path) -> dict[str, Any]:
    """A film without the detail that its size has room for."""
    stream = [{"height": height} for height in (720, 360)]
    output = {"output": "hls", "optimize_bitrate": 1, "stream": stream, "metrics": 1}
    return {"source": part(folder, "scale=320:180,scale=1280:720"), "format": [output]}


def small(*outputs: dict[str, Any]) -> Callable[[Path], dict[str, Any]]:
    """Outputs of a second in 360 lines."""
    return lambda folder: {"source": part(folder, "scale=640:360"), "format": outputs}


def the_large_rung_is_left_out(made: Made) -> None:
    (output,) = made.report.outputs
    skipped = [w for w in output.warnings if w["code"] == "useless_rung"]
    assert [w["path"] for w in skipped] == ["format[0].stream[0]"]
    assert "1280x720" in skipped[0]["message"]
    assert video(made)["height"] == 360
    assert abs(video(made)["vmaf"] - TARGET_VMAF) < TOLERANCE_VMAF
    assert "RESOLUTION=640x360" in made.path(0, "playlist.m3u8").read_text()


def ladders_along_the_hull(made: Made) -> None:
    free, limited = (
        [r for r in output.renditions if r["kind"] == "video"] for output in made.report.outputs
    )
    assert len(free) >= 3
    assert abs(free[0]["vmaf"] - TARGET_VMAF) < TOLERANCE_VMAF
    for large, small in pairwise(free):
        assert small["vmaf"] < large["vmaf"]
        assert small["height"] <= large["height"]
        assert 1.3 < large["bitrate"] / small["bitrate"] < 3
    lines = made.path(0, "playlist.m3u8").read_text().splitlines()
    assert len([line for line in lines if line.startswith("#EXT-X-STREAM-INF")]) == len(free)
    assert max(rung["bitrate"] for rung in limited) < 1.03 * 300_000 < free[0]["bitrate"]
    assert made.path(1, "playlist.mpd").read_text().count("<Representation") == len(limited)


ROWS = [
    Row(fields=("EncodingFields.optimize_bitrate",), name="an easy part and a hard one",
        job=film(suited(start_time=15, duration=1), suited(duration=1)),
        check=an_easy_part_gets_fewer_bits_than_a_hard_one),
    Row(fields=("EncodingFields.adjust_crf", "EncodingFields.min_crf", "EncodingFields.max_crf"),
        name="bounds of what suits the title",
        job=small(suited(), suited(adjust_crf="4"), suited(min_crf="45"), suited(max_crf=12),
                  suited(quality=40, adjust_crf="0", min_crf="1", max_crf="51")),
        check=bounds_bind),
    Row(fields=("EncodingFields.optimize_bitrate", "EncodingFields.bitrate"),
        name="the rate is a limit of what suits the title",
        job=small(suited(bitrate=250), suited()), check=the_rate_is_a_limit),
    Row(fields=("EncodingFields.optimize_bitrate",), name="HEVC that suits the title",
        job=small(suited(video_codec="hevc")), check=of_hevc),
    Row(fields=("AdaptiveOutput.stream", "EncodingFields.optimize_bitrate"),
        name="a rung of no use is left out", job=soft_film, check=the_large_rung_is_left_out),
    Row(fields=("AdaptiveOutput.stream",), name="stream left out, and auto",
        job=small({"output": "hls", "metrics": 1},
                  {"output": "dash", "stream": "auto", "bitrate": 300}),
        check=ladders_along_the_hull),
]  # fmt: skip
