"""CMAF segments as Shaka Packager wrote them, read back and held against the engine's plan."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import BinaryIO

from videngine.errors import VidengineError
from videngine.packaging.layout import Layout
from videngine.packaging.renditions import Renditions
from videngine.packaging.segments import Segment
from videngine.plan import PicturePlan, RenditionResult, VideoRenditionPlan

_END_TOLERANCE_S = Fraction(1, 20)
_REFERENCE = struct.Struct(">III")  # of a sidx box: size, duration, stream access point


def read_segments(folder: Path, layout: Layout, rendition: str) -> list[Segment]:
    """One rendition's segments in fragmented MP4, from their own ``sidx`` boxes."""
    if layout.one_file:
        return _read_index(folder / layout.file(rendition))
    segments: list[Segment] = []
    while (path := folder / layout.segment(rendition, len(segments) + 1)).exists():
        (segment,) = _read_index(path)
        segments.append(replace(segment, size_bytes=path.stat().st_size))
    return segments


def check_segments(
    renditions: Renditions,
    rendition: RenditionResult,
    segments: Sequence[Segment],
    *,
    rounded_to_s: Fraction = Fraction(0),
) -> list[Segment]:
    """Make sure that nothing was lost and that segments start at the plan's IDR frames.

    The packager reports success when a track file ends too early, and it cuts by a rule of its own.

    Args:
        renditions: the output.
        rendition: which of its renditions.
        segments: its segments as they were read.
        rounded_to_s: how exactly their durations are known: errors add up.

    Returns:
        The segments, those of a picture with the times of the plan.

    Raises:
        VidengineError: ``packaging_failed``.
    """
    duration_s = sum((segment.duration_s for segment in segments), Fraction(0))
    added_s = len(segments) * rounded_to_s / 2
    if abs(duration_s - rendition.duration_s) > _END_TOLERANCE_S + added_s:
        raise VidengineError(
            "packaging_failed",
            f"Packaged segments last {float(duration_s):.3f} s, "
            f"the rendition lasts {float(rendition.duration_s):.3f} s.",
            subject=rendition.id,
        )
    if rendition.kind != "video":
        return list(segments)
    video = renditions.video_plan(rendition.id)
    picture = next(p for p in renditions.plan.pictures if p.id == video.picture)
    wanted = segment_starts(video, picture, rendition.duration_s)
    half_frame_s = 1 / (2 * picture.frame_rate)
    if len(segments) != len(wanted) or any(
        abs(segment.start_s - start_s) > half_frame_s + added_s
        for segment, start_s in zip(segments, wanted, strict=True)
    ):
        raise VidengineError(
            "packaging_failed",
            f"Packaging made {len(segments)} segments that do not lie on the plan's grid "
            f"of {len(wanted)}.",
            subject=rendition.id,
        )
    if not rounded_to_s:
        return list(segments)
    ends = [*wanted[1:], rendition.duration_s]
    return [
        replace(segment, start_s=start_s, duration_s=end_s - start_s)
        for segment, start_s, end_s in zip(segments, wanted, ends, strict=True)
    ]


def segment_starts(
    video: VideoRenditionPlan, picture: PicturePlan, duration_s: Fraction
) -> list[Fraction]:
    """Where the segments of a rendition start, in seconds: the rule of `VideoRenditionPlan`."""
    starts: list[Fraction] = []
    while True:
        boundary_s = ceil(len(starts) * video.segment_s * video.grid_rate) / video.grid_rate
        start_s = ceil(boundary_s * picture.frame_rate) / picture.frame_rate
        if starts and start_s >= duration_s:
            return starts
        starts.append(start_s)


def _read_index(path: Path) -> list[Segment]:
    """The segments that the ``sidx`` box of a file announces (ISO/IEC 14496-12, 8.16.3)."""
    with path.open("rb") as file:
        body = _box(file, b"sidx")
    head = struct.Struct(">4xIIQQHH" if body[:1] != b"\0" else ">4xIIIIHH")  # 64- or 32-bit times
    if len(body) < head.size + _REFERENCE.size:
        raise VidengineError(
            "packaging_failed", "A packaged file has no sidx box.", subject=path.name
        )
    _, timescale, start, _, _, count = head.unpack_from(body)
    at_s = Fraction(start, timescale)
    segments = []
    for size, duration, _ in _REFERENCE.iter_unpack(body[head.size :][: count * _REFERENCE.size]):
        duration_s = Fraction(duration, timescale)
        segments.append(
            Segment(
                uri=path.name,
                start_s=at_s,
                duration_s=duration_s,
                size_bytes=size & 0x7FFF_FFFF,  # the first bit says that it leads to another index
            )
        )
        at_s += duration_s
    return segments


def _box(file: BinaryIO, wanted: bytes) -> bytes:
    """The body of the first top-level box of a kind; empty if there is none."""
    while len(header := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", header)
        if kind == wanted:
            return file.read(size - 8)
        if size < 8:  # to the end of the file, or 64-bit: a sidx stands before such a box
            break
        file.seek(size - 8, 1)
    return b""
