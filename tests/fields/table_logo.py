"""Rows of logos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tests.engine.films import ffmpeg
from tests.engine.measure import pictures
from tests.fields.rows import MEDIA, Made, Row

FILM = "bbb_720p24_20s.mp4"
SIDE = 20
WIDTH, HEIGHT = 320, 180


def job(*logos: Any) -> Callable[[Path], Mapping[str, Any]]:
    """The same two seconds without a logo and with each of these."""

    def make(folder: Path) -> Mapping[str, Any]:
        logo = folder / "logo.png"
        ffmpeg("-f", "lavfi", "-i", f"color=white:s={SIDE}x{SIDE}", "-frames:v", "1", logo)
        source = {"type": "file", "path": str(logo)}

        def sourced(asked: Any) -> Any:
            if isinstance(asked, list):
                return [sourced(one) for one in asked]
            return {"source": source, **asked}

        plain = {"output": "mp4", "height": HEIGHT, "duration": 2, "quality": 10}
        outputs = [plain, *({**plain, "logo": sourced(asked)} for asked in logos)]
        return {"source": {"type": "file", "path": str(MEDIA / FILM)}, "format": outputs}

    return make


def changes(made: Made, index: int) -> Any:
    """How much brighter each pixel of each frame is than without a logo."""
    plain, logoed = (pictures(made.path(i), WIDTH, HEIGHT).astype(int) for i in (0, index))
    return logoed - plain


def change(made: Made, index: int, number: int = 24) -> Any:
    """How much brighter each pixel of a frame is than without a logo."""
    return changes(made, index)[number]


def box(made: Made, index: int, number: int = 24) -> tuple[int, int, int, int]:
    """Where a frame was changed: left, top, right, bottom."""
    rows, columns = np.nonzero(change(made, index, number) > 25)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def boxes_are(*expected: tuple[int, int, int, int]) -> Callable[[Made], None]:
    """Each output's logo fills its box, to the pixels at its edges that the codec softens."""

    def check(made: Made) -> None:
        for index, wanted in enumerate(expected, 1):
            assert np.abs(np.subtract(box(made, index), wanted)).max() <= 1

    return check


def is_half_as_bright(made: Made) -> None:
    middle = np.s_[15:25, 15:25]
    whole, half = (change(made, i)[middle].mean() for i in (1, 2))
    assert abs(half / whole - 0.5) < 0.05


def is_there_from_24_to_35(made: Made) -> None:
    brighter = changes(made, 1)[:, 12:28, 12:28].mean(axis=(1, 2)) > 25
    assert np.flatnonzero(brighter).tolist() == list(range(24, 36))


def both_are_there(made: Made) -> None:
    brighter = change(made, 1)
    assert brighter[12:28, 12:28].mean() > 25
    assert brighter[152:168, 292:308].mean() > 25


ROWS = [
    Row(
        fields=("VideoFields.logo", "Logo.source", "Logo.x", "Logo.y"),
        name="logo",
        job=job({"x": "10", "y": 10}, {"x": -12, "y": "-8"}, {"x": -10, "y": 170}),
        check=boxes_are((10, 10, 30, 30), (288, 152, 308, 172), (290, 170, 310, 180)),
    ),
    Row(
        fields=("Logo.width", "Logo.height"),
        name="size of a logo",
        job=job({"x": 4, "y": 4, "width": 40}, {"x": 4, "y": 4, "width": 50, "height": 10}),
        check=boxes_are((4, 4, 44, 44), (4, 4, 54, 14)),
    ),
    Row(
        fields=("Logo.position", "Logo.margin", "LogoMargin.x", "LogoMargin.y"),
        name="position of a logo",
        job=job(
            {"position": "bottom-right", "margin": {"x": 16, "y": 6}},
            {"position": "center"},
            {"position": "top_left", "margin": {"y": 12}},
        ),
        check=boxes_are((284, 154, 304, 174), (150, 80, 170, 100), (0, 12, 20, 32)),
    ),
    Row(
        fields=("Logo.opacity",),
        name="opacity of a logo",
        job=job({"x": 10, "y": 10}, {"x": 10, "y": 10, "opacity": 0.5}),
        check=is_half_as_bright,
    ),
    Row(
        fields=("Logo.start_time", "Logo.duration"),
        name="time of a logo",
        job=job({"x": 10, "y": 10, "start_time": 1, "duration": "0.5"}),
        check=is_there_from_24_to_35,
    ),
    Row(
        fields=("VideoFields.logo",),
        name="two logos",
        job=job([{"x": 10, "y": 10}, {"x": -10, "y": -10}]),
        check=both_are_there,
    ),
]
