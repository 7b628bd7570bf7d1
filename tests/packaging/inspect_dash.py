"""An independent look at packaged DASH: every promise of the MPD against the bytes."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from mpegdash.nodes import AdaptationSet, Representation
from mpegdash.parser import MPEGDASHParser
from tests.packaging.inspect_hls import BANDWIDTH_TOLERANCE, boundary_faults, end_faults
from tests.packaging.inspect_media import RealRendition, read_cmaf

DURATION_TOLERANCE_S = 0.050


def inspect_dash(folder: Path, name: str) -> list[str]:
    """Everything that is wrong with the output; an empty list if nothing is."""
    mpd = MPEGDASHParser.parse(str(folder / name))
    faults: list[str] = []
    if mpd.type != "static":
        faults.append(f"the MPD is {mpd.type}, not static")
    (period,) = mpd.periods
    pictures: dict[str, RealRendition] = {}
    sounds: dict[str, RealRendition] = {}
    for adaptation_set in period.adaptation_sets:
        for representation in adaptation_set.representations:
            try:
                real, timeline = _read(folder, representation)
            except (OSError, ValueError, AssertionError) as error:
                return [*faults, f"representation {representation.id}: unreadable: {error}"]
            (pictures if real.kind == "video" else sounds)[representation.id] = real
            faults += [
                f"representation {representation.id}: {fault}"
                for fault in _faults(adaptation_set, representation, real, timeline)
            ]
    faults += _set_faults(period.adaptation_sets)
    faults += boundary_faults(pictures) + end_faults(pictures | sounds)
    end_s = max(float(rendition.end_s) for rendition in pictures.values())
    said_s = _seconds(mpd.media_presentation_duration)
    if abs(said_s - end_s) > DURATION_TOLERANCE_S:
        faults.append(f"mediaPresentationDuration {said_s} s, the pictures end at {end_s} s")
    return faults


def _read(
    folder: Path, representation: Representation
) -> tuple[RealRendition, list[tuple[int, int, int]]]:
    """A representation's bytes and its timeline: (start, duration, time scale) of each segment."""
    (template,) = representation.segment_templates
    timeline: list[tuple[int, int, int]] = []
    clock = 0
    for entry in template.segment_timelines[0].Ss:
        clock = clock if entry.t is None else entry.t
        for _ in range((entry.r or 0) + 1):
            timeline.append((clock, entry.d, template.timescale))
            clock += entry.d
    paths = [
        folder / template.media.replace("$Number$", str(template.start_number + n))
        for n in range(len(timeline))
    ]
    following = template.media.replace("$Number$", str(template.start_number + len(timeline)))
    if (folder / following).exists():
        raise ValueError(f"{following} exists and is not in the timeline")
    return read_cmaf(folder / template.initialization, paths), timeline


def _faults(
    adaptation_set: AdaptationSet,
    representation: Representation,
    real: RealRendition,
    timeline: list[tuple[int, int, int]],
) -> list[str]:
    faults = []
    for (start, duration, timescale), segment in zip(timeline, real.segments, strict=True):
        if start != segment.start_s * timescale or duration != segment.duration_s * timescale:
            faults.append(f"{segment.name}: the timeline says {start}+{duration}/{timescale}")
        if not segment.continuous:
            faults.append(f"{segment.name}: does not go on where the segment before ended")
        if real.kind == "video" and not segment.starts_with_idr:
            faults.append(f"{segment.name}: does not start with an IDR frame")
    if representation.codecs not in real.codecs:
        faults.append(f"codecs {representation.codecs}, found {sorted(real.codecs)}")
    if representation.mime_type != f"{real.kind}/mp4":
        faults.append(f"mimeType {representation.mime_type}")
    mean_s = float(sum(s.duration_s for s in real.segments)) / len(real.segments)
    rates = [
        float(8 * s.size_bytes / s.duration_s)
        for s in real.segments
        if float(s.duration_s) >= mean_s / 2 or len(real.segments) == 1
    ]
    if abs(representation.bandwidth / max(rates) - 1) > BANDWIDTH_TOLERANCE:
        faults.append(f"bandwidth {representation.bandwidth}, measured {max(rates):.0f}")
    if real.kind == "video":
        width = representation.width or adaptation_set.width
        height = representation.height or adaptation_set.height
        if (width, height) != real.size_px:
            faults.append(f"{width}x{height}, found {real.size_px}")
        said = representation.frame_rate or adaptation_set.frame_rate
        number, _, divisor = said.partition("/")
        if abs(int(number) / int(divisor or 1) - float(real.frame_rate)) > 0.001:
            faults.append(f"frameRate {said}, found {float(real.frame_rate):.3f}")
    return faults


def _set_faults(sets: list[AdaptationSet]) -> list[str]:
    kinds = [s.content_type for s in sets]
    faults = []
    if kinds.count("video") != 1:
        faults.append(f"{kinds.count('video')} adaptation sets for pictures")
    mains = [
        s for s in sets if s.content_type == "audio" for r in s.roles or [] if r.value == "main"
    ]
    if "audio" in kinds and len(mains) != 1:
        faults.append(f"{len(mains)} sounds have the role main")
    for one in (s for s in sets if s.content_type == "audio"):
        # Encodings of one sound share a set; what players could not choose by its rate does not.
        rates = sorted(r.bandwidth for r in one.representations)
        if any(high < 1.2 * low for low, high in pairwise(rates)):
            faults.append("two sounds share an adaptation set")
    return faults


def _seconds(text: str) -> float:
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?", text)
    assert match, f"mediaPresentationDuration {text!r} is not a time"
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
