"""Facts about a source, as `probe` finds them: what `planning` decides from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

_RATIONAL = {
    *("duration_s", "start_s", "frame_rate", "sample_aspect_ratio", "time_base"),
    "keyframe_interval_s",
}


@dataclass(frozen=True, kw_only=True)
class Color:
    """The four colour facts, in FFmpeg's names; ``unknown`` where the source does not say."""

    primaries: str = "unknown"
    transfer: str = "unknown"
    matrix: str = "unknown"
    range: str = "unknown"


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One stream of a source. Fields that do not fit its ``type`` keep their zero values.

    ``width_px``/``height_px`` are as coded; `display_size` gives what a viewer sees.
    ``rotation_deg`` is how far to turn the coded picture clockwise for display: 0, 90, 180, 270.
    """

    index: int
    type: str  # video, audio, subtitle, data, attachment
    codec: str
    profile: str = ""
    duration_s: Fraction | None = None
    start_s: Fraction = Fraction(0)
    bit_rate_bps: int = 0
    language: str = ""
    title: str = ""
    default: bool = False
    width_px: int = 0
    height_px: int = 0
    sample_aspect_ratio: Fraction = Fraction(1)
    rotation_deg: int = 0
    frame_rate: Fraction = Fraction(0)  # average
    keyframe_interval_s: Fraction | None = None  # the longest; None: the container does not tell
    variable_frame_rate: bool = False
    pixel_format: str = ""
    bit_depth: int = 0
    interlaced: bool = False
    color: Color = field(default_factory=Color)
    max_content_nits: int = 0  # MaxCLL; 0: unknown
    mastering_peak_nits: float = 0  # of the mastering display; 0: unknown
    dolby_vision_profile: int = 0  # 0: no Dolby Vision
    dolby_vision_compatibility: int = 0  # what the base layer is by itself: 0 nothing, 1 HDR10 …
    sample_rate_hz: int = 0
    channels: int = 0
    channel_layout: str = ""
    attached_picture: bool = False
    codec_tag: str = ""
    level: int = 0  # as the codec counts; 0: it does not say
    frames: int = 0  # as the container says; 0: it does not
    time_base: Fraction = Fraction(0)
    dispositions: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    side_data: tuple[dict[str, str | int], ...] = ()  # HDR, rotation; in ffprobe's names

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height in square pixels after rotation, as a viewer sees the picture."""
        width, height = round(self.width_px * self.sample_aspect_ratio), self.height_px
        return (height, width) if self.rotation_deg in (90, 270) else (width, height)

    @property
    def dynamic_range(self) -> str:
        """``HDR10`` (PQ), ``HLG`` or ``SDR``, by the transfer characteristic."""
        return {"smpte2084": "HDR10", "arib-std-b67": "HLG"}.get(self.color.transfer, "SDR")


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter of a source; seconds from the source's origin."""

    start_s: Fraction
    end_s: Fraction
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """A whole source. Times are rational seconds counted from the source's own origin."""

    format: str
    size_bytes: int
    duration_s: Fraction
    bit_rate_bps: int
    start_s: Fraction
    streams: tuple[Stream, ...]
    chapters: tuple[Chapter, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def video(self) -> Stream | None:
        """The stream that video outputs are made from: the first real picture stream."""
        pictures = [s for s in self.streams if s.type == "video" and not s.attached_picture]
        return pictures[0] if pictures else None

    @property
    def audio(self) -> tuple[Stream, ...]:
        """All audio streams that can be decoded, the default one first."""
        sounds = [s for s in self.streams if s.type == "audio" and s.channels and s.sample_rate_hz]
        return tuple(sorted(sounds, key=lambda s: not s.default))

    @property
    def subtitles(self) -> tuple[Stream, ...]:
        """All subtitle streams, in the order of the source."""
        return tuple(s for s in self.streams if s.type == "subtitle")

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON; rational numbers are strings such as ``30000/1001``."""
        return {
            "format": self.format,
            "size_bytes": self.size_bytes,
            "duration_s": str(self.duration_s),
            "bit_rate_bps": self.bit_rate_bps,
            "start_s": str(self.start_s),
            "streams": [_stream_to_json(s) for s in self.streams],
            "chapters": [
                {"start_s": str(c.start_s), "end_s": str(c.end_s), "tags": dict(c.tags)}
                for c in self.chapters
            ],
            "tags": dict(self.tags),
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> MediaInfo:
        """Rebuild facts written by `to_json`."""
        return MediaInfo(
            format=data["format"],
            size_bytes=data["size_bytes"],
            duration_s=Fraction(data["duration_s"]),
            bit_rate_bps=data["bit_rate_bps"],
            start_s=Fraction(data["start_s"]),
            streams=tuple(_stream_from_json(s) for s in data["streams"]),
            chapters=tuple(
                Chapter(start_s=Fraction(c["start_s"]), end_s=Fraction(c["end_s"]), tags=c["tags"])
                for c in data.get("chapters", ())
            ),
            tags=data.get("tags", {}),
        )


def _stream_to_json(stream: Stream) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for f in fields(stream):
        value = getattr(stream, f.name)
        if f.name in _RATIONAL:
            value = None if value is None else str(value)
        elif isinstance(value, tuple):
            value = list(value)
        elif f.name == "color":
            value = {c.name: getattr(value, c.name) for c in fields(value)}
        out[f.name] = value
    return out


def _stream_from_json(data: dict[str, Any]) -> Stream:
    values = dict(data)
    for name in _RATIONAL & values.keys():
        values[name] = None if values[name] is None else Fraction(values[name])
    for name in ("dispositions", "side_data"):
        values[name] = tuple(values.get(name, ()))
    values["color"] = Color(**values["color"])
    return Stream(**values)
