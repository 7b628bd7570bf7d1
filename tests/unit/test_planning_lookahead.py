"""Which renditions share a look ahead."""

from __future__ import annotations

from typing import Any

import pytest
from tests.planning import plan_of_film as plan


def hls(*heights: int, **fields: Any) -> dict[str, Any]:
    return {
        "output": "advanced_hls",
        "stream": [{"height": height, "quality": 23, **fields} for height in heights],
    }


def parameters(**values: Any) -> dict[str, Any]:
    return {"video_codec_parameters": values}


def test_a_ladder_shares_a_look_at_its_own_small_rung() -> None:
    made = plan(hls(1080, 720, 360))
    (lookahead,) = made.lookaheads
    small = next(p for p in made.pictures if p.id == lookahead.picture)
    assert (small.width_px, small.height_px) == (640, 360)
    assert len(made.pictures) == 3
    assert {video.lookahead for video in made.video} == {lookahead.id}
    for video in made.video:
        assert video.gop_frames == lookahead.gop_frames
        assert (video.segment_s, video.grid_rate) == (lookahead.segment_s, lookahead.grid_rate)


@pytest.mark.parametrize(
    ("source", "preset", "parent_width"),
    [
        ((1920, 1080), "medium", 1920),
        ((3840, 2160), "medium", 1280),
        ((1920, 1080), "veryfast", 1280),
    ],
    ids=str,
)
def test_no_other_picture_is_made_before_it_is_looked_at_where_one_is_as_large_as_the_source(
    source: tuple[int, int], preset: str, parent_width: int
) -> None:
    """Then the others can wait before they are made: frames of a larger source are too large to
    wait in their place, and at a fast preset the wait is short.
    """
    made = plan(hls(1080, 720, 360), size=source, preset=preset)
    small = next(p for p in made.pictures if p.id == made.lookaheads[0].picture)
    parent = next(p for p in made.pictures if p.id == small.parent)
    assert parent.width_px == parent_width


def test_without_a_small_rung_a_small_picture_is_made_to_look_at() -> None:
    made = plan(hls(1080, 720))
    (lookahead,) = made.lookaheads
    small = next(p for p in made.pictures if p.id == lookahead.picture)
    assert (small.width_px, small.height_px) == (640, 360)
    assert small.id not in {video.picture for video in made.video}


def test_upright_pictures_are_looked_at_upright() -> None:
    made = plan(hls(1920, 1280), size=(1080, 1920))
    small = next(p for p in made.pictures if p.id == made.lookaheads[0].picture)
    assert small.height_px > small.width_px
    assert small.width_px * small.height_px < 768 * 432


def test_small_outputs_look_ahead_by_themselves() -> None:
    assert plan(hls(360, 240)).lookaheads == ()
    assert plan({"output": "mp4", "height": 360, "quality": 23}).lookaheads == ()
    assert len(plan({"output": "mp4", "height": 1080, "quality": 23}).lookaheads) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"video_codec": "libx265"},
        {"pix_format": "yuv420p10le"},
        {"quality": 0},
        parameters(rc_lookahead=30),
        parameters(bf=2),
        parameters(b_strategy=2),
        parameters(qcomp=0.7),
        parameters(vprofile="baseline"),
        parameters(preset="veryslow"),
        parameters(preset="ultrafast"),
        {"resize_mode": "pad", "width": 1440},
    ],
    ids=str,
)
def test_whoever_wants_it_otherwise_looks_ahead_by_itself(fields: dict[str, Any]) -> None:
    assert plan(hls(1080, 720, **fields)).lookaheads == ()


def test_frames_of_another_rate_or_part_are_looked_at_apart() -> None:
    whole = hls(1080, 720)
    part = {"output": "mp4", "height": 1080, "quality": 23, "start_time": 5}
    slow = {"output": "mp4", "height": 1080, "quality": 23, "framerate": 12}
    made = plan(whole, part, slow)
    assert len(made.lookaheads) == 3
    looked_at = {a.id: next(p for p in made.pictures if p.id == a.picture) for a in made.lookaheads}
    for video in made.video:
        assert video.lookahead is not None
        shown = next(p for p in made.pictures if p.id == video.picture)
        small = looked_at[video.lookahead]
        assert (shown.frame_rate, shown.start_s) == (small.frame_rate, small.start_s)


def test_rungs_have_key_frames_at_cuts_if_all_that_players_switch_among_are_told() -> None:
    def cuts(*outputs: dict[str, Any]) -> list[bool]:
        return [lookahead.scene_cuts for lookahead in plan(*outputs).lookaheads]

    assert cuts(hls(1080, 720, 360)) == [True]
    part = {"output": "mp4", "height": 1080, "quality": 23, "start_time": 5}
    assert cuts(hls(1080, 720), part) == [True, True]
    mixed = hls(1080, 720)
    mixed["stream"].append({"height": 1080, "quality": 23, "video_codec": "libx265"})
    assert cuts(mixed) == [False]
    assert cuts(hls(1080, 720), hls(1080, framerate=12)) == [False, False]


def test_nobody_has_to_have_key_frames_at_cuts() -> None:
    (lookahead,) = plan(hls(1080, 720, **parameters(sc_threshold=0))).lookaheads
    assert not lookahead.scene_cuts
    one = {"output": "mp4", "height": 1080, "quality": 23}
    assert plan(one | parameters(sc_threshold=40)).lookaheads == ()


def test_how_far_it_looks_is_the_presets_and_has_a_bound_in_memory() -> None:
    assert plan(hls(1080, 360), preset="veryfast").lookaheads[0].depth_frames == 10
    assert plan(hls(1080, 360), preset="medium").lookaheads[0].depth_frames == 40
    large = plan(hls(2160, 1440, 1080, 720), preset="medium", size=(3840, 2160))
    (lookahead,) = large.lookaheads
    shown = {video.picture for video in large.video}
    frame = sum(p.width_px * p.height_px * 3 // 2 for p in large.pictures if p.id in shown)
    assert 5 < lookahead.depth_frames < 40
    assert lookahead.depth_frames * frame <= 300_000_000
