"""``format[]``: one model for each kind of output, told apart by ``output``."""

from __future__ import annotations

import posixpath
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from videngine.spec.destination import Destination
from videngine.spec.faults import DROP, invalid, show
from videngine.spec.model import Later, Model, NotYet
from videngine.spec.rendition import AudioFields, ClipFields, VideoFields
from videngine.spec.still_time import Time
from videngine.spec.values import Flag, Percent, Pixels, Scalar, SegmentDuration, text

KINDS = {
    "mp4": "mp4",
    "advanced_hls": "advanced_hls",
    "hls": "advanced_hls",
    "advanced_dash": "advanced_dash",
    "dash": "advanced_dash",
    "thumbnail": "thumbnail",
}
LATER_KINDS = (
    "advanced_mp4",
    "gif",
    "speech_to_text",
    "webm",
    "webm_dash",
    "repack",
    "mp3",
    "m4a",
    "opus",
    "hls_audio",
    "flac",
    "thumbnails",
    "metadata",
    "vmaf",
)
ImageFormat = Literal["png", "jpg"]
IMAGE_FORMATS: dict[str, ImageFormat] = {"png": "png", "jpg": "jpg", "jpeg": "jpg"}


_MEDIA_EXTENSIONS = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".ts", ".m4s", ".m3u8", ".mpd", ".key"),
        *(".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif"),
        *(".mp3", ".m4a", ".aac", ".flac", ".wav", ".ogg", ".opus"),
        *(".srt", ".vtt", ".ass", ".ttml", ".txt", ".json"),
    )
)


class OutputBase(Model):
    """What every output has."""

    kind: ClassVar[str]
    extensions: ClassVar[frozenset[str]]  # of the file it makes

    output: str = Field(description="Kind of output. Required.")
    destination: Destination | None = Field(
        None,
        description="Where the objects go. Default: the server's own store, kept for a limited "
        "time.",
    )
    allow_soft_fail: Flag | None = Field(
        None,
        description="Whether the job goes on and completes when this output fails. Default: 0.",
    )
    tag: NotYet = Field(None, description="Label, returned in reports. Default: none.")
    user_tag: NotYet = Field(None, description="Label, returned in reports. Default: none.")

    @property
    def default_name(self) -> str:
        """Name of the file where the path names none."""
        raise NotImplementedError

    @property
    def named_file(self) -> str:
        """The file that the path names by its extension, or ""."""
        path = self.destination.clean_path if self.destination else ""
        name = posixpath.basename(path)
        return name if posixpath.splitext(name)[1].lower() in self.extensions else ""

    @property
    def folder_and_name(self) -> tuple[str, str]:
        """Where the path leads: a folder, and the file in it, named by default if need be."""
        path = self.destination.clean_path if self.destination else ""
        if self.named_file:
            return posixpath.dirname(path), self.named_file
        return path, self.default_name

    @model_validator(mode="after")
    def _name_own_kind(self) -> Self:
        path = self.destination.clean_path if self.destination else ""
        extension = posixpath.splitext(path)[1].lower()
        if extension in _MEDIA_EXTENSIONS - self.extensions:
            raise invalid(
                f"ends in {extension}, which is not what this output makes; end it in "
                f"{' or '.join(sorted(self.extensions))}, or name a folder",
                field="destination.path",
            )
        return self


class Mp4Output(OutputBase, VideoFields, AudioFields, ClipFields):
    """One progressive MP4 file, index first; H.264 and AAC."""

    kind: ClassVar[str] = "mp4"
    extensions: ClassVar[frozenset[str]] = frozenset({".mp4", ".m4v"})

    output: Literal["mp4"] = Field(description="Kind of output. Required.")
    subtitles: NotYet = Field(None, description="Subtitle tracks. Default: none.")
    cenc_drm: NotYet = Field(None, description="Common encryption. Default: none.")

    @property
    def default_name(self) -> str:
        """After the height that was asked for, so that it is known before the source is."""
        return f"video_{self.height}p.mp4" if self.height else "video.mp4"


class Rung(VideoFields, AudioFields):
    """One entry of ``stream``; fields left out come from the output itself."""

    chunklist_name: NotYet = Field(
        None, description="Name of the media playlist. Default: chosen by the server."
    )


def _playlist_name(extension: str) -> Scalar:
    plain = text(200, "a file name")

    def parse(value: object) -> str:
        name = str(plain.parse(value)).strip()
        if "/" in name or "\\" in name or name.startswith("."):
            raise invalid(f"must be a file name without folders, not {show(value)}")
        if not name.lower().endswith(extension):
            better = name + extension
            raise invalid(f"must end in {extension}; {show(better)} is used", instead=better)
        return name

    return Scalar(parse, {"type": "string", "maxLength": 200, "pattern": rf"\{extension}$"})


