"""Rows of outputs that are images: thumbnails of every shape and format."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.engine.measure import pictures, psnr
from tests.fields.framing import FILM_SIZE, Pixels, at_time, contain, cover, shape, turned
from tests.fields.rows import MEDIA, Made, Row
from tests.fields.table_core import FILM, film

AT_S = 5
NEAR_DB = 38  # of a lossless image and another scaler


def image(**fields: Any) -> dict[str, Any]:
    """A PNG of the film at five seconds."""
    return {"output": "thumbnail", "time": f"{AT_S}s", **fields}


def frame(time_s: Fraction | int = AT_S) -> Pixels:
    """The film's picture at a time."""
    return at_time(MEDIA / FILM, Fraction(time_s), FILM_SIZE)


def shows(size: tuple[int, int], expected: Callable[[Pixels], Pixels]) -> Callable[[Made], None]:
    """The image is what an independent computation says."""

    def check(made: Made) -> None:
        assert shape(made.path())[:2] == size
        (found,) = pictures(made.path(), *size, pixel_format="rgb24")
        assert psnr(found, expected(frame())) >= NEAR_DB

    return check


ROWS = [
    Row(fields=("ThumbnailOutput.resize_mode",), name="thumbnail cropped",
        job=film(image(width=270, height=270, resize_mode="crop")),
        check=shows((270, 270), lambda p: cover(p, (270, 270)))),
    Row(fields=("ThumbnailOutput.resize_mode",), name="thumbnail padded",
        job=film(image(width=271, height=300, resize_mode="pad")),
        check=shows((271, 300), lambda p: contain(p, (271, 300), even=False))),
    Row(fields=("ThumbnailOutput.rotate",), name="thumbnail turned",
        job=film(image(rotate=90, height=400, width=200, resize_mode="crop")),
        check=shows((200, 400), lambda p: cover(turned(p, 90), (200, 400)))),
]  # fmt: skip
