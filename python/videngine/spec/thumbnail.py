"""Outputs that are one image."""

from __future__ import annotations

import posixpath
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from videngine.spec.colour import DEINTERLACE, Deinterlace
from videngine.spec.faults import DROP, invalid, show
from videngine.spec.model import NotYet
from videngine.spec.output_base import OutputBase
from videngine.spec.rendition import ClipFields
from videngine.spec.shape import RESIZE_MODE, ROTATE, ResizeMode, Rotation
from videngine.spec.still_time import Time
from videngine.spec.values import Flag, Percent, Pixels, Scalar

ImageFormat = Literal["png", "jpg"]
IMAGE_FORMATS: dict[str, ImageFormat] = {"png": "png", "jpg": "jpg", "jpeg": "jpg"}


def _image_format(value: object) -> ImageFormat:
    name = value.strip().lower() if isinstance(value, str) else ""
    if name in ("webp", "avif"):
        raise invalid(f"this version does not write {name} yet", code="not_yet_supported")
    if name not in IMAGE_FORMATS:
        raise invalid(f"must be png or jpg, not {show(value)}")
    return IMAGE_FORMATS[name]


class ThumbnailOutput(OutputBase, ClipFields):
    """One image."""

    kind: ClassVar[str] = "thumbnail"
    extensions: ClassVar[frozenset[str]] = frozenset({".png", ".jpg"})

    output: Literal["thumbnail"] = Field(description="Kind of output. Required.")
    image_format: (
        Annotated[ImageFormat, Scalar(_image_format, {"enum": list(IMAGE_FORMATS)})] | None
    ) = Field(
        None,
        description="`png` or `jpg`. Default: as the file name in `destination.path` says, else "
        "png.",
    )
    time: Time | None = Field(
        None,
        description='The moment: a fraction of the clip from 0 to 1, "50%", seconds as "12.5s", '
        "or a timecode; 1 is "
        "the last frame. Default: 0.5.",
    )
    height: Pixels | None = Field(
        None, description="Height in px. Default: follows from `width`, else the source's."
    )
    width: Pixels | None = Field(
        None,
        description="Width in px. Given with `height`, `resize_mode` says how the picture is "
        "brought into both. Default: follows from `height`, else the source's.",
    )
    quality: Percent | None = Field(
        None, description="Quality of a jpg, 1 to 100; png has none. Default: 85."
    )
    frame_number: NotYet = Field(None, description="Number of the frame. Default: unset.")
    resize_mode: ResizeMode | None = Field(None, description=RESIZE_MODE)
    rotate: Rotation | None = Field(None, description=ROTATE)
    deinterlace: Deinterlace | None = Field(None, description=DEINTERLACE)
    hdr_to_sdr: Flag | None = Field(
        None,
        description="Whether an HDR source is tone-mapped to SDR: an image has no way to say that "
        "it is HDR. Default: 1.",
    )

    @property
    def default_name(self) -> str:
        """After the format."""
        return f"thumbnail.{self.effective_format}"

    @property
    def effective_format(self) -> ImageFormat:
        """``png`` or ``jpg``: as asked, else as the file name says, else png."""
        named = posixpath.splitext(self.named_file)[1].removeprefix(".")
        return self.image_format or IMAGE_FORMATS.get(named, "png")

    @model_validator(mode="after")
    def _agree_on_format(self) -> Self:
        named = posixpath.splitext(self.named_file)[1].removeprefix(".")
        if named and IMAGE_FORMATS[named] != self.effective_format:
            raise invalid(
                f"is {self.image_format}, but `destination.path` ends in .{named}; make them agree",
                code="conflicting_fields",
                field="image_format",
            )
        if self.quality is not None and self.effective_format != "jpg":
            raise invalid(
                "is only for jpg and is ignored",
                code="conflicting_fields",
                field="quality",
                instead=DROP,
            )
        return self
