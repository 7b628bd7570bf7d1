"""Rungs of HEVC that are made from the analysis of smaller ones."""

from __future__ import annotations

from typing import Any

import pytest
from tests.planning import plan_of_film as plan

from videngine.plan import Plan, VideoRenditionPlan, first_pass
from videngine.planning.hevc_analysis import GIVER_PARAMETERS, READER_PARAMETERS

LADDER = (1080, 720, 540, 360)


def rung(height: int, **fields: Any) -> dict[str, Any]:
    return {"video_codec": "libx265", "height": height, "bitrate": height, **fields}


def hls(*rungs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"output": "hls", "stream": list(rungs), **fields}


def pairs(found: Plan) -> dict[int, int]:
    """Who reads whose analysis, by heights."""
    heights = {p.id: p.height_px for p in found.pictures}
    of = {v.id: heights[v.picture] for v in found.video}
    return {of[v.id]: of[v.analysis_from] for v in found.video if v.analysis_from}


def parameters(video: VideoRenditionPlan) -> dict[str, str]:
    words = dict(video.options).get("x265-params", "").split(":")
    return dict(word.split("=", 1) for word in words if word)


def test_rungs_of_twice_the_size_read_the_analysis_of_smaller_ones() -> None:
    found = plan(hls(*map(rung, LADDER)))
    assert pairs(found) == {1080: 540, 720: 360}
    for video in found.video:
        assert parameters(video) == (READER_PARAMETERS if video.analysis_from else GIVER_PARAMETERS)


def test_who_gives_an_analysis_makes_one_of_its_own() -> None:
    found = plan(hls(*map(rung, (2160, 1080, 540))), size=(3840, 2160))
    assert pairs(found) == {2160: 1080}


def test_two_rungs_may_read_one_analysis() -> None:
    found = plan(hls(rung(1080), rung(1080, bitrate=9000), rung(540)))
    assert len({v.analysis_from for v in found.video if v.analysis_from}) == 1
    assert sum(v.analysis_from is not None for v in found.video) == 2


def test_outputs_that_share_a_rendition_share_its_analysis() -> None:
    rungs = [rung(h) for h in LADDER]
    found = plan(hls(*rungs), {"output": "dash", "stream": rungs})
    assert len(found.video) == len(LADDER)
    assert pairs(found) == {1080: 540, 720: 360}


@pytest.mark.parametrize(
    "other",
    [
        rung(480),
        rung(540, width=900),
        rung(540, video_codec="libx264"),
        rung(540, framerate=12),
        rung(540, two_pass=1),
        rung(540, bitrate=None, quality=24),  # no buffer
        rung(540, pix_format="yuv420p10le"),
        rung(540, video_codec_parameters={"preset": "fast"}),
        rung(540, video_codec_parameters={"refs": 2}),
        rung(540, video_codec_parameters={"level": "4.0"}),
    ],
    ids=lambda fields: ",".join(list(fields)[2:]) or str(fields["height"]),
)
def test_a_rung_that_is_encoded_otherwise_gives_none(other: dict[str, Any]) -> None:
    assert pairs(plan(hls(rung(1080), other))) == {}


@pytest.mark.parametrize(
    "both",
    [
        {"two_pass": 1},
        {"video_codec_parameters": {"level": "4.1"}},
        {"video_codec_parameters": {"preset": "veryfast"}},
    ],
)
def test_some_things_keep_rungs_apart(both: dict[str, Any]) -> None:
    found = plan(hls(rung(1080, **both), rung(540, **both)))
    assert pairs(found) == {}
    first = first_pass(found)
    assert first is None or all(v.analysis_from is None for v in first.video)


def test_parameters_that_both_have_alike_are_kept_beside_the_refinement() -> None:
    both = {"video_codec_parameters": {"refs": 4, "bf": 3}}
    found = plan(hls(rung(1080, **both), rung(540, **both)))
    assert pairs(found) == {1080: 540}
    assert parameters(found.video[0]) == {**READER_PARAMETERS, "ref": "4", "bframes": "3"}
    assert parameters(found.video[1]) == {**GIVER_PARAMETERS, "ref": "4", "bframes": "3"}
    both = {"video_codec_parameters": {"trellis": 1}}
    found = plan(hls(rung(1080, **both), rung(540, **both)))
    assert [parameters(video)["rdoq-level"] for video in found.video] == ["1", "1"]


def test_pictures_that_show_something_else_share_nothing() -> None:
    half = {"width": 960, "height": 540}
    for fields in ({"rotate": 180}, {"aspect_ratio": "1:1"}, {"start_time": 3}):
        found = plan(
            {"output": "mp4", **rung(1080)}, {"output": "mp4", **rung(540), **half, **fields}
        )
        assert pairs(found) == {}
