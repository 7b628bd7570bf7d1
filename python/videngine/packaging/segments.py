"""Media segments as a player counts them: how long, how large, and what bandwidth that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One media segment, in presentation time."""

    uri: str
    start_s: Fraction
    duration_s: Fraction
    size_bytes: int


def target_duration_s(segments: Sequence[Segment]) -> int:
    """The least EXT-X-TARGETDURATION, in seconds: no segment, rounded, is longer."""
    longest = max(segment.duration_s for segment in segments)
    return max(1, int(longest + Fraction(1, 2)))


def average_bps(segments: Sequence[Segment]) -> Fraction:
    """The bit rate of all segments together."""
    duration_s = sum((segment.duration_s for segment in segments), Fraction(0))
    return Fraction(8 * sum(segment.size_bytes for segment in segments)) / duration_s


def peak_bps(segments: Sequence[Segment], target_s: int) -> Fraction:
    """The peak segment bit rate of RFC 8216, section 4.1.

    That is the largest bit rate of any run of segments that lasts between 0.5 and 1.5 target
    durations: a last segment of one frame does not make a stream look dear. A stream too short to
    have such a run peaks at its average.
    """
    peak = Fraction(0)
    for first in range(len(segments)):
        duration_s, size_bytes = Fraction(0), 0
        for segment in segments[first:]:
            duration_s += segment.duration_s
            size_bytes += segment.size_bytes
            if duration_s > Fraction(3, 2) * target_s:
                break
            if duration_s >= Fraction(1, 2) * target_s:
                peak = max(peak, 8 * size_bytes / duration_s)
    return peak or average_bps(segments)
