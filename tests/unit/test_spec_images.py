"""Fields of outputs that are images: what is taken, put right, refused; and where files go."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.limits import require_within_limits
from videngine.settings import Settings
from videngine.spec import parse_job
from videngine.spec.keys import place_outputs


def job(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {"video_id": "v", "source": "https://h/a", "format": list(outputs)}


def read(output: dict[str, Any], field: str) -> tuple[Any, list[str]]:
    parsed = parse_job(job(output))
    return getattr(parsed.spec.format[0], field), [w.code for w in parsed.warnings]


@pytest.mark.parametrize(
    ("kind", "field", "value", "taken", "codes"),
    [
        ("gif", "framerate", "12.5", Fraction(25, 2), []),
        ("gif", "framerate", 0, None, []),
        ("gif", "framerate", 60, Fraction(50), ["invalid_field"]),
        ("gif", "framerate", 0.5, Fraction(1), ["invalid_field"]),
        ("thumbnails", "interval", "5", Fraction(5), []),
        ("thumbnails", "interval", "00:00:30", Fraction(30), []),
        ("thumbnails", "interval", 0.01, Fraction(1, 10), ["invalid_field"]),
        ("thumbnails", "interval", 10_000, Fraction(3600), ["invalid_field"]),
        ("thumbnails", "columns", 300, 100, ["invalid_field"]),
        ("thumbnails", "columns", 0, None, []),
        ("thumbnails", "sprite", "1", True, []),
        ("thumbnails", "image_format", "JPEG", "jpg", []),
        ("thumbnail", "image_format", "webp", "webp", []),
        ("thumbnail", "frame_number", 0, 0, []),
        ("thumbnail", "rotate", 10, None, ["invalid_field"]),
    ],
)
def test_values_are_read_and_put_right(
    kind: str, field: str, value: object, taken: object, codes: list[str]
) -> None:
    assert read({"output": kind, field: value}, field) == (taken, codes)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("gif", "framerate", -1),
        ("gif", "framerate", "fast"),
        ("thumbnails", "interval", 0),
        ("thumbnails", "interval", -5),
        ("thumbnails", "columns", -1),
        ("thumbnails", "image_format", "bmp"),
        ("thumbnails", "quality", 101),
        ("thumbnail", "frame_number", -1),
        ("thumbnail", "time", []),
        ("thumbnail", "time", ["1s"] * 101),
        ("thumbnail", "time", ["1s", "soon"]),
        ("thumbnail", "time", [["1s"]]),
    ],
)
def test_values_that_say_nothing_are_refused(kind: str, field: str, value: object) -> None:
    with pytest.raises(SpecError) as error:
        parse_job(job({"output": kind, field: value}))
    assert [(f.path, f.code) for f in error.value.faults] == [
        (f"format[0].{field}", "invalid_field")
    ]


def test_a_list_of_moments_is_read_and_an_ambiguous_one_put_right() -> None:
    times, codes = read({"output": "thumbnail", "time": [0.5, 7, "50%", 8]}, "time")
    assert [(t.fraction, t.seconds) for t in times] == [
        (Fraction(1, 2), None),
        (None, 7),
        (Fraction(1, 2), None),
        (None, 8),
    ]
    assert set(codes) == {"invalid_field"}
    with pytest.raises(SpecError):
        parse_job(job({"output": "thumbnail", "time": [0.5, 7]}), strict=True)


def test_a_list_of_moments_is_echoed_as_a_list_and_one_moment_alone() -> None:
    several, one = parse_job(
        job({"output": "thumbnail", "time": ["1s", 0.5]}, {"output": "thumbnail", "time": "1s"})
    ).spec.echo()["format"]
    assert several["time"] == ["1s", "0.5"]
    assert one["time"] == "1s"


def test_quality_is_not_for_png() -> None:
    output = {"output": "thumbnail", "image_format": "webp", "quality": 80}
    assert read(output, "quality") == (80, [])
    assert read({**output, "image_format": "png"}, "quality") == (None, ["conflicting_fields"])


def test_a_gif_of_an_hour_is_refused_before_the_source_comes(tmp_path: Any) -> None:
    settings = Settings(state_dir=tmp_path, gif_max_seconds=20)
    spec = parse_job(job({"output": "gif", "duration": 20}, {"output": "mp4"})).spec
    require_within_limits(spec, settings)
    spec = parse_job(job({"output": "mp4"}, {"output": "gif", "duration": "01:00:00"})).spec
    with pytest.raises(SpecError) as error:
        require_within_limits(spec, settings)
    assert [(f.path, f.code) for f in error.value.faults] == [
        ("format[1].duration", "conflicting_fields")
    ]


def roots(*outputs: dict[str, Any]) -> list[str]:
    """The folders of outputs that all go to one place."""
    place = {"type": "file", "path": "/films/"}
    spec = parse_job(job(*({**output, "destination": place} for output in outputs))).spec
    return [place.root for place in place_outputs(spec)[0]]


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([{"output": "thumbnails"}, {"output": "thumbnails", "sprite": 1}], ["", "output_1"]),
        ([{"output": "thumbnail"}, {"output": "thumbnail", "time": [0, 1]}], ["", ""]),
        ([{"output": "thumbnail", "time": [0, 1]}] * 2, ["", "output_1"]),
        ([{"output": "hls", "stream": [{}]}, {"output": "thumbnails"}], ["", ""]),
        ([{"output": "gif"}, {"output": "gif"}], ["", "output_1"]),
        ([{"output": "thumbnails"}, {"output": "thumbnail"}, {"output": "gif"}], ["", "", ""]),
    ],
)
def test_outputs_of_several_files_give_way_to_each_other(
    outputs: list[dict[str, Any]], expected: list[str]
) -> None:
    assert roots(*outputs) == expected
