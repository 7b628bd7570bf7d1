"""HDR in the plan: what is tone-mapped, what is kept, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_planning_outputs import HLS, SOUND, changed, media, plan, warned

from videngine.media import Color, MediaInfo
from videngine.plan import TonemapPlan

PQ = Color(primaries="bt2020", transfer="smpte2084", matrix="bt2020nc", range="tv")
HLG = Color(primaries="bt2020", transfer="arib-std-b67", matrix="bt2020nc", range="tv")


def source(**facts: Any) -> MediaInfo:
    return media(changed(**facts), SOUND)


@pytest.mark.parametrize(
    ("facts", "peak_nits"),
    [
        ({}, 1000),
        ({"mastering_peak_nits": 4000.0}, 4000),
        ({"mastering_peak_nits": 4000.0, "max_content_nits": 700}, 700),
        ({"max_content_nits": 90}, 203),
        ({"max_content_nits": 65535}, 10_000),
    ],
)
def test_the_peak_of_pq_comes_from_the_metadata(facts: dict[str, Any], peak_nits: float) -> None:
    found = plan({"output": "mp4", "hdr_to_sdr": 1}, source=source(color=PQ, **facts))
    assert found.engine.pictures[0].look.tonemap == TonemapPlan(transfer="pq", peak_nits=peak_nits)


def test_hlg_has_the_peak_of_its_definition() -> None:
    found = plan(
        {"output": "mp4", "hdr_to_sdr": 1}, source=source(color=HLG, max_content_nits=4000)
    )
    assert found.engine.pictures[0].look.tonemap == TonemapPlan(transfer="hlg", peak_nits=1000)


def test_only_the_first_of_a_chain_is_tone_mapped_and_the_ladder_is_sdr() -> None:
    found = plan({**HLS, "hdr_to_sdr": 1}, source=source(color=PQ))
    mapped = [p.look.tonemap is not None for p in found.engine.pictures]
    assert mapped == [p.parent is None for p in found.engine.pictures]
    assert {r.dynamic_range for r in found.outputs[0].rungs} == {"SDR"}
    assert ("source", "hdr_to_8bit") not in warned(found)


def test_hdr_and_sdr_of_one_size_are_two_renditions() -> None:
    found = plan(
        {"output": "mp4", "height": 360, "hdr_to_sdr": 1},
        {"output": "mp4", "height": 360},
        {"output": "thumbnail"},
        {"output": "thumbnail", "hdr_to_sdr": 0},
        source=source(color=HLG),
    )
    assert len(found.engine.video) == len(found.engine.pictures) == 2
    assert {p.parent for p in found.engine.pictures} == {None}
    assert [o.rungs[0].dynamic_range for o in found.outputs[:2]] == ["SDR", "HLG"]
    assert [s.look.tonemap is not None for s in found.engine.stills] == [True, False]
    assert ("source", "hdr_to_8bit") in warned(found)


def test_an_sdr_source_is_left_alone_with_a_warning() -> None:
    found = plan({"output": "mp4", "hdr_to_sdr": 1}, {"output": "thumbnail"})
    assert found.engine.pictures[0].look.tonemap is None
    assert found.engine.stills[0].look.tonemap is None
    assert warned(found) == [("format[0].hdr_to_sdr", "not_hdr")]


@pytest.mark.parametrize(
    ("facts", "asked", "refused"),
    [
        ({"dolby_vision_profile": 5}, 0, True),
        ({"dolby_vision_profile": 10}, 0, True),
        ({"dolby_vision_profile": 10, "dolby_vision_compatibility": 1}, 0, False),
        ({"dolby_vision_profile": 8, "dolby_vision_compatibility": 4}, 1, False),
        ({"color": Color(transfer="smpte2084", matrix="ictcp")}, 1, True),
        ({"color": Color(transfer="smpte2084", matrix="ictcp")}, 0, False),
    ],
)
def test_hdr_that_cannot_be_shown_is_refused(
    facts: dict[str, Any], asked: int, refused: bool
) -> None:
    found = plan({"output": "mp4", "hdr_to_sdr": asked}, source=source(**facts))
    error = found.outputs[0].error
    assert (error["code"] if error else None) == ("unsupported_hdr" if refused else None)
    assert bool(found.engine.video) is not refused
