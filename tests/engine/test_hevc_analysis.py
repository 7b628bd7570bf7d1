"""HEVC made from the analysis of a smaller rung: as whole as without, and nearly as good."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.measure import pictures, probe_json, psnr, streams
from tests.engine.plans import MEDIA, Made, picture, run, transcode, video

from videngine.plan import VideoRenditionPlan
from videngine.planning.hevc_analysis import GIVER_PARAMETERS, READER_PARAMETERS

CLIP = MEDIA / "bbb_720p24_20s.mp4"
FRAMES = 72
SIZE = (640, 360)


def hevc(folder: Path, name: str, **more: Any) -> VideoRenditionPlan:
    of = picture(rate=24, id=more.pop("of"))
    fields = {
        "preset": "medium",
        "gop_frames": 24,
        "bitrate_bps": 600_000,
        "max_bitrate_bps": 900_000,
        "buffer_size_bits": 1_200_000,
        **more,
    }
    return replace(video(folder, of=of, name=name, **fields), codec="libx265", tag="hvc1")


def made(folder: Path, *renditions: VideoRenditionPlan) -> Made:
    clip = {"start_s": Fraction(4), "duration_s": Fraction(FRAMES, 24)}
    whole = picture(*SIZE, rate=24, id="whole", **clip)
    half = picture(SIZE[0] // 2, SIZE[1] // 2, rate=24, id="half", **clip)
    folder.mkdir(exist_ok=True)
    return run(CLIP, pictures=(whole, replace(half, parent="whole")), video=renditions)


def kinds(path: Path) -> str:
    """The kind of every picture in the order of showing; key frames are K."""
    entries = "frame=pict_type,key_frame"
    frames = probe_json(path, "-select_streams", "v:0", "-show_entries", entries)["frames"]
    return "".join("K" if frame["key_frame"] else str(frame["pict_type"]) for frame in frames)


RATE_OF_HALF = {"bitrate_bps": 200_000, "max_bitrate_bps": 300_000, "buffer_size_bits": 400_000}


def shared_of(folder: Path, **more: Any) -> Made:
    """Two renditions with one analysis."""
    reads, gives = (
        (("x265-params", ":".join(f"{n}={v}" for n, v in parameters.items())),)
        for parameters in (READER_PARAMETERS, GIVER_PARAMETERS)
    )
    return made(
        folder,
        hevc(folder, "v0", of="whole", analysis_from="v1", options=reads, **more),
        hevc(folder, "v1", of="half", **RATE_OF_HALF, options=gives, **more),
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made]:
    """Two renditions with one analysis, and the same two, each with its own."""
    folder = tmp_path_factory.mktemp("pair")
    alone = made(
        folder, hevc(folder, "a0", of="whole"), hevc(folder, "a1", of="half", **RATE_OF_HALF)
    )
    return shared_of(folder), alone


def test_every_picture_is_there_and_decodes(pair: tuple[Made, Made]) -> None:
    shared, _ = pair
    assert shared.stats == {"frames": shared.stats["frames"], "decodes": 1, "encodes": 2}
    for name, size in (("v0", SIZE), ("v1", (SIZE[0] // 2, SIZE[1] // 2))):
        assert shared.results[name].frames == FRAMES
        assert len(pictures(shared.path(name), *size)) == FRAMES


def test_key_frames_of_both_stand_where_they_do_alone(pair: tuple[Made, Made]) -> None:
    shared, alone = pair
    for made, name in ((shared, "v0"), (shared, "v1"), (alone, "a0")):
        found = kinds(made.path(name))
        assert [n for n, kind in enumerate(found) if kind in "KI"] == list(range(0, FRAMES, 24))
        assert found.count("K") == FRAMES // 24


def test_as_many_threads_as_there_are_make_the_same_pictures(
    pair: tuple[Made, Made], tmp_path: Path
) -> None:
    more = shared_of(tmp_path, threads=3)
    for name, size in (("v0", SIZE), ("v1", (SIZE[0] // 2, SIZE[1] // 2))):
        assert more.results[name].size_bytes == pair[0].results[name].size_bytes
        assert np.array_equal(pictures(more.path(name), *size), pictures(pair[0].path(name), *size))


def test_both_have_the_same_kinds_of_pictures(pair: tuple[Made, Made]) -> None:
    shared, _ = pair
    assert kinds(shared.path("v0")) == kinds(shared.path("v1"))


def test_what_players_are_told_is_the_same(pair: tuple[Made, Made]) -> None:
    shared, alone = pair
    for mine, its in (("v0", "a0"), ("v1", "a1")):
        facts = [streams(made.path(name))[0] for made, name in ((shared, mine), (alone, its))]
        for fact in ("profile", "level", "width", "height", "pix_fmt", "has_b_frames", "nb_frames",
                     "codec_tag_string", "chroma_location", "color_range"):  # fmt: skip
            assert facts[0].get(fact) == facts[1].get(fact), fact
        assert shared.results[mine].codec_string == alone.results[its].codec_string


def test_it_looks_nearly_as_good_for_as_many_bits(pair: tuple[Made, Made], tmp_path: Path) -> None:
    shared, alone = pair
    lossless = made(tmp_path, hevc(tmp_path, "r", of="whole", bitrate_bps=None, crf=0.0,
                                   max_bitrate_bps=None, buffer_size_bits=None,
                                   preset="ultrafast"))  # fmt: skip
    source = pictures(lossless.path("r"), *SIZE)
    quality = [
        psnr(pictures(made.path(name), *SIZE), source)
        for made, name in ((shared, "v0"), (alone, "a0"))
    ]
    sizes = [shared.results["v0"].size_bytes, alone.results["a0"].size_bytes]
    assert quality[0] > quality[1] - 0.7
    assert sizes[0] < 1.08 * sizes[1]


def test_a_ladder_of_a_job_is_made_so(tmp_path: Path) -> None:
    stream = [
        {
            "video_codec": "libx265",
            "video_codec_parameters": {"preset": "medium"},
            "height": height,
            "bitrate": 2 * height,
        }
        for height in (288, 144)
    ]
    report = transcode(
        CLIP, tmp_path, {"output": "hls", "segment_duration": 2, "stream": stream, "duration": 4}
    )
    assert report.status == "completed"
    playlists = sorted((tmp_path / "0").glob("video*/*.m3u8"))
    found = [kinds(path) for path in playlists]
    assert found[0] == found[1]
    assert [n for n, kind in enumerate(found[0]) if kind == "K"] == [0, 48]
    assert len(found[0]) == 96
