"""Outputs that encode nothing: what a source is, the source in another container, scores."""

from __future__ import annotations

import posixpath
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from videngine.spec.faults import invalid, show
from videngine.spec.output_base import OutputBase
from videngine.spec.rendition import ClipFields
from videngine.spec.values import Flag, Scalar, whole

METADATA_VERSION = "1"
VMAF_MODELS = ("v0.6.1", "v0.6.1neg", "4k_v0.6.1", "4k_v0.6.1neg")
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


def _indexes(value: object) -> tuple[int, ...] | None:
    if isinstance(value, str) and "://" in value:
        raise invalid("must be places of outputs in `format`; only those of this job are scored")
    entries = value if isinstance(value, list | tuple) else (value,)
    index = whole(0, 49, clamp=False)
    return tuple(dict.fromkeys(index.parse(entry) for entry in entries)) or None


def _model(value: object) -> str:
    name = value.strip().lower() if isinstance(value, str) else ""
    name = name.removeprefix("vmaf_")
    if name in VMAF_MODELS:
        return name
    raise invalid(
        f"must be one of {', '.join(VMAF_MODELS)}, not {show(value)}; {VMAF_MODELS[0]} is used",
        instead=VMAF_MODELS[0],
    )


_INDEX_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "maximum": 49},
        {"type": "array", "items": {"type": "integer"}},
    ]
}


class VmafOutput(OutputBase):
    """How close renditions are to the source, as JSON: VMAF and PSNR of each."""

    kind: ClassVar[str] = "vmaf"
    extensions: ClassVar[frozenset[str]] = frozenset({".json"})

    output: Literal["vmaf"] = Field(description="Kind of output. Required.")
    distorted: Annotated[tuple[int, ...], Scalar(_indexes, _INDEX_SCHEMA, list)] | None = Field(
        None,
        description="Which outputs are scored: their places in `format`, counted from 0. Default: "
        "all that have pictures.",
    )
    vmaf_model: Annotated[str, Scalar(_model, {"enum": list(VMAF_MODELS)})] | None = Field(
        None, description=f"Model of libvmaf. Default: {VMAF_MODELS[0]}."
    )
    n_subsample: Annotated[int, whole(1, 1000, "frames", zero=True)] | None = Field(
        None, description="Score every so many frames only. Default: 1."
    )

    @property
    def default_name(self) -> str:
        """Always the same."""
        return "vmaf.json"
