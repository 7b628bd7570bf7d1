"""Images that a job makes: how many, how large, of which moments, and which are made once."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from tests.unit.test_planning_sizes import plan

from videngine.packaging.images import webvtt
from videngine.plan import Geometry, RenditionResult, ThumbnailsPlan

F = Fraction


def series(*outputs: dict[str, Any], **source: Any) -> ThumbnailsPlan:
    """The first series of a job; its source lasts ten seconds."""
    return plan(*outputs, **source).engine.thumbnails[0]


def warned(found: Any) -> list[tuple[str, str]]:
    return [(w.path, w.code) for w in found.warnings]


def test_a_list_of_moments_is_as_many_images() -> None:
    found = plan({"output": "thumbnail", "time": ["1s", "50%", "00:00:05", 1.0]})
    assert [s.time_s for s in found.engine.stills] == [1, 5, F(10) - F(1, 25)]
    (output,) = found.outputs
    assert output.images == ("still0", "still1", "still1", "still2")
    assert output.entries == tuple(f"thumbnail_{n}.png" for n in (1, 2, 3, 4))


def test_a_frame_number_counts_from_the_start_and_wins_over_the_time() -> None:
    output = {"output": "thumbnail", "time": "3s", "frame_number": "7", "start_time": 2}
    (still,) = plan(output).engine.stills
    assert (still.time_s, still.frame_offset) == (2, 7)


def test_a_gif_has_a_rate_a_range_and_a_moderate_size() -> None:
    found = plan(
        {"output": "gif"},
        {"output": "gif", "framerate": 25, "start_time": 2, "duration": "3s", "height": 90},
        {"output": "gif", "width": 271, "height": 271, "resize_mode": "crop", "rotate": 90},
    )
    first, second, third = found.engine.gifs
    assert (first.width_px, first.height_px, first.frame_rate) == (640, 360, 10)
    assert (first.start_s, first.duration_s) == (0, None)
    assert (second.width_px, second.height_px, second.frame_rate) == (160, 90, 25)
    assert (second.start_s, second.duration_s) == (2, 3)
    assert (third.width_px, third.height_px) == (271, 271)
    assert third.geometry == Geometry(rotation_deg=90, kept_height=F(9, 16), filter="lanczos")
    assert found.engine.video == ()
    assert found.outputs[0].name == "animation.gif"


def test_equal_images_are_made_once() -> None:
    same = {"output": "gif", "duration": 3}
    found = plan(same, same, {"output": "gif", "duration": 4})
    assert [o.images for o in found.outputs] == [("gif0",), ("gif0",), ("gif1",)]
    assert len(found.engine.gifs) == 2


def test_a_gif_longer_than_the_server_makes_them_is_cut() -> None:
    found = plan({"output": "gif", "start_time": 1}, duration_s=F(100))
    (made,) = found.engine.gifs
    assert (made.start_s, made.duration_s) == (1, 30)
    assert warned(found) == [("format[0].duration", "duration_clipped")]


def test_thumbnails_are_tiles_of_sheets_that_are_no_larger_than_they_need_be() -> None:
    made = series({"output": "thumbnails", "sprite": 1, "interval": 3, "columns": 4})
    assert (made.width_px, made.height_px) == (160, 90)
    assert (made.columns, made.rows) == (4, 2)
    assert made.images == 5  # four, and one if the source should be longer than it says
    assert made.file_pattern == "sprite_%04d.jpg"


def test_thumbnails_without_sheets_are_files() -> None:
    made = series({"output": "thumbnails", "interval": 3, "image_format": "webp", "height": 100})
    assert (made.width_px, made.height_px, made.columns) == (178, 100, 0)
    assert made.file_pattern == "thumbnail_%04d.webp"


def test_a_sheet_is_no_wider_and_no_higher_than_browsers_decode() -> None:
    output = {"output": "thumbnails", "sprite": 1, "interval": 0.1, "columns": 100, "width": 640}
    found = plan(output, duration_s=F(900))
    (made,) = found.engine.thumbnails
    assert (made.columns, made.rows) == (8192 // 640, 8192 // 360)
    assert warned(found) == [("format[0].columns", "columns_clamped")]


def test_there_are_at_most_ten_thousand_thumbnails() -> None:
    found = plan({"output": "thumbnails", "interval": 1}, duration_s=F(100_000))
    (made,) = found.engine.thumbnails
    assert (made.images, made.interval_s) == (10_000, 10)
    assert warned(found) == [("format[0].interval", "interval_clamped")]


@pytest.mark.parametrize(
    ("more", "keyframe_interval_s", "only"),
    [
        ([], F(5), True),
        ([], F(11, 2), False),
        ([], None, False),
        ([{"output": "thumbnail"}], F(1), False),
        ([{"output": "gif"}], F(1), False),
        ([{"output": "mp4"}], F(1), False),
        ([{"output": "thumbnails", "interval": 1}], F(2), False),
    ],
)
def test_key_frames_alone_are_decoded_where_they_are_enough(
    more: list[dict[str, Any]], keyframe_interval_s: Fraction | None, only: bool
) -> None:
    outputs = [{"output": "thumbnails", "interval": 5}, *more]
    found = plan(*outputs, keyframe_interval_s=keyframe_interval_s)
    assert found.engine.keyframes_only is only


def test_the_map_names_the_tile_of_every_interval() -> None:
    made = series(
        {"output": "thumbnails", "sprite": 1, "interval": 3, "columns": 2}, duration_s=F(10)
    )
    result = RenditionResult(
        id="thumbnails0",
        kind="thumbnails",
        path="/scratch/thumbnails0",
        size_bytes=1,
        frames=4,
        duration_s=F(19, 2),
        codec_string="",
    )
    assert webvtt(made, result) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:03.000\nsprite_0001.jpg#xywh=0,0,160,90\n\n"
        "00:00:03.000 --> 00:00:06.000\nsprite_0001.jpg#xywh=160,0,160,90\n\n"
        "00:00:06.000 --> 00:00:09.000\nsprite_0001.jpg#xywh=0,90,160,90\n\n"
        "00:00:09.000 --> 00:00:09.500\nsprite_0001.jpg#xywh=160,90,160,90\n"
    )
