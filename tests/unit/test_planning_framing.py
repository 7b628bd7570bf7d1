"""Frames of another shape than the source's: sizes, bars, cuts, and who is scaled from whom."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from tests.unit.test_planning_sizes import plan, sizes

from videngine.plan import Geometry, PicturePlan

F = Fraction


def made(source: tuple[int, int] = (1280, 720), **asked: Any) -> PicturePlan:
    """The one picture of an MP4."""
    (picture,) = plan({"output": "mp4", **asked}, size=source).engine.pictures
    return picture


@pytest.mark.parametrize(
    ("asked", "size", "geometry"),
    [
        ({"width": 400, "height": 400}, (400, 400), Geometry()),
        (
            {"width": 400, "height": 400, "resize_mode": "crop"},
            (400, 400),
            Geometry(kept_width=F(9, 16)),
        ),
        (
            {"width": 640, "height": 180, "resize_mode": "crop"},
            (640, 180),
            Geometry(kept_height=F(1, 2)),
        ),
        (
            {"width": 400, "height": 400, "resize_mode": "pad"},
            (400, 400),
            Geometry(bars_y_px=174),  # 225 rows become 226
        ),
        (
            {"width": 640, "height": 180, "resize_mode": "pad"},
            (640, 180),
            Geometry(bars_x_px=320),
        ),
        ({"width": 400, "height": 400, "resize_mode": "fit"}, (400, 226), Geometry()),
        # The frame has the source's shape but for its even sides: nothing gives way.
        ({"width": 854, "height": 480, "resize_mode": "crop"}, (854, 480), Geometry()),
        ({"width": 854, "height": 480, "resize_mode": "pad"}, (854, 480), Geometry()),
        ({"height": 240, "aspect_ratio": "4:3"}, (320, 240), Geometry()),
        ({"width": 320, "aspect_ratio": 1.33}, (320, 240), Geometry()),
        (
            {"height": 240, "aspect_ratio": "4:3", "resize_mode": "pad"},
            (320, 240),
            Geometry(bars_y_px=60),
        ),
        ({"width": 1280, "height": 720, "aspect_ratio": "1.77"}, (1280, 720), Geometry()),
        (
            {"width": 720, "height": 576, "aspect_ratio": "16:9"},
            (720, 576),
            Geometry(sample_aspect_ratio=F(64, 45)),
        ),
        (
            {"width": 720, "height": 576, "aspect_ratio": "4:3", "resize_mode": "crop"},
            (720, 576),
            Geometry(sample_aspect_ratio=F(16, 15), kept_width=F(3, 4)),
        ),
        ({"aspect_ratio": "4:3"}, (1280, 720), Geometry(sample_aspect_ratio=F(3, 4))),
        (
            {"aspect_ratio": "4:3", "resize_mode": "crop"},
            (960, 720),
            Geometry(kept_width=F(3, 4)),
        ),
        ({"aspect_ratio": "4:3", "resize_mode": "pad"}, (1280, 960), Geometry(bars_y_px=240)),
        ({"aspect_ratio": "4:3", "resize_mode": "fit"}, (1280, 720), Geometry()),
        ({"resolution": 360}, (640, 360), Geometry()),
        ({"resolution": 360, "size": "100x100", "height": 20}, (640, 360), Geometry()),
        ({"resolution": 360, "rotate": 90}, (360, 640), Geometry(rotation_deg=90)),
        ({"resolution": 360, "aspect_ratio": "1:2"}, (360, 720), Geometry()),
        ({"size": "320x180", "height": 20, "width": 30}, (320, 180), Geometry()),
        ({"rotate": 450}, (720, 1280), Geometry(rotation_deg=90)),
        ({"rotate": "-90", "height": 640}, (360, 640), Geometry(rotation_deg=270)),
        ({"rotate": 180}, (1280, 720), Geometry(rotation_deg=180)),
        ({"rotate": 360}, (1280, 720), Geometry()),
    ],
)
def test_a_frame_is_filled_as_the_request_says(
    asked: dict[str, Any], size: tuple[int, int], geometry: Geometry
) -> None:
    picture = made(**asked)
    assert (picture.width_px, picture.height_px) == size
    assert picture.geometry == geometry


def test_a_portrait_source_has_its_smaller_side_across() -> None:
    picture = made(source=(1080, 1920), resolution=720)
    assert (picture.width_px, picture.height_px) == (720, 1280)


def test_limits_are_those_of_the_turned_source() -> None:
    found = plan({"output": "hls", "rotate": 90, "stream": [{"height": 1280}, {"height": 1400}]})
    assert sizes(found) == [(720, 1280)]
    assert [s.path for s in found.outputs[0].skipped] == ["format[0].stream[1]"]


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"size": "1080x1080", "resize_mode": "crop"}, (720, 720)),
        ({"size": "1600x1600", "resize_mode": "pad"}, (1280, 1280)),
        ({"size": "1600x1600", "resize_mode": "fit"}, (1280, 720)),
        ({"size": "1600x1600"}, (1280, 720)),
        ({"height": 1080, "aspect_ratio": "4:3"}, (960, 720)),
        ({"resolution": 1080}, (1280, 720)),
    ],
)
def test_what_would_enlarge_is_made_at_the_sources_scale(
    asked: dict[str, Any], size: tuple[int, int]
) -> None:
    found = plan({"output": "mp4", **asked})
    assert sizes(found) == [size]
    assert [w.code for w in found.warnings] == ["larger_than_source"]


@pytest.mark.parametrize("mode", ["crop", "pad"])
def test_bars_and_cuts_do_not_enlarge(mode: str) -> None:
    size = {"crop": "720x720", "pad": "1280x1280"}[mode]
    found = plan({"output": "mp4", "size": size, "resize_mode": mode})
    assert found.warnings == ()
    assert sizes(found) == [tuple(map(int, size.split("x")))]


def test_upscale_makes_every_shape_as_asked() -> None:
    found = plan({"output": "mp4", "size": "1080x1080", "resize_mode": "crop"}, upscale=True)
    assert sizes(found) == [(1080, 1080)]


def parents(*asked: dict[str, Any]) -> dict[tuple[int, int], PicturePlan | None]:
    """For each picture, by its size, the one that it is made from."""
    pictures = plan(*({"output": "mp4", **one} for one in asked)).engine.pictures
    by_id = {p.id: p for p in pictures}
    return {(p.width_px, p.height_px): by_id.get(p.parent or "") for p in pictures}


def test_a_cut_picture_is_made_from_a_whole_one() -> None:
    square = {"size": "300x300", "resize_mode": "crop"}
    found = parents({}, square)
    assert found[300, 300] is not None
    assert (found[300, 300].width_px, found[300, 300].height_px) == (1280, 720)


def test_a_cut_picture_is_made_from_one_of_the_same_cut_and_takes_all_of_it() -> None:
    pictures = plan(
        {"output": "mp4", "size": "600x600", "resize_mode": "crop"},
        {"output": "mp4", "size": "300x300", "resize_mode": "crop"},
        {"output": "mp4", "size": "160x90"},
    ).engine.pictures
    assert [p.parent for p in pictures] == [None, "p0", None]
    assert pictures[1].geometry == Geometry()


def test_a_padded_picture_is_nobodys_parent_but_may_have_one() -> None:
    found = parents({}, {"size": "600x600", "resize_mode": "pad"}, {"size": "300x168"})
    assert found[600, 600] is not None
    assert found[300, 168] is not None
    assert (found[300, 168].width_px, found[300, 168].height_px) == (1280, 720)


def test_a_turned_picture_is_made_from_one_that_is_turned_the_same_way() -> None:
    pictures = plan(
        {"output": "mp4", "rotate": 180},
        {"output": "mp4", "height": 360},
        {"output": "mp4", "height": 180, "rotate": 180},
    ).engine.pictures
    assert [p.parent for p in pictures] == [None, None, "p0"]
    assert pictures[2].geometry.rotation_deg == 0


def test_the_shape_of_pixels_does_not_keep_pictures_apart() -> None:
    found = parents({}, {"size": "640x360", "aspect_ratio": "4:3"})
    assert found[640, 360] is not None


@pytest.mark.parametrize(
    ("rate", "limit", "expected"),
    [
        (60, 30, 30),
        (50, 30, 30),
        ("59.94", 30, F(30000, 1001)),
        ("119.88", 30, F(30000, 1001)),
        (24, 30, 24),
        (25, 25, 25),
    ],
)
def test_a_rate_is_held_to_its_limit(rate: object, limit: int, expected: Fraction) -> None:
    assert made(framerate=rate, framerate_limit=limit).frame_rate == expected


def test_images_are_clamped_to_the_turned_source() -> None:
    output = {"output": "thumbnail", "height": 2000, "rotate": 90}
    (still,) = plan(output).engine.stills
    assert (still.width_px, still.height_px) == (720, 1280)
    assert still.geometry.rotation_deg == 90


def test_images_are_cropped_and_padded_in_whole_pixels() -> None:
    crop, pad = (
        {"output": "thumbnail", "width": 271, "height": 271, "resize_mode": mode}
        for mode in ("crop", "pad")
    )
    first, second = plan(crop, pad).engine.stills
    assert first.geometry == Geometry(kept_width=F(9, 16))
    assert second.geometry == Geometry(bars_y_px=271 - 152)
