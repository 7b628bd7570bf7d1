"""Outputs of sound alone: one file, or an HLS presentation."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from videngine.plan import Container
from videngine.spec.faults import invalid
from videngine.spec.output_base import OutputBase
from videngine.spec.rendition import ClipFields
from videngine.spec.segmented import SegmentedOutput
from videngine.spec.sound import AudioFields, check_sound, where


class SoundOutput(OutputBase, AudioFields, ClipFields):
    """One file of sound; the source's picture is not decoded for it."""

    codecs: ClassVar[tuple[str, ...]]
    container: ClassVar[Container]

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """The one codec of the file."""
        return self.codecs

    @property
    def default_name(self) -> str:
        """``audio`` with the extension of the kind."""
        return f"audio{max(self.extensions)}"

    @model_validator(mode="after")
    def _sound_fits(self) -> Self:
        _require_sound("", self, self)
        check_sound([("", self, self)], codecs=self.codecs, container=self.kind)
        return self


class Mp3Output(SoundOutput):
    """MP3 with LAME's header, so that players leave no gaps."""

    kind: ClassVar[str] = "mp3"
    extensions: ClassVar[frozenset[str]] = frozenset({".mp3"})
    codecs: ClassVar[tuple[str, ...]] = ("mp3",)
    container: ClassVar[Container] = "mp3"

    output: Literal["mp3"] = Field(description="Kind of output. Required.")


class FlacOutput(SoundOutput):
    """FLAC: 24 bits where the source has more than 16, else 16."""

    kind: ClassVar[str] = "flac"
    extensions: ClassVar[frozenset[str]] = frozenset({".flac"})
    codecs: ClassVar[tuple[str, ...]] = ("flac",)
    container: ClassVar[Container] = "flac"

    output: Literal["flac"] = Field(description="Kind of output. Required.")


class M4aOutput(SoundOutput):
    """AAC in MP4, with an edit list around the encoder's priming and padding."""

    kind: ClassVar[str] = "m4a"
    extensions: ClassVar[frozenset[str]] = frozenset({".m4a"})
    codecs: ClassVar[tuple[str, ...]] = ("aac",)
    container: ClassVar[Container] = "ipod"

    output: Literal["m4a"] = Field(description="Kind of output. Required.")


class OpusOutput(SoundOutput):
    """Opus in Ogg."""

    kind: ClassVar[str] = "opus"
    extensions: ClassVar[frozenset[str]] = frozenset({".opus", ".ogg"})
    codecs: ClassVar[tuple[str, ...]] = ("opus",)
    container: ClassVar[Container] = "opus"

    output: Literal["opus"] = Field(description="Kind of output. Required.")


class WavOutput(SoundOutput):
    """PCM in WAV: 24 bits where the source has more than 16, else 16."""

    kind: ClassVar[str] = "wav"
    extensions: ClassVar[frozenset[str]] = frozenset({".wav"})
    codecs: ClassVar[tuple[str, ...]] = ("pcm",)
    container: ClassVar[Container] = "wav"

    output: Literal["wav"] = Field(description="Kind of output. Required.")


class AudioRung(AudioFields):
    """One entry of ``stream`` of `hls_audio`; fields left out come from the output itself."""


class HlsAudioOutput(SegmentedOutput, AudioFields, ClipFields):
    """HLS of sound alone: a variant for each entry of ``stream``."""

    kind: ClassVar[str] = "hls_audio"
    extensions: ClassVar[frozenset[str]] = frozenset({".m3u8"})

    output: Literal["hls_audio"] = Field(description="Kind of output. Required.")
    stream: tuple[AudioRung, ...] = Field(
        min_length=1, max_length=20, description="The encodings, 1 to 20. Required."
    )

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """What CMAF carries of sound, the default first."""
        return ("aac", "opus", "flac")

    @property
    def rungs(self) -> tuple[AudioRung, ...]:
        """The entries with the output's own fields where they leave one out."""
        return tuple(
            rung.model_copy(
                update={
                    name: getattr(self, name)
                    for name in AudioFields.model_fields
                    if getattr(rung, name) is None
                }
            )
            for rung in self.stream
        )

    @model_validator(mode="after")
    def _sound_fits(self) -> Self:
        places = [
            (f"stream.{number}", own, rung)
            for number, (own, rung) in enumerate(zip(self.stream, self.rungs, strict=True))
        ]
        for place in places:
            _require_sound(*place)
        check_sound(places, codecs=self.sound_codecs, container="CMAF")
        return self


def _require_sound(place: str, own: AudioFields, fields: AudioFields) -> None:
    if fields.audio_mute == "drop":
        message = "leaves nothing of an output of sound alone"
        raise invalid(message, code="conflicting_fields", field=where(place, own, "audio_mute"))
