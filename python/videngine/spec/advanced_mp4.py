"""Outputs that are ladders of files."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from videngine.spec.adaptive import AdaptiveOutput
from videngine.spec.faults import DROP, invalid


class AdvancedMp4Output(AdaptiveOutput):
    """A ladder of MP4 files, one for each rendition, and an HLS playlist of their byte ranges."""

    kind: ClassVar[str] = "advanced_mp4"
    extensions: ClassVar[frozenset[str]] = frozenset({".m3u8"})
    empty_means_something: ClassVar[frozenset[str]] = frozenset({"playlist_name"})  # no playlist

    output: Literal["advanced_mp4"] = Field(description="Kind of output. Required.")

    @property
    def makes_fmp4(self) -> bool:
        """Files are MP4, and fragmented where there is a playlist of their parts."""
        return True

    @property
    def is_flat(self) -> bool:
        """There are few files."""
        return True

    @property
    def makes_separate_audio(self) -> bool:
        """Only progressive files can have sound beside the picture."""
        plain = not self.hls_name and self.cenc_drm is None
        return not plain or self.separate_audio is not False

    @property
    def default_scheme(self) -> Literal["cenc", "cbcs"]:
        """As for HLS, where there is a playlist."""
        return "cbcs" if self.hls_name else "cenc"

    @model_validator(mode="after")
    def _protection_of_files(self) -> Self:
        if self.encryption is not None:
            raise invalid(
                "is of whole segments, and these files have none; use `cenc_drm`",
                code="conflicting_fields",
                field="encryption",
            )
        if self.fps_drm is not None and not self.hls_name:
            raise invalid(
                "is signalled in the playlist, and there is none",
                code="conflicting_fields",
                field="fps_drm",
            )
        return self

    @model_validator(mode="after")
    def _subtitles_of_files(self) -> Self:
        if self.subtitles is not None and not self.hls_name:
            raise invalid(
                "are listed in the playlist, and there is none",
                code="conflicting_fields",
                field="subtitles",
                instead=DROP,
            )
        return self
