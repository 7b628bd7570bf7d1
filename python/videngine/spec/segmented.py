"""What HLS and DASH have in common, with pictures and without: segments and a manifest's name."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from videngine.spec.faults import invalid, show
from videngine.spec.output_base import OutputBase
from videngine.spec.values import SegmentDuration, text


class SegmentedOutput(OutputBase):
    """Segments and a manifest."""

    segment_duration: SegmentDuration | None = Field(
        None, description="Length of a segment in s, 1 to 60. Default: 6."
    )
    playlist_name: Annotated[str, text(200, "a file name")] | None = Field(
        None,
        description="File name of the manifest. Default: playlist.m3u8 or playlist.mpd.",
    )

    @field_validator("playlist_name")
    @classmethod
    def _plain_name(cls, name: str | None) -> str | None:
        if name is None or not name.strip():  # empty: no playlist, see `AdvancedMp4Output`
            return name and ""
        if "/" in name or "\\" in name or name.startswith("."):
            raise invalid(f"must be a file name without folders, not {show(name)}")
        extension = min(cls.extensions)
        if not name.endswith(extension):
            better = name.removesuffix(extension.upper()) + extension
            message = f"must end in {extension}; {show(better)} is used"
            raise invalid(message, instead=better)
        return name

    @property
    def default_name(self) -> str:
        """`playlist_name` or its default."""
        if self.playlist_name is None:
            return f"playlist{min(self.extensions)}"
        return self.playlist_name

    @model_validator(mode="after")
    def _name_once(self) -> Self:
        if self.named_file and self.playlist_name not in (None, self.named_file):
            raise invalid(
                "differs from the file name in `destination.path`; give one of them",
                code="conflicting_fields",
                field="playlist_name",
            )
        return self
