"""One look ahead for all rungs: what encoders decide alike, and that nothing is lost by it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.measure import coded_pictures, encoder_settings, keyframes, pictures, psnr
from tests.engine.plans import MEDIA, Made, picture, run, transcode, video

from videngine.plan import LookaheadPlan

CLIP = MEDIA / "bbb_720p24_20s.mp4"
LENGTH_S = Fraction(4)
SECOND = Fraction(1)


def ladder(
    folder: Path,
    *,
    shared: bool,
    length_s: Fraction = LENGTH_S,
    size: tuple[int, int] = (640, 360),
    **how: Any,
) -> Made:
    """Two rungs of the beginning of a film, encoded from one look at the smaller one, or not."""
    folder.mkdir()
    large = picture(*size, id="p0", duration_s=length_s)
    small = picture(320, 180, id="p1", parent="p0", duration_s=length_s)
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


@pytest.mark.parametrize(
    ("preset", "options", "large", "small"),
    [
        ("veryfast", {}, ("dia", "1"), ("dia", "2")),
        ("veryfast", {"motion-est": "hex", "subq": "2"}, ("hex", "2"), ("hex", "2")),
        ("faster", {}, ("hex", "4"), ("hex", "4")),
    ],
)
def test_veryfast_searches_less_unless_a_job_says_how(
    tmp_path: Path,
    preset: str,
    options: dict[str, str],
    large: tuple[str, str],
    small: tuple[str, str],
) -> None:
    made = ladder(
        tmp_path / "shared",
        shared=True,
        length_s=Fraction(1, 4),
        size=(1280, 720),
        preset=preset,
        options=tuple(options.items()),
    )
    found = [encoder_settings(made.path(name), "x264") for name in ("v0", "v1")]
    assert [(words["me"], words["subme"]) for words in found] == [large, small]


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


def test_scenes_begin_with_key_frames_in_all_rungs_and_segments_stay(tmp_path: Path) -> None:
    film = MEDIA / "bbb_720p24_60s.mp4"
    cut = {"start_s": Fraction(10), "duration_s": Fraction(20)}
    large = picture(320, 180, id="p0", **cut)
    small = picture(160, 90, id="p1", parent="p0", **cut)
    fields: dict[str, Any] = {"preset": "veryfast", "segment_s": Fraction(4), "lookahead": "l0"}
    rungs = (
        video(tmp_path, of=large, name="v0", crf=20.0, **fields),
        video(tmp_path, of=small, name="v1", bitrate_bps=100_000, **fields),
    )
    lookahead = LookaheadPlan(
        id="l0",
        picture="p1",
        depth_frames=10,
        gop_frames=rungs[0].gop_frames,
        segment_s=Fraction(4),
        grid_rate=rungs[0].grid_rate,
        scene_cuts=True,
    )
    made = run(film, pictures=(large, small), lookaheads=(lookahead,), video=rungs)
    grid = {0, 96, 192, 288, 384}
    found = keyframes(made.path("v0"))
    assert found == keyframes(made.path("v1"))
    assert grid < set(found)
    # Where pictures differ most from those before them, by an eye of its own.
    shown = pictures(made.path("v0"), 320, 180).astype(np.int16)
    change = [0.0, *(float(np.abs(b - a).mean()) for a, b in itertools.pairwise(shown))]
    cuts = {n for n in range(1, len(shown)) if change[n] > 25 and change[n] > 3 * change[n - 1]}
    far = {n for n in cuts if all(abs(n - key) >= 12 for key in grid)}
    assert far
    assert set(found) - grid == far
    for name in ("v0", "v1"):
        assert made.path(name).read_bytes().count(b"moof") == len(grid)


def test_a_bit_rate_is_kept(tmp_path: Path) -> None:
    rate = {"bitrate_bps": 400_000, "max_bitrate_bps": 600_000, "buffer_size_bits": 800_000}
    made = ladder(tmp_path / "rate", shared=True, **rate)
    for name in ("v0", "v1"):
        bits = 8 * sum(p.size_bytes for p in coded_pictures(made.path(name)))
        assert bits / LENGTH_S == pytest.approx(400_000, rel=0.15)


def test_chunks_beside_each_other_are_the_pictures_of_one_encoder(tmp_path: Path) -> None:
    one = ladder(tmp_path / "one", shared=True, crf=26.0)
    beside = ladder(tmp_path / "beside", shared=True, crf=26.0, chunk_encoders=3)
    for name in ("v0", "v1"):
        assert len(beside.results[name].chunk_cpu_s) == 4
        assert one.results[name].chunk_cpu_s == ()
        assert types(beside.path(name)) == types(one.path(name))
    for a, b in zip(pictures_of(one.path("v0")), pictures_of(beside.path("v0")), strict=True):
        assert np.array_equal(a, b)


def test_chunks_beside_each_other_keep_a_bit_rate_and_a_buffer(tmp_path: Path) -> None:
    rate, peak, buffer = 400_000, 600_000, 800_000
    given = {"bitrate_bps": rate, "max_bitrate_bps": peak, "buffer_size_bits": buffer}
    made = ladder(tmp_path / "rate", shared=True, chunk_encoders=3, length_s=Fraction(20), **given)
    for name in ("v0", "v1"):
        coded = coded_pictures(made.path(name))
        assert len(coded) == 480
        assert sum(8 * p.size_bytes for p in coded) / 20 == pytest.approx(rate, rel=0.08)
        filled = 0.9 * buffer  # as x264 begins
        for p in coded:
            filled -= 8 * p.size_bytes
            assert filled >= 0
            filled = min(filled + peak / 24, buffer)


def test_a_ladder_of_a_job_is_encoded_in_chunks_where_there_are_cores(tmp_path: Path) -> None:
    fast = {"video_codec_parameters": {"preset": "veryfast"}}
    stream = [{"height": height, "quality": 30, **fast} for height in (720, 480, 360)]
    hls = {"output": "hls", "segment_duration": 1, "stream": stream, "duration": 3}
    made = {cores: transcode(CLIP, tmp_path / str(cores), hls, cores=cores) for cores in (1, 16)}
    for playlist in (tmp_path / "1" / "0").glob("video*/*.m3u8"):
        again = tmp_path / "16" / "0" / playlist.parent.name / playlist.name
        assert types(playlist) == types(again)
        assert len(coded_pictures(again)) == 72
    assert {report.status for report in made.values()} == {"completed"}


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
