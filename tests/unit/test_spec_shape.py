"""Fields that say how a picture is shaped: what is taken, put right, refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.spec import parse_job


def read(field: str, value: object, *, output: str = "mp4") -> tuple[Any, list[str]]:
    """A field's value and the codes of the warnings."""
    body = {"video_id": "v", "source": "https://h/a", "format": [{"output": output, field: value}]}
    parsed = parse_job(body)
    return getattr(parsed.spec.format[0], field), [w.code for w in parsed.warnings]


def refused(field: str, value: object, *, strict: bool) -> list[tuple[str, str]]:
    body = {"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4", field: value}]}
    with pytest.raises(SpecError) as error:
        parse_job(body, strict=strict)
    return [(f.path, f.code) for f in error.value.faults]


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        ("aspect_ratio", "16:9", Fraction(16, 9)),
        ("aspect_ratio", " 4 : 3 ", Fraction(4, 3)),
        ("aspect_ratio", "2.39:1", Fraction(239, 100)),
        ("aspect_ratio", "16/9", Fraction(16, 9)),
        ("aspect_ratio", "1.77", Fraction(16, 9)),
        ("aspect_ratio", 1.33, Fraction(4, 3)),
        ("aspect_ratio", 1.85, Fraction(185, 100)),
        ("aspect_ratio", 0, None),
        ("aspect_ratio", "", None),
        ("resize_mode", "CROP", "crop"),
        ("resize_mode", "fit", "fit"),
        ("rotate", 90, 90),
        ("rotate", "270", 270),
        ("rotate", -90, 270),
        ("rotate", 450, 90),
        ("rotate", "0", 0),
        ("size", "1280x720", (1280, 720)),
        ("size", " 64 X 48 ", (64, 48)),
        ("resolution", "720", 720),
        ("framerate_limit", "29.97", Fraction(30000, 1001)),
    ],
)
def test_every_spelling_is_read(field: str, value: object, taken: object) -> None:
    assert read(field, value) == (taken, [])


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        ("rotate", "10", None),
        ("rotate", 45.5, None),
        ("resize_mode", "stretch", "scale"),
        ("size", "1281x721", (1280, 720)),
        ("size", "10x99999", (16, 8192)),
        ("resolution", 721, 720),
        ("framerate_limit", 500, 240),
    ],
)
def test_what_cannot_be_taken_is_put_right_with_a_warning_or_refused_strictly(
    field: str, value: object, taken: object
) -> None:
    assert read(field, value) == (taken, ["invalid_field"])
    assert refused(field, value, strict=True) == [(f"format[0].{field}", "invalid_field")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("aspect_ratio", "wide"),
        ("aspect_ratio", "0:9"),
        ("aspect_ratio", "16:0"),
        ("aspect_ratio", "100:1"),
        ("aspect_ratio", -1.5),
        ("aspect_ratio", "1.2.3:4"),
        ("rotate", "left"),
        ("rotate", True),
        ("size", "1280"),
        ("size", "0x720"),
        ("size", 720),
        ("size", "1280x720x3"),
        ("resolution", -720),
    ],
)
def test_what_says_nothing_is_refused(field: str, value: object) -> None:
    assert refused(field, value, strict=False) == [(f"format[0].{field}", "invalid_field")]


def test_what_is_read_is_written_so_that_it_is_read_again() -> None:
    fields = {"aspect_ratio": "1.77", "rotate": -90, "size": "64x48", "resize_mode": "Pad"}
    body = {"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4", **fields}]}
    echoed = parse_job(body).spec.echo()["format"][0]
    written = {name: echoed[name] for name in fields}
    assert written == {"aspect_ratio": "16:9", "rotate": 270, "size": "64x48", "resize_mode": "pad"}


def test_a_rung_that_names_any_size_takes_none_from_the_output() -> None:
    body = {
        "video_id": "v",
        "source": "https://h/a",
        "format": [
            {
                "output": "hls",
                "size": "640x480",
                "rotate": 90,
                "stream": [{"height": 100}, {"resolution": 90}, {}],
            }
        ],
    }
    rungs = parse_job(body).spec.format[0].rungs  # type: ignore[union-attr]  # of a ladder
    assert [(r.height, r.size, r.resolution, r.rotate) for r in rungs] == [
        (100, None, None, 90),
        (None, None, 90, 90),
        (None, (640, 480), None, 90),
    ]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"resolution": 480}, "video_480p.mp4"),
        ({"size": "640x360", "height": 100}, "video_360p.mp4"),
        ({"height": 100}, "video_100p.mp4"),
        ({}, "video.mp4"),
    ],
)
def test_a_file_is_named_after_the_height_that_was_asked_for(
    asked: dict[str, Any], name: str
) -> None:
    body = {"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4", **asked}]}
    assert parse_job(body).spec.format[0].folder_and_name[1] == name
