"""Outputs that are ladders: what all have, HLS and DASH."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from videngine.spec.codecs import MP4_STANDARDS, TS_STANDARDS, Standard
from videngine.spec.encoding import check_codecs
from videngine.spec.faults import DROP, invalid
from videngine.spec.model import NotYet
from videngine.spec.protection import (
    AskedFor,
    CencDrm,
    Encryption,
    FpsDrm,
    Unusable,
    check_together,
)
from videngine.spec.rendition import SIZE_FIELDS, ClipFields, VideoFields
from videngine.spec.rung import Rung
from videngine.spec.segmented import SegmentedOutput
from videngine.spec.sound import AudioFields, check_sound
from videngine.spec.subtitles import TextFields
from videngine.spec.values import Flag


def _auto(value: object) -> object:
    """``"auto"`` is the same as no rungs."""
    return None if isinstance(value, str) and value.strip().lower() == "auto" else value


class AdaptiveOutput(SegmentedOutput, VideoFields, AudioFields, ClipFields, TextFields):
    """A ladder. Fields of a rendition may stand here too, as the default of every rung."""

    stream: Annotated[tuple[Rung, ...] | None, BeforeValidator(_auto)] = Field(
        None,
        min_length=1,
        max_length=20,
        description="The rungs of the ladder, 1 to 20; or `auto`, for sizes and CRFs that suit the "
        "title. Default: auto.",
    )
    separate_audio: Flag | None = Field(
        None, description="Whether sound is a rendition of its own. Default: true."
    )
    encryption: Annotated[Encryption | Unusable | None, AskedFor(Encryption)] = Field(
        None, description="AES-128 of whole segments; HLS only. Default: none."
    )
    cenc_drm: Annotated[CencDrm | Unusable | None, AskedFor(CencDrm)] = Field(
        None, description="Common encryption for Widevine, PlayReady, ClearKey. Default: none."
    )
    fps_drm: Annotated[FpsDrm | Unusable | None, AskedFor(FpsDrm)] = Field(
        None,
        description="FairPlay, in an HLS playlist; with `cenc_drm` the same key. Default: none.",
    )
    fmp4: Flag | None = Field(
        None,
        description="Whether segments are fragmented MP4 or, in HLS alone, MPEG-TS. Default: true; "
        "false where `separate_audio` is.",
    )
    single_folder: Flag | None = Field(
        None,
        description="Whether renditions have no folders of their own: `video_1_init.mp4`. "
        "Default: 0.",
    )
    i_frames_only: Flag | None = Field(
        None,
        description="Whether HLS has playlists of keyframes too, for trick play. Default: 0.",
    )
    create_m3u8_playlist: Flag | None = Field(
        None,
        description="Whether an HLS playlist stands beside the MPD and lists the same segments. "
        "Default: 0.",
    )
    refresh_playlist: NotYet = Field(None, description="Playable before the end. Default: 0.")

    @property
    def hls_name(self) -> str:
        """Name of the output's multivariant playlist, "" if it has none."""
        return self.folder_and_name[1]

    @property
    def makes_fmp4(self) -> bool:
        """Whether segments are fragmented MP4; of what the request alone tells."""
        if self.cenc_drm or self.fps_drm or self.i_frames_only:
            return True
        return self.separate_audio is not False if self.fmp4 is None else self.fmp4

    @property
    def is_flat(self) -> bool:
        """Whether renditions have no folders of their own."""
        return bool(self.single_folder)

    @property
    def makes_separate_audio(self) -> bool:
        """Whether sound is apart: it always is in fragmented MP4."""
        return self.makes_fmp4 or self.separate_audio is not False

    @property
    def default_scheme(self) -> Literal["cenc", "cbcs"]:
        """How `cenc_drm` encrypts unless told: Apple's players know only cbcs."""
        return "cbcs"

    @model_validator(mode="after")
    def _one_protection(self) -> Self:
        if self.encryption is not None and (self.cenc_drm or self.fps_drm):
            raise invalid(
                "excludes `cenc_drm` and `fps_drm`; give one kind of protection",
                code="conflicting_fields",
                field="encryption",
            )
        check_together(self.cenc_drm, self.fps_drm, default=self.default_scheme)
        if self.encryption is not None and self.i_frames_only:
            raise invalid(
                "cannot be: keyframes are parts of segments that are encrypted as a whole",
                code="conflicting_fields",
                field="i_frames_only",
            )
        return self

    @model_validator(mode="after")
    def _segments_as_asked(self) -> Self:
        """What cannot be as it was asked is made as close to it as can be."""
        if self.fmp4 is False and self.makes_fmp4:
            raise invalid(
                "is not made: DRM, DASH, playlists of keyframes and files need fragmented MP4",
                code="conflicting_fields",
                field="fmp4",
                instead=DROP,
            )
        if self.separate_audio is False and self.makes_separate_audio:
            raise invalid(
                "is not made in fragmented MP4: sound is apart",
                code="conflicting_fields",
                field="separate_audio",
                instead=DROP,
            )
        if self.i_frames_only and not self.hls_name:
            raise invalid(
                "is for HLS playlists, and there is none",
                code="conflicting_fields",
                field="i_frames_only",
                instead=DROP,
            )
        if self.create_m3u8_playlist and self.kind != "advanced_dash":
            raise invalid(
                "is for DASH: this output has its own playlist",
                code="conflicting_fields",
                field="create_m3u8_playlist",
                instead=DROP,
            )
        return self

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """What segments carry of sound, the default first."""
        return ("aac", "opus", "flac")

    @model_validator(mode="after")
    def _sound_fits(self) -> Self:
        places: list[tuple[str, AudioFields, AudioFields]] = [("", self, self)]
        if self.stream:
            places = [
                (f"stream.{number}", own, rung)
                for number, (own, rung) in enumerate(zip(self.stream, self.rungs, strict=True))
            ]
        check_sound(places, codecs=self.sound_codecs, container=self.container[0])
        return self

    @model_validator(mode="after")
    def _sizes_of_its_own(self) -> Self:
        for name in SIZE_FIELDS:
            if self.stream is None and getattr(self, name) is not None:
                raise invalid(
                    "means nothing where `stream` is left out: the ladder's sizes follow from the "
                    "source",
                    code="conflicting_fields",
                    field=name,
                    instead=DROP,
                )
        return self

    @property
    def container(self) -> tuple[str, frozenset[Standard]]:
        """What the segments are, and the codecs of pictures that these take."""
        return "fragmented MP4", MP4_STANDARDS

    @model_validator(mode="after")
    def _codecs_fit(self) -> Self:
        name, standards = self.container
        below = "stream.{}." if self.stream else ""
        entries = [(below.format(i), rung) for i, rung in enumerate(self.rungs)]
        check_codecs(entries, standards, name)
        return self

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs with the output's own fields where they leave one out.

        A rung that says anything about its size says all of it. Without rungs there is one for all
        that are going to be made.
        """
        return tuple(self._filled(rung) for rung in self.stream or (Rung(),))

    def _filled(self, rung: Rung) -> Rung:
        sized = any(getattr(rung, name) is not None for name in SIZE_FIELDS)
        fields = [
            name
            for name in (*VideoFields.model_fields, *AudioFields.model_fields)
            if getattr(rung, name) is None and not (sized and name in SIZE_FIELDS)
        ]
        return rung.model_copy(update={name: getattr(self, name) for name in fields})


class HlsOutput(AdaptiveOutput):
    """HLS: a multivariant playlist and a media playlist for each rendition."""

    kind: ClassVar[str] = "advanced_hls"
    extensions: ClassVar[frozenset[str]] = frozenset({".m3u8"})

    output: Literal["advanced_hls", "hls"] = Field(description="Kind of output. Required.")

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """Those of fragmented MP4, or of MPEG-TS: what Shaka Packager can, with sound apart."""
        if self.makes_fmp4:
            return super().sound_codecs
        return ("aac",) if self.makes_separate_audio else ("aac", "mp3")

    @property
    def container(self) -> tuple[str, frozenset[Standard]]:
        """Fragmented MP4, or MPEG-TS; that with sound apart is Shaka Packager's: H.264 alone."""
        if self.makes_fmp4:
            return super().container
        if self.makes_separate_audio:
            return "MPEG-TS with separate sound", frozenset({"h264"})
        return "MPEG-TS", TS_STANDARDS


