"""What becomes of a picture's light, fields and colours, and what is laid over it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Literal

from videngine.media import Stream
from videngine.plan import ColorPlan, Edge, LogoPlan, Look, TonemapPlan
from videngine.spec.colour import KEEP
from videngine.spec.images import ImageOutput
from videngine.spec.logo import Logo
from videngine.spec.rendition import VideoFields

Warn = Callable[[str, str, str], None]
"""Takes the field, the code and the message of a warning."""

# BT.2408's reference white: no curve is needed up to here. PQ ends at 10 000 nits.
_LOWEST_PEAK_NITS, _HIGHEST_PEAK_NITS = 203.0, 10_000.0
# What HDR10 is usually mastered for, and what HLG is defined on (BT.2100).
_USUAL_PEAK_NITS = 1000.0
_UNDECODABLE_MATRICES = ("ictcp", "bt2020c")


def tonemap(stream: Stream) -> TonemapPlan | None:
    """How a source becomes SDR; None if it is.

    The curve makes room for the brightest light that the metadata tells of: MaxCLL, else the
    mastering display's peak.
    """
    if stream.dynamic_range == "HLG":
        return TonemapPlan(transfer="hlg", peak_nits=_USUAL_PEAK_NITS)
    if stream.dynamic_range == "SDR":
        return None
    told = stream.max_content_nits or stream.mastering_peak_nits or _USUAL_PEAK_NITS
    peak = min(max(float(told), _LOWEST_PEAK_NITS), _HIGHEST_PEAK_NITS)
    return TonemapPlan(transfer="pq", peak_nits=peak)


def unsupported(stream: Stream, *, hdr_to_sdr: bool) -> str | None:
    """Why no right picture can be made of a source's kind of HDR, if so.

    Dolby Vision's profile 5 (and 10 and 20 without a compatible base layer) is coded in a space of
    its own that only its metadata undoes: shown as anything else it is green and purple.
    """
    profile = stream.dolby_vision_profile
    alone = profile in (10, 20) and stream.dolby_vision_compatibility == 0
    if profile == 5 or alone:
        return (
            f"The source is Dolby Vision profile {profile}, which has no picture that other "
            "decoders can show; send a version with an HDR10, HLG or SDR base layer."
        )
    if hdr_to_sdr and stream.color.matrix in _UNDECODABLE_MATRICES:
        return f"HDR with the matrix {stream.color.matrix} cannot be brought to SDR."
    return None


def wants_sdr(entry: VideoFields | ImageOutput) -> bool:
    """Whether HDR becomes SDR: an image, which cannot say that it is HDR, does by itself."""
    if entry.hdr_to_sdr is None:
        return isinstance(entry, ImageOutput)
    return entry.hdr_to_sdr


def look(entry: VideoFields | ImageOutput, stream: Stream, warn: Warn) -> Look:
    """What is done to a picture, but for its logos."""
    if entry.hdr_to_sdr and stream.dynamic_range == "SDR":
        warn("hdr_to_sdr", "not_hdr", "The source is SDR already; nothing is done.")
    mapped = tonemap(stream) if wants_sdr(entry) else None
    color = ColorPlan()
    if isinstance(entry, VideoFields):
        color = _color(entry, stream, warn, mapped=mapped is not None)
    return Look(
        deinterlace=_deinterlace(entry.deinterlace, stream, warn), tonemap=mapped, color=color
    )


def _deinterlace(
    asked: bool | str | None, stream: Stream, warn: Warn
) -> Literal["", "all", "auto"]:
    if asked == "auto":
        return "auto"
    if asked and not stream.interlaced:
        message = "The source says that it is progressive; deinterlacing costs it sharpness."
        warn("deinterlace", "not_interlaced", message)
    return "all" if asked else ""


def _color(entry: VideoFields, stream: Stream, warn: Warn, *, mapped: bool) -> ColorPlan:
    """The facts that differ from the source's: equal wishes are one picture."""
    asked = {
        "color_space": entry.color_space,
        "color_primaries": entry.color_primaries,
        "color_trc": entry.color_trc,
        "color_range": entry.color_range,
    }
    if mapped:
        for name, value in asked.items():
            if value not in (None, KEEP):
                message = "`hdr_to_sdr` makes BT.709, limited range; this is ignored."
                warn(name, "conflicting_fields", message)
        return ColorPlan()
    facts = stream.color
    transfer = _changed(entry.color_trc, facts.transfer)
    if transfer and _is_hdr(transfer) != _is_hdr(facts.transfer):
        message = (
            f"A transfer of {'HDR' if _is_hdr(transfer) else 'SDR'} does not suit this source; its "
            "own is kept. Set `hdr_to_sdr` to bring HDR to SDR."
        )
        warn("color_trc", "conflicting_fields", message)
        transfer = ""
    full = entry.color_range == "pc" or (entry.color_range == KEEP and facts.range == "pc")
    return ColorPlan(
        primaries=_changed(entry.color_primaries, facts.primaries),
        transfer=transfer,
        matrix=_changed(entry.color_space, facts.matrix),
        range="pc" if full else "",
    )


def _changed(asked: str | None, known: str) -> str:
    return "" if asked in (None, KEEP, known) else str(asked)


def _is_hdr(transfer: str) -> bool:
    return transfer in ("smpte2084", "arib-std-b67")


def logo_plan(logo: Logo, path: Path, frame_rate: Fraction) -> LogoPlan:
    """A logo in the terms of the engine: edges, and frames of the rate that it is shown at."""
    horizontal, x_px = _from_edge(logo.x or 0)
    vertical, y_px = _from_edge(logo.y or 0)
    if logo.position:
        margin = logo.margin
        words = logo.position.split("-")
        horizontal = _edge(words, "left", "right")
        vertical = _edge(words, "top", "bottom")
        x_px, y_px = (margin.x or 0, margin.y or 0) if margin else (0, 0)
    start = logo.start_time or Fraction(0)
    end = None if logo.duration is None else ceil((start + logo.duration) * frame_rate)
    return LogoPlan(
        path=str(path),
        horizontal_edge=horizontal,
        vertical_edge=vertical,
        x_px=x_px,
        y_px=y_px,
        width_px=logo.width,
        height_px=logo.height,
        opacity=1.0 if logo.opacity is None else logo.opacity,
        first_frame=ceil(start * frame_rate),
        end_frame=end,
    )


def _from_edge(offset: int) -> tuple[Edge, int]:
    return ("end", -offset) if offset < 0 else ("start", offset)


def _edge(words: list[str], start: str, end: str) -> Edge:
    if start in words:
        return "start"
    return "end" if end in words else "middle"
