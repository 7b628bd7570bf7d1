"""Sizes of renditions and images, and which rungs a source allows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from videngine.media import MediaInfo, Stream
from videngine.planning import JobPlan, plan_job
from videngine.planning.framing import is_larger
from videngine.spec import parse_job

F = Fraction
SOUND = Stream(index=1, type="audio", codec="aac", sample_rate_hz=48_000, channels=2)


def plan(
    *outputs: dict[str, Any],
    size: tuple[int, int] = (1280, 720),
    upscale: bool = False,
    **stream: Any,
) -> JobPlan:
    """The plan for a source of one size."""
    video = Stream(
        index=0,
        type="video",
        codec="h264",
        width_px=size[0],
        height_px=size[1],
        **{"frame_rate": F(25), "duration_s": F(10), **stream},
    )
    media = MediaInfo(
        format="mp4",
        size_bytes=1,
        duration_s=F(10),
        bit_rate_bps=1,
        start_s=F(0),
        streams=(video, SOUND),
    )
    body = {"video_id": "v", "source": "https://h/a", "upscale": upscale, "format": list(outputs)}
    return plan_job(
        parse_job(body).spec,
        media,
        source_path="/source",
        work_dir="/scratch",
        default_preset="medium",
        cores=2,
    )


def sizes(found: JobPlan, output: int = 0) -> list[tuple[int, int]]:
    return [(rung.width_px, rung.height_px) for rung in found.outputs[output].rungs]


def size_of(source: tuple[int, int], upscale: bool = False, **asked: int) -> tuple[int, int]:
    (size,) = sizes(plan({"output": "mp4", **asked}, size=source, upscale=upscale))
    return size


@pytest.mark.parametrize(
    ("source", "asked", "expected"),
    [
        ((1280, 720), {}, (1280, 720)),
        ((1280, 720), {"height": 360}, (640, 360)),
        ((1280, 720), {"width": 640}, (640, 360)),
        ((1280, 720), {"width": 400, "height": 400}, (400, 400)),
        ((853, 479), {}, (854, 480)),
        ((853, 480), {"height": 480}, (854, 480)),
        ((1920, 800), {"height": 360}, (864, 360)),
        ((1920, 1080), {"height": 480}, (854, 480)),  # 853 1/3
        ((720, 1280), {"height": 640}, (360, 640)),
        ((720, 1280), {"width": 360}, (360, 640)),
        ((720, 1280), {"height": 360}, (202, 360)),  # 202.5
        ((1923, 1080), {"height": 360}, (642, 360)),  # 641
        ((1922, 1080), {"height": 360}, (640, 360)),  # 640.7
        ((4000, 16), {"height": 16}, (4000, 16)),
        ((4000, 20), {"width": 100}, (100, 2)),
        ((1, 1), {}, (2, 2)),
    ],
)
def test_a_missing_side_follows_from_the_source_and_all_sides_are_even(
    source: tuple[int, int], asked: dict[str, int], expected: tuple[int, int]
) -> None:
    assert size_of(source, **asked) == expected


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ({"rotation_deg": 90}, (360, 640)),
        ({"rotation_deg": 180}, (1138, 640)),
        ({"sample_aspect_ratio": F(4, 3)}, (1518, 640)),
        ({"sample_aspect_ratio": F(4, 3), "rotation_deg": 270}, (270, 640)),
    ],
)
def test_sizes_are_those_a_viewer_sees(stream: dict[str, Any], expected: tuple[int, int]) -> None:
    found = plan({"output": "mp4", "height": 640}, size=(1280, 720), **stream)
    assert sizes(found) == [expected]
    assert found.engine.rotation_deg == stream.get("rotation_deg", 0)


def test_anamorphic_sources_come_out_in_square_pixels() -> None:
    found = plan({"output": "mp4"}, size=(720, 576), sample_aspect_ratio=F(64, 45))
    assert sizes(found) == [(1024, 576)]


LADDER = {"output": "hls", "stream": [{"height": h} for h in (2160, 1080, 720, 360)]}


def test_rungs_larger_than_the_source_are_left_out_and_reported() -> None:
    found = plan(LADDER)
    assert sizes(found) == [(1280, 720), (640, 360)]
    assert [(s.path, s.code) for s in found.outputs[0].skipped] == [
        ("format[0].stream[0]", "larger_than_source"),
        ("format[0].stream[1]", "larger_than_source"),
    ]
    assert found.warnings == ()


def test_if_all_rungs_are_larger_the_first_is_made_at_the_source_size() -> None:
    found = plan(LADDER, size=(320, 180))
    assert sizes(found) == [(320, 180)]
    skipped = [s.path for s in found.outputs[0].skipped]
    assert skipped == [f"format[0].stream[{i}]" for i in (1, 2, 3)]
    assert [(w.path, w.code) for w in found.warnings] == [
        ("format[0].stream[0]", "larger_than_source")
    ]


def test_upscale_makes_every_size_as_asked() -> None:
    found = plan(LADDER, size=(320, 180), upscale=True)
    assert sizes(found) == [(3840, 2160), (1920, 1080), (1280, 720), (640, 360)]
    assert found.outputs[0].skipped == ()


def test_an_mp4_larger_than_the_source_is_made_at_the_source_size_with_a_warning() -> None:
    found = plan({"output": "mp4", "height": 1440}, {"output": "mp4", "height": 2160})
    assert sizes(found, 0) == sizes(found, 1) == [(1280, 720)]
    assert len(found.engine.video) == 1
    assert [(w.path, w.code) for w in found.warnings] == [
        ("format[0]", "larger_than_source"),
        ("format[1]", "larger_than_source"),
    ]


@pytest.mark.parametrize(
    ("size", "source", "larger"),
    [
        ((1280, 720), (1280, 720), False),
        ((854, 480), (853, 479), False),
        ((856, 480), (853, 479), True),
        ((608, 1080), (1080, 1920), False),
        ((1080, 1920), (720, 1280), True),
        ((1920, 1080), (1080, 1920), False),  # the phone was turned
        ((1920, 1080), (1920, 800), True),
        ((1920, 1080), (1440, 1080), True),
        ((2592, 1080), (1920, 800), True),
    ],
)
def test_enlarging_is_judged_by_the_smaller_and_the_larger_side(
    size: tuple[int, int], source: tuple[int, int], larger: bool
) -> None:
    assert is_larger(size, source) is larger


def test_portrait_ladders_keep_the_rungs_that_fit() -> None:
    found = plan(
        {"output": "hls", "stream": [{"width": w} for w in (1080, 720, 360)]}, size=(720, 1280)
    )
    assert sizes(found) == [(720, 1280), (360, 640)]


def test_no_side_is_beyond_the_limit() -> None:
    found = plan({"output": "mp4"}, {"output": "mp4", "height": 4320}, size=(15360, 4320))
    assert sizes(found, 0) == sizes(found, 1) == [(8192, 2304)]
    assert {w.code for w in found.warnings} == {"size_clamped"}


def stills(*asked: dict[str, Any], **more: Any) -> list[tuple[int, int]]:
    found = plan(*({"output": "thumbnail", **a} for a in asked), **more)
    return [(still.width_px, still.height_px) for still in found.engine.stills]


def test_images_have_the_size_asked_for_odd_ones_too() -> None:
    assert stills({}, {"width": 333}, {"height": 271}, {"width": 270, "height": 270}) == [
        (1280, 720),
        (333, 187),
        (482, 271),
        (270, 270),
    ]


def test_images_larger_than_the_source_are_shrunk_to_it_in_their_shape() -> None:
    found = plan({"output": "thumbnail", "width": 2000, "height": 1000})
    (still,) = found.engine.stills
    assert (still.width_px, still.height_px) == (1280, 640)
    assert [(w.path, w.code) for w in found.warnings] == [("format[0]", "size_clamped")]
    assert stills({"width": 2000, "height": 1000}, upscale=True) == [(2000, 1000)]


def chain(found: JobPlan) -> dict[int, int | None]:
    """The height of each picture → that of its parent."""
    heights = {picture.id: picture.height_px for picture in found.engine.pictures}
    return {p.height_px: p.parent and heights[p.parent] for p in found.engine.pictures}


def test_each_picture_is_scaled_from_one_at_least_twice_its_size_or_the_source() -> None:
    ladder = {"output": "hls", "stream": [{"height": h} for h in (360, 720, 180, 540)]}
    found = plan(ladder)
    assert chain(found) == {720: None, 540: 720, 360: 720, 180: 360}
    assert [p.id for p in found.engine.pictures] == ["p0", "p1", "p2", "p3"]


def test_a_rung_that_is_less_than_half_a_step_down_comes_from_the_source() -> None:
    ladder = {"output": "hls", "stream": [{"height": h} for h in (600, 480, 300, 240, 120)]}
    assert chain(plan(ladder)) == {600: None, 480: None, 300: 600, 240: 480, 120: 240}


def test_pictures_of_other_rates_ranges_or_shapes_are_no_parents() -> None:
    found = plan(
        {"output": "mp4", "height": 720},
        {"output": "mp4", "height": 540, "framerate": 50},
        {"output": "mp4", "height": 360, "start_time": 1},
        {"output": "mp4", "height": 180, "width": 180},
        {"output": "mp4", "height": 90},
    )
    assert chain(found) == {720: None, 540: None, 360: None, 180: None, 90: 720}


def test_a_picture_that_is_smaller_on_one_side_is_no_parent() -> None:
    found = plan(
        {"output": "mp4", "height": 700, "width": 300},
        {"output": "mp4", "height": 160, "width": 640},
    )
    assert chain(found) == {700: None, 160: None}


def test_an_enlarged_picture_is_no_parent() -> None:
    ladder = {"output": "hls", "stream": [{"height": h} for h in (2160, 1080, 720, 360)]}
    assert chain(plan(ladder, upscale=True)) == {2160: None, 1080: None, 720: None, 360: 720}


def test_a_parent_stands_before_its_children() -> None:
    ladder = {"output": "hls", "stream": [{"height": h} for h in range(100, 720, 40)]}
    seen: set[str] = set()
    for picture in plan(ladder).engine.pictures:
        assert picture.parent is None or picture.parent in seen
        seen.add(picture.id)