class DashOutput(AdaptiveOutput):
    """MPEG-DASH: an MPD and a representation for each rendition. Sound is always separate."""

    kind: ClassVar[str] = "advanced_dash"
    extensions: ClassVar[frozenset[str]] = frozenset({".mpd"})

    output: Literal["advanced_dash", "dash"] = Field(description="Kind of output. Required.")

    @property
    def makes_fmp4(self) -> bool:
        """DASH is made of nothing else."""
        return True

    @property
    def hls_name(self) -> str:
        """After the MPD, where it was asked for."""
        stem = self.folder_and_name[1].removesuffix(".mpd")
        return f"{stem}.m3u8" if self.create_m3u8_playlist else ""

    @property
    def default_scheme(self) -> Literal["cenc", "cbcs"]:
        """Devices of before 2018 know only cenc, but Apple's know only cbcs."""
        return "cbcs" if self.create_m3u8_playlist else "cenc"

    @model_validator(mode="after")
    def _protection_of_dash(self) -> Self:
        if self.encryption is not None:
            raise invalid(
                "is made for HLS only; DASH is protected by `cenc_drm`",
                code="conflicting_fields",
                field="encryption",
            )
        if self.fps_drm is not None and not self.create_m3u8_playlist:
            raise invalid(
                "is signalled in HLS only: set `create_m3u8_playlist` too, or use `cenc_drm`",
                code="conflicting_fields",
                field="fps_drm",
            )
        return self
