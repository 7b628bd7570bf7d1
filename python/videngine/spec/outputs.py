"""``format[]``: one model for each kind of output, told apart by ``output``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, Tag, model_validator

from videngine.spec.adaptive import AdaptiveOutput, DashOutput, HlsOutput
from videngine.spec.advanced_mp4 import AdvancedMp4Output
from videngine.spec.choice import ToldBy
from videngine.spec.codecs import MP4_STANDARDS, VP9, WEBM_STANDARDS, Codec
from videngine.spec.encoding import check_codecs
from videngine.spec.facts import MetadataOutput, RepackOutput, VmafOutput
from videngine.spec.images import GifOutput, ThumbnailsOutput
from videngine.spec.output_base import OutputBase
from videngine.spec.protection import CencDrm, NothingAsked, check_together
from videngine.spec.rendition import ClipFields, VideoFields
from videngine.spec.rung import Rung
from videngine.spec.segmented import SegmentedOutput
from videngine.spec.sound import AudioFields, check_sound
from videngine.spec.sound_outputs import (
    FlacOutput,
    HlsAudioOutput,
    M4aOutput,
    Mp3Output,
    OpusOutput,
    SoundOutput,
    WavOutput,
)
from videngine.spec.speech import SpeechToTextOutput
from videngine.spec.subtitles import TextFields
from videngine.spec.thumbnail import ThumbnailOutput

__all__ = [
    "KINDS",
    "LATER_KINDS",
    "AdaptiveOutput",
    "AdvancedMp4Output",
    "DashOutput",
    "FileOutput",
    "FlacOutput",
    "GifOutput",
    "HlsAudioOutput",
    "HlsOutput",
    "M4aOutput",
    "MetadataOutput",
    "Mp3Output",
    "Mp4Output",
    "OpusOutput",
    "Output",
    "OutputBase",
    "RepackOutput",
    "Rung",
    "SegmentedOutput",
    "SoundOutput",
    "SpeechToTextOutput",
    "ThumbnailOutput",
    "ThumbnailsOutput",
    "VmafOutput",
    "WavOutput",
    "WebmOutput",
]

KINDS = {
    "mp4": "mp4",
    "advanced_hls": "advanced_hls",
    "hls": "advanced_hls",
    "advanced_dash": "advanced_dash",
    "dash": "advanced_dash",
    "advanced_mp4": "advanced_mp4",
    "thumbnail": "thumbnail",
    "webm": "webm",
    "speech_to_text": "speech_to_text",
    "metadata": "metadata",
    "repack": "repack",
    "vmaf": "vmaf",
    "mp3": "mp3",
    "m4a": "m4a",
    "opus": "opus",
    "flac": "flac",
    "wav": "wav",
    "hls_audio": "hls_audio",
    "thumbnails": "thumbnails",
    "gif": "gif",
}
LATER_KINDS = ("webm_dash",)


class FileOutput(OutputBase, VideoFields, AudioFields, ClipFields):
    """Picture and sound in one file."""

    @property
    def default_name(self) -> str:
        """After the height that was asked for, so that it is known before the source is."""
        height = self.resolution or (self.size[1] if self.size else self.height)
        extension = min(self.extensions)
        return f"video_{height}p{extension}" if height else f"video{extension}"


class Mp4Output(FileOutput, TextFields):
    """One progressive MP4 file, index first; H.264 and AAC unless told otherwise."""

    kind: ClassVar[str] = "mp4"
    extensions: ClassVar[frozenset[str]] = frozenset({".mp4"})

    output: Literal["mp4"] = Field(description="Kind of output. Required.")
    cenc_drm: Annotated[CencDrm | None, NothingAsked()] = Field(
        None, description="Common encryption; the file is fragmented. Default: none."
    )

    @model_validator(mode="after")
    def _codec_fits(self) -> Self:
        check_codecs([("", self)], MP4_STANDARDS, "MP4")
        return self

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """What the file carries of sound, the default first."""
        known = ("aac", "opus", "flac")
        return known if self.cenc_drm else (*known, "mp3")

    @model_validator(mode="after")
    def _protection_fits(self) -> Self:
        check_together(self.cenc_drm, None, default="cenc")
        return self

    @model_validator(mode="after")
    def _sound_fits(self) -> Self:
        check_sound([("", self, self)], codecs=self.sound_codecs, container="MP4")
        return self


class WebmOutput(FileOutput):
    """One progressive WebM file, index first; VP9 and Opus unless told otherwise."""

    kind: ClassVar[str] = "webm"
    extensions: ClassVar[frozenset[str]] = frozenset({".webm"})
    default_codec: ClassVar[Codec] = VP9

    output: Literal["webm"] = Field(description="Kind of output. Required.")

    @model_validator(mode="after")
    def _codec_fits(self) -> Self:
        check_codecs([("", self)], WEBM_STANDARDS, "WebM")
        return self

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """What the file carries of sound, the default first."""
        return ("opus", "vorbis")

    @model_validator(mode="after")
    def _sound_fits(self) -> Self:
        check_sound([("", self, self)], codecs=self.sound_codecs, container="WebM")
        return self


def kind_of_output(data: Any) -> str | None:
    """The model that reads an entry of ``format``, or None for one that has no such output."""
    name = data.output if isinstance(data, OutputBase) else None
    if isinstance(data, dict):
        name = data.get("output")
    return KINDS.get(name) if isinstance(name, str) else None


Output = Annotated[
    Annotated[Mp4Output, Tag("mp4")]
    | Annotated[WebmOutput, Tag("webm")]
    | Annotated[HlsOutput, Tag("advanced_hls")]
    | Annotated[DashOutput, Tag("advanced_dash")]
    | Annotated[AdvancedMp4Output, Tag("advanced_mp4")]
    | Annotated[ThumbnailOutput, Tag("thumbnail")]
    | Annotated[SpeechToTextOutput, Tag("speech_to_text")]
    | Annotated[MetadataOutput, Tag("metadata")]
    | Annotated[RepackOutput, Tag("repack")]
    | Annotated[VmafOutput, Tag("vmaf")]
    | Annotated[Mp3Output, Tag("mp3")]
    | Annotated[M4aOutput, Tag("m4a")]
    | Annotated[OpusOutput, Tag("opus")]
    | Annotated[FlacOutput, Tag("flac")]
    | Annotated[WavOutput, Tag("wav")]
    | Annotated[HlsAudioOutput, Tag("hls_audio")]
    | Annotated[ThumbnailsOutput, Tag("thumbnails")]
    | Annotated[GifOutput, Tag("gif")],
    ToldBy(kind_of_output),
]