class AdaptiveOutput(OutputBase, VideoFields, AudioFields, ClipFields):
    """A ladder. Fields of a rendition may stand here too, as the default of every rung."""

    stream: tuple[Rung, ...] = Field(
        min_length=1, max_length=20, description="The rungs of the ladder, 1 to 20. Required."
    )
    separate_audio: Flag | None = Field(
        None, description="Whether sound is a rendition of its own. Default: true."
    )
    segment_duration: SegmentDuration | None = Field(
        None, description="Length of a segment in s, 1 to 60. Default: 6."
    )
    playlist_name: str | None = None
    subtitles: NotYet = Field(None, description="Subtitle renditions. Default: none.")
    encryption: NotYet = Field(None, description="AES-128. Default: none.")
    cenc_drm: NotYet = Field(None, description="Common encryption. Default: none.")
    fps_drm: NotYet = Field(None, description="FairPlay. Default: none.")
    fmp4: NotYet = Field(
        None, description="Fragmented MP4 segments. Default: chosen by the server."
    )
    single_folder: NotYet = Field(None, description="All files in one folder. Default: 0.")
    i_frames_only: NotYet = Field(None, description="Playlist of keyframes. Default: 0.")
    create_m3u8_playlist: NotYet = Field(None, description="HLS playlist beside DASH. Default: 0.")
    refresh_playlist: NotYet = Field(None, description="Playable before the end. Default: 0.")

    @property
    def default_name(self) -> str:
        """`playlist_name` or its default."""
        return self.playlist_name or f"playlist{min(self.extensions)}"

    @model_validator(mode="after")
    def _name_once(self) -> Self:
        if self.named_file and self.playlist_name not in (None, self.named_file):
            raise invalid(
                "differs from the file name in `destination.path`; give one of them",
                code="conflicting_fields",
                field="playlist_name",
            )
        return self

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs with the output's own fields where they leave one out.

        A rung that says anything about its size says all of it.
        """
        return tuple(self._filled(rung) for rung in self.stream)

    def _filled(self, rung: Rung) -> Rung:
        sized = rung.height is not None or rung.width is not None
        fields = [
            name
            for name in (*VideoFields.model_fields, *AudioFields.model_fields)
            if getattr(rung, name) is None and not (sized and name in ("height", "width"))
        ]
        return rung.model_copy(update={name: getattr(self, name) for name in fields})


class HlsOutput(AdaptiveOutput):
    """HLS: a multivariant playlist and a media playlist for each rendition."""

    kind: ClassVar[str] = "advanced_hls"
    extensions: ClassVar[frozenset[str]] = frozenset({".m3u8"})

    output: Literal["advanced_hls", "hls"] = Field(description="Kind of output. Required.")
    playlist_name: Annotated[str, _playlist_name(".m3u8")] | None = Field(
        None, description="Name of the multivariant playlist. Default: playlist.m3u8."
    )


class DashOutput(AdaptiveOutput):
    """MPEG-DASH: an MPD and a representation for each rendition. Sound is always separate."""

    kind: ClassVar[str] = "advanced_dash"
    extensions: ClassVar[frozenset[str]] = frozenset({".mpd"})

    output: Literal["advanced_dash", "dash"] = Field(description="Kind of output. Required.")
    playlist_name: Annotated[str, _playlist_name(".mpd")] | None = Field(
        None, description="Name of the MPD. Default: playlist.mpd."
    )


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
    extensions: ClassVar[frozenset[str]] = frozenset({".png", ".jpg", ".jpeg"})

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
        description="Width in px. Given with `height`, the picture is stretched to fit both. "
        "Default: follows from "
        "`height`, else the source's.",
    )
    quality: Percent | None = Field(
        None, description="Quality of a jpg, 1 to 100; png has none. Default: 85."
    )
    frame_number: NotYet = Field(None, description="Number of the frame. Default: unset.")
    resize_mode: Annotated[None, Later(("scale",))] = Field(
        None,
        description="How a picture is brought to another shape: `scale` stretches. Default: scale.",
    )
    rotate: NotYet = Field(None, description="Degrees clockwise. Default: 0.")
    deinterlace: NotYet = Field(None, description="Deinterlace. Default: 0.")
    hdr_to_sdr: NotYet = Field(None, description="Tone-map to SDR. Default: 0.")

    @property
    def default_name(self) -> str:
        """After the format."""
        return f"thumbnail.{self.effective_format}"

    @property
    def effective_format(self) -> ImageFormat:
        """``png`` or ``jpg``: as asked, else as the file name says, else png."""
        named = posixpath.splitext(self.named_file)[1].lower().removeprefix(".")
        return self.image_format or IMAGE_FORMATS.get(named, "png")

    @model_validator(mode="after")
    def _agree_on_format(self) -> Self:
        named = posixpath.splitext(self.named_file)[1].lower().removeprefix(".")
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


def kind_of_output(data: Any) -> str | None:
    """The model that reads an entry of ``format``, or None for one that has no such output."""
    name = data.output if isinstance(data, OutputBase) else None
    if isinstance(data, dict):
        name = data.get("output")
    return KINDS.get(name) if isinstance(name, str) else None


Output = Annotated[
    Annotated[Mp4Output, Tag("mp4")]
    | Annotated[HlsOutput, Tag("advanced_hls")]
    | Annotated[DashOutput, Tag("advanced_dash")]
    | Annotated[ThumbnailOutput, Tag("thumbnail")],
    Discriminator(kind_of_output),
]
