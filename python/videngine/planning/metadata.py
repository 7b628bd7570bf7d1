"""The document of `metadata` outputs: what probing found, under the names that ffprobe gave them.

Programs that read ``ffprobe -show_format -show_streams -show_chapters`` find their fields here:
numbers that ffprobe writes as text are text, times count from the container's own zero.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from videngine.media import Chapter, MediaInfo, Stream
from videngine.spec.facts import METADATA_VERSION


def metadata_document(media: MediaInfo) -> dict[str, Any]:
    """What is known of a source; ``media`` holds the facts as this service sees them."""
    return {
        "metadata_version": METADATA_VERSION,
        "format": _said(
            {
                "nb_streams": len(media.streams),
                "format_name": media.format,
                "start_time": _seconds(media.start_s),
                "duration": _seconds(media.duration_s),
                "size": str(media.size_bytes),
                "bit_rate": str(media.bit_rate_bps) if media.bit_rate_bps else None,
                "tags": media.tags,
            }
        ),
        "streams": [_stream(stream, media) for stream in media.streams],
        "chapters": [_chapter(n, chapter, media) for n, chapter in enumerate(media.chapters)],
        "media": media.to_json(),
    }


def _stream(stream: Stream, media: MediaInfo) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "index": stream.index,
        "codec_name": stream.codec,
        "codec_type": stream.type,
        "codec_tag_string": stream.codec_tag,
        "profile": stream.profile,
        **_KINDS.get(stream.type, lambda _: {})(stream),
        "time_base": _ratio(stream.time_base),
        "start_time": _seconds(media.start_s + stream.start_s),
        "duration": None if stream.duration_s is None else _seconds(stream.duration_s),
        "bit_rate": str(stream.bit_rate_bps) if stream.bit_rate_bps else None,
        "nb_frames": str(stream.frames) if stream.frames else None,
        "disposition": dict.fromkeys(stream.dispositions, 1),
        "tags": stream.tags,
        "side_data_list": list(stream.side_data),
    }
    return _said(facts)


def _picture(stream: Stream) -> dict[str, Any]:
    sar = stream.sample_aspect_ratio
    display = Fraction(stream.width_px, stream.height_px) * sar if stream.height_px else None
    color = stream.color
    return {
        "width": stream.width_px,
        "height": stream.height_px,
        "sample_aspect_ratio": _ratio(sar, ":"),
        "display_aspect_ratio": None if display is None else _ratio(display, ":"),
        "pix_fmt": stream.pixel_format,
        "bits_per_raw_sample": str(stream.bit_depth) if stream.bit_depth else None,
        "level": stream.level or None,
        "field_order": "interlaced" if stream.interlaced else "progressive",
        "color_range": color.range,
        "color_space": color.matrix,
        "color_transfer": color.transfer,
        "color_primaries": color.primaries,
        "avg_frame_rate": _ratio(stream.frame_rate),
    }


def _sound(stream: Stream) -> dict[str, Any]:
    return {
        "sample_rate": str(stream.sample_rate_hz),
        "channels": stream.channels,
        "channel_layout": stream.channel_layout,
    }


_KINDS = {"video": _picture, "audio": _sound}


def _chapter(number: int, chapter: Chapter, media: MediaInfo) -> dict[str, Any]:
    return {
        "id": number,
        "start_time": _seconds(media.start_s + chapter.start_s),
        "end_time": _seconds(media.start_s + chapter.end_s),
        "tags": chapter.tags,
    }


def _said(facts: dict[str, Any]) -> dict[str, Any]:
    """Without what the source does not say."""
    return {name: v for name, v in facts.items() if v not in (None, "", "unknown", {}, [])}


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}"


def _ratio(value: Fraction, sign: str = "/") -> str:
    return f"{value.numerator}{sign}{value.denominator}"
