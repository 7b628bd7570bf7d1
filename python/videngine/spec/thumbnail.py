"""Outputs that are single images."""

from __future__ import annotations

import posixpath
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from videngine.spec.faults import DROP, invalid
from videngine.spec.images import IMAGE_FORMATS, ImageFormat, ImageFormatName, ImageOutput
from videngine.spec.output_base import numbered
from videngine.spec.still_time import Times
from videngine.spec.values import Percent, whole


class ThumbnailOutput(ImageOutput):
    """One image, or one of each of several moments."""

    kind: ClassVar[str] = "thumbnail"
    extensions: ClassVar[frozenset[str]] = frozenset({".png", ".jpg", ".webp"})

    output: Literal["thumbnail"] = Field(description="Kind of output. Required.")
    image_format: ImageFormatName | None = Field(
        None,
        description="`png`, `jpg` or `webp`. Default: as the file name in `destination.path` says, "
        "else png.",
    )
    time: Times | None = Field(
        None,
        description='The moment: a fraction of the clip from 0 to 1, "50%", seconds as "12.5s", '
        "or a timecode; 1 is the last frame. A list of up to 100 gives an image of each. Default: "
        "0.5.",
    )
    frame_number: Annotated[int, whole(0, 10_000_000, "frames")] | None = Field(
        None,
        description="Number of the frame, counted from 0 at `start_time`; wins over `time`. "
        "Default: unset.",
    )
    quality: Percent | None = Field(
        None, description="Quality of jpg and webp, 1 to 100; png has none. Default: 85."
    )

    @property
    def default_name(self) -> str:
        """After the format."""
        return f"thumbnail.{self.effective_format}"

    @property
    def effective_format(self) -> ImageFormat:
        """As asked, else as the file name says, else png."""
        named = posixpath.splitext(self.named_file)[1].removeprefix(".")
        return self.image_format or IMAGE_FORMATS.get(named, "png")

    @property
    def file_names(self) -> tuple[str, ...]:
        """One file, or one for each of several moments."""
        name = self.folder_and_name[1]
        count = len(self.time or ()) if self.frame_number is None else 1
        return numbered(name, count) if count > 1 else (name,)

    @model_validator(mode="after")
    def _agree_on_format(self) -> Self:
        named = posixpath.splitext(self.named_file)[1].removeprefix(".")
        if named and IMAGE_FORMATS[named] != self.effective_format:
            raise invalid(
                f"is {self.image_format}, but `destination.path` ends in .{named}; make them agree",
                code="conflicting_fields",
                field="image_format",
            )
        if self.quality is not None and self.effective_format == "png":
            raise invalid(
                "is only for jpg and webp and is ignored",
                code="conflicting_fields",
                field="quality",
                instead=DROP,
            )
        return self
