"""What outputs that are images have in common; and series of images, and animations."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from videngine.spec.colour import DEINTERLACE, Deinterlace
from videngine.spec.faults import invalid, show
from videngine.spec.model import Model
from videngine.spec.output_base import OutputBase
from videngine.spec.rendition import ClipFields
from videngine.spec.shape import RESIZE_MODE, ROTATE, ResizeMode, Rotation
from videngine.spec.values import (
    FRAME_RATE_SCHEMA,
    SECONDS_SCHEMA,
    Flag,
    Percent,
    Pixels,
    Scalar,
    decimal,
    number,
    seconds,
    whole,
)

ImageFormat = Literal["png", "jpg", "webp"]
IMAGE_FORMATS: dict[str, ImageFormat] = {
    "png": "png",
    "jpg": "jpg",
    "jpeg": "jpg",
    "webp": "webp",
}
_MAX_GIF_RATE = 50  # delays are hundredths of a second, and players take 1 for 10


def _image_format(value: object) -> ImageFormat:
    name = value.strip().lower() if isinstance(value, str) else ""
    if name == "avif":
        raise invalid(
            "this version does not write avif: FFmpeg 5.1 has no muxer for it",
            code="not_yet_supported",
        )
    if name not in IMAGE_FORMATS:
        raise invalid(f"must be png, jpg or webp, not {show(value)}")
    return IMAGE_FORMATS[name]


def _gif_rate(value: object) -> Fraction | None:
    rate = number(value, what="frames per second (10)")
    if rate == 0:
        return None
    if rate < 0:
        raise invalid(f"must be 1 to {_MAX_GIF_RATE} frames per second, not {show(value)}")
    near = min(max(rate, Fraction(1)), Fraction(_MAX_GIF_RATE))
    if near != rate:
        message = f"must be 1 to {_MAX_GIF_RATE} frames per second; {decimal(near)} is used"
        raise invalid(message, instead=decimal(near))
    return rate


def _interval(value: object) -> Fraction:
    span = seconds(value)
    if span <= 0:
        raise invalid(f"must be more than 0 s, not {show(value)}")
    near = min(max(span, Fraction(1, 10)), Fraction(3600))
    if near != span:
        raise invalid(f"must be 0.1 s to an hour; {decimal(near)} is used", instead=decimal(near))
    return span


ImageFormatName = Annotated[ImageFormat, Scalar(_image_format, {"enum": list(IMAGE_FORMATS)})]
GifRate = Annotated[Fraction, Scalar(_gif_rate, FRAME_RATE_SCHEMA, decimal)]
Interval = Annotated[Fraction, Scalar(_interval, SECONDS_SCHEMA, decimal)]


class ImageFields(Model):
    """How images are shaped."""

    height: Pixels | None = Field(
        None, description="Height in px. Default: follows from `width`, else the source's."
    )
    width: Pixels | None = Field(
        None,
        description="Width in px. Given with `height`, `resize_mode` says how the picture is "
        "brought into both. Default: follows from `height`, else the source's.",
    )
    resize_mode: ResizeMode | None = Field(None, description=RESIZE_MODE)
    rotate: Rotation | None = Field(None, description=ROTATE)
    deinterlace: Deinterlace | None = Field(None, description=DEINTERLACE)
    hdr_to_sdr: Flag | None = Field(
        None,
        description="Whether an HDR source is tone-mapped to SDR: an image has no way to say that "
        "it is HDR. Default: 1.",
    )


class ImageOutput(OutputBase, ImageFields, ClipFields):
    """An output of images."""


class GifOutput(ImageOutput):
    """An animation in 256 colours of its own, which repeats for ever."""

    kind: ClassVar[str] = "gif"
    extensions: ClassVar[frozenset[str]] = frozenset({".gif"})

    output: Literal["gif"] = Field(description="Kind of output. Required.")
    framerate: GifRate | None = Field(None, description="Frames a second, 1 to 50. Default: 10.")

    @property
    def default_name(self) -> str:
        """There is one."""
        return "animation.gif"


class ThumbnailsOutput(ImageOutput):
    """An image of every so many seconds, as files or as tiles of sheets, with a WebVTT map."""

    kind: ClassVar[str] = "thumbnails"
    extensions: ClassVar[frozenset[str]] = frozenset({".vtt"})

    output: Literal["thumbnails"] = Field(description="Kind of output. Required.")
    interval: Interval | None = Field(
        None, description="Seconds from one image to the next, 0.1 to 3600. Default: 10."
    )
    sprite: Flag | None = Field(
        None,
        description="Whether the images are tiles of sheets, `sprite_0001.jpg` and so on, instead "
        "of files, `thumbnail_0001.jpg` and so on. Default: false.",
    )
    columns: Annotated[int, whole(1, 100, "columns", zero=True)] | None = Field(
        None, description="Tiles in a row of a sheet, 1 to 100. Default: 10."
    )
    image_format: ImageFormatName | None = Field(
        None, description="`png`, `jpg` or `webp`. Default: jpg."
    )
    quality: Percent | None = Field(
        None, description="Quality of jpg and webp, 1 to 100; png has none. Default: 85."
    )

    @property
    def default_name(self) -> str:
        """Of the map."""
        return "sprite.vtt" if self.sprite else "thumbnails.vtt"

    @property
    def effective_format(self) -> ImageFormat:
        """As asked, else jpg."""
        return self.image_format or "jpg"
