"""One look ahead for all rungs: what encoders decide alike, and that nothing is lost by it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.measure import coded_pictures, pictures, psnr
from tests.engine.plans import MEDIA, Made, picture, run, transcode, video

from videngine.plan import LookaheadPlan

CLIP = MEDIA / "bbb_720p24_20s.mp4"
LENGTH_S = Fraction(4)
SECOND = Fraction(1)


def ladder(folder: Path, *, shared: bool, **how: Any) -> Made:
    """Two rungs of four seconds of film, encoded from one look at the smaller one, or not."""
    folder.mkdir()
    large = picture(640, 360, id="p0", duration_s=LENGTH_S)
    small = picture(320, 180, id="p1", parent="p0", duration_s=LENGTH_S)
    fields: dict[str, Any] = {"preset": "veryfast", "segment_s": SECOND, **how}
    rungs = [
        video(folder, of=large, name="v0", **fields),
        video(folder, of=small, name="v1", **fields),
    ]
    lookaheads = ()
    if shared:
        rungs = [replace(rung, lookahead="l0") for rung in rungs]
        lookaheads = (
            LookaheadPlan(
                id="l0",
                picture="p1",
                depth_frames=10,
                gop_frames=rungs[0].gop_frames,
                segment_s=SECOND,
                grid_rate=rungs[0].grid_rate,
            ),
        )
    return run(CLIP, pictures=(large, small), lookaheads=lookaheads, video=tuple(rungs))


def types(path: Path) -> str:
    return "".join(p.kind for p in coded_pictures(path))


def test_all_rungs_have_frames_of_the_same_types(tmp_path: Path) -> None:
    made = ladder(tmp_path / "shared", shared=True)
    found = types(made.path("v0"))
    assert found == types(made.path("v1"))
    assert len(found) == 96
    assert [i for i, kind in enumerate(found) if kind == "I"] == [0, 24, 48, 72]
    assert 30 < found.count("B") < 72
    assert made.stats == made.stats | {"decodes": 1, "encodes": 2}


def test_pictures_are_as_good_for_their_bits_as_with_a_look_of_their_own(tmp_path: Path) -> None:
    original = pictures_of(
        run(
            CLIP,
            pictures=(picture(640, 360, duration_s=LENGTH_S),),
            video=(video(tmp_path, of=picture(640, 360), crf=0.0),),
        ).path("v0")
    )
    curve = {}
    for shared in (False, True):
        for crf in (22.0, 28.0):
            made = ladder(tmp_path / f"{shared}{crf}", shared=shared, crf=crf)
            path = made.path("v0")
            quality = np.mean(
                [psnr(a, b) for a, b in zip(original, pictures_of(path), strict=True)]
            )
            curve[shared, crf] = (np.log2(path.stat().st_size), float(quality))
    # What the shared look needs for a quality, in doublings of the size, beside the other's curve.
    (low, poor), (high, good) = curve[False, 28.0], curve[False, 22.0]
    for crf in (22.0, 28.0):
        size, quality = curve[True, crf]
        alone = low + (quality - poor) * (high - low) / (good - poor)
        assert size - alone < np.log2(1.10)
        # A CRF means about what it means with x264's own look.
        assert abs(size - curve[False, crf][0]) < np.log2(1.35)


def pictures_of(path: Path) -> Any:
    return pictures(path, 640, 360)


def test_a_bit_rate_is_kept(tmp_path: Path) -> None:
    rate = {"bitrate_bps": 400_000, "max_bitrate_bps": 600_000, "buffer_size_bits": 800_000}
    made = ladder(tmp_path / "rate", shared=True, **rate)
    for name in ("v0", "v1"):
        bits = 8 * sum(p.size_bytes for p in coded_pictures(made.path(name)))
        assert bits / LENGTH_S == pytest.approx(400_000, rel=0.15)


def test_a_ladder_of_a_job_shares_its_look(tmp_path: Path) -> None:
    fast = {"video_codec_parameters": {"preset": "veryfast"}}
    stream = [{"height": height, "quality": 30, **fast} for height in (720, 480, 360)]
    hls = {"output": "hls", "segment_duration": 1, "stream": stream, "duration": 2}
    report = transcode(CLIP, tmp_path, hls)
    assert report.status == "completed"
    playlists = sorted((tmp_path / "0").glob("video*/*.m3u8"))
    first, second, third = (types(path) for path in playlists)
    assert first == second == third
    assert "B" in first
