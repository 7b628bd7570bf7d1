"""CMAF segments as Shaka Packager wrote them, read back and held against the engine's plan."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import BinaryIO

from videngine.errors import VidengineError
from videngine.packaging.renditions import Renditions
from videngine.packaging.segments import Segment
from videngine.plan import PicturePlan, RenditionResult, VideoRenditionPlan

_END_TOLERANCE_S = Fraction(1, 20)


def read_segments(folder: Path) -> list[Segment]:
    """One rendition's ``segment_1.m4s``, ``segment_2.m4s`` ..., from their own ``sidx`` boxes."""
    count = len(list(folder.glob("segment_*.m4s")))
    return [_read_segment(folder / f"segment_{number}.m4s") for number in range(1, count + 1)]


def check_segments(
    renditions: Renditions, rendition: RenditionResult, segments: Sequence[Segment]
) -> None:
    """Make sure that nothing was lost and that segments start at the plan's IDR frames.

    The packager reports success when a track file ends too early, and it cuts by a rule of its own.

    Raises:
        VidengineError: ``packaging_failed``.
    """
    duration_s = sum((segment.duration_s for segment in segments), Fraction(0))
    if abs(duration_s - rendition.duration_s) > _END_TOLERANCE_S:
        raise VidengineError(
            "packaging_failed",
            f"Packaged segments last {float(duration_s):.3f} s, "
            f"the rendition lasts {float(rendition.duration_s):.3f} s.",
            subject=rendition.id,
        )
    if rendition.kind != "video":
        return
    video = renditions.video_plan(rendition.id)
    picture = next(p for p in renditions.plan.pictures if p.id == video.picture)
    wanted = segment_starts(video, picture, rendition.duration_s)
    half_frame_s = 1 / (2 * picture.frame_rate)
    if len(segments) != len(wanted) or any(
        abs(segment.start_s - start_s) > half_frame_s
        for segment, start_s in zip(segments, wanted, strict=True)
    ):
        raise VidengineError(
            "packaging_failed",
            f"Packaging made {len(segments)} segments that do not lie on the plan's grid "
            f"of {len(wanted)}.",
            subject=rendition.id,
        )


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


def _read_segment(path: Path) -> Segment:
    """Read the one reference of a segment's ``sidx`` box (ISO/IEC 14496-12, 8.16.3)."""
    with path.open("rb") as file:
        body = _box(file, b"sidx")
    wide = body[:1] != b"\0"  # version 0 has 32-bit times
    layout = struct.Struct(">4xIIQQHHII" if wide else ">4xIIIIHHII")
    if len(body) < layout.size:
        raise VidengineError(
            "packaging_failed", "A packaged segment has no sidx box.", subject=path.name
        )
    _, timescale, start, _, _, _, _, duration = layout.unpack_from(body)
    return Segment(
        uri=path.name,
        start_s=Fraction(start, timescale),
        duration_s=Fraction(duration, timescale),
        size_bytes=path.stat().st_size,
    )


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
