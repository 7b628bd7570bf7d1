"""Outputs that encode nothing: what a source is, or the source in another container."""

from __future__ import annotations

import posixpath
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from videngine.spec.faults import invalid, show
from videngine.spec.output_base import OutputBase
from videngine.spec.rendition import ClipFields
from videngine.spec.values import Flag, Scalar

METADATA_VERSION = "1"
Container = Literal["mp4", "mov", "matroska", "webm", "mpegts"]
CONTAINERS: dict[str, Container] = {
    ".mp4": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".ts": "mpegts",
}


def _version(value: object) -> str:
    if str(value).strip() != METADATA_VERSION:
        message = f'must be "{METADATA_VERSION}", the only layout that there is, not {show(value)}'
        raise invalid(message, instead=METADATA_VERSION)
    return METADATA_VERSION


class MetadataOutput(OutputBase):
    """What the source is, as JSON: container, streams, chapters, tags."""

    kind: ClassVar[str] = "metadata"
    extensions: ClassVar[frozenset[str]] = frozenset({".json"})

    output: Literal["metadata"] = Field(description="Kind of output. Required.")
    metadata_version: Annotated[str, Scalar(_version, {"enum": [METADATA_VERSION]})] | None = Field(
        None, description=f"Layout of the document. Default: {METADATA_VERSION}."
    )

    @property
    def default_name(self) -> str:
        """Always the same."""
        return "metadata.json"


class RepackOutput(OutputBase, ClipFields):
    """The source's own packets in the container that the path names; nothing is encoded.

    A cut begins with the last keyframe at or before `start_time`.
    """

    kind: ClassVar[str] = "repack"
    extensions: ClassVar[frozenset[str]] = frozenset(CONTAINERS)

    output: Literal["repack"] = Field(description="Kind of output. Required.")
    video_copy: Flag | None = Field(None, description="Whether to keep pictures. Default: 1.")
    audio_copy: Flag | None = Field(None, description="Whether to keep sounds. Default: 1.")
    subtitles_copy: Flag | None = Field(
        None, description="Whether to keep subtitles that the container takes. Default: 1."
    )
    metadata_copy: Flag | None = Field(
        None,
        description="Whether to keep titles, tags and chapters; the languages of tracks always "
        "stay. Default: 1.",
    )

    @property
    def default_name(self) -> str:
        """An MP4 unless the path says otherwise."""
        return "video.mp4"

    @property
    def container(self) -> Container:
        """Libavformat's name of the muxer."""
        return CONTAINERS[posixpath.splitext(self.folder_and_name[1])[1]]

    @model_validator(mode="after")
    def _keep_something(self) -> Self:
        if (self.video_copy, self.audio_copy, self.subtitles_copy) == (False, False, False):
            raise invalid(
                "is 0, and so are `audio_copy` and `subtitles_copy`: nothing would be left",
                code="conflicting_fields",
                field="video_copy",
            )
        return self
