"""What one rendition of a packaged output really is: its segments, read from their bytes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.packaging.inspect_boxes import read_header, read_media_segment

TS_CLOCK_HZ = 90_000


@dataclass(frozen=True)
class RealSegment:
    """One segment as its bytes say; times in seconds of the presentation."""

    name: str
    start_s: Fraction
    duration_s: Fraction
    size_bytes: int
    starts_with_idr: bool
    continuous: bool  # decoding goes on where the segment before ended
    samples: int


@dataclass(frozen=True)
class RealRendition:
    """All segments of one rendition. ``sound_end_s`` is set where sound is inside the segments."""

    kind: str  # video, audio
    codecs: frozenset[str]
    size_px: tuple[int, int]
    frame_rate: Fraction
    segments: tuple[RealSegment, ...]
    sound_end_s: Fraction | None = None

    @property
    def start_s(self) -> Fraction:
        return self.segments[0].start_s

    @property
    def end_s(self) -> Fraction:
        return self.segments[-1].start_s + self.segments[-1].duration_s

    @property
    def average_bps(self) -> float:
        seconds = sum(s.duration_s for s in self.segments)
        return float(8 * sum(s.size_bytes for s in self.segments) / seconds)

    def peak_bps(self, target_s: int) -> float:
        """RFC 8216's peak segment bit rate, by prefix sums."""
        size, end = [0], [Fraction(0)]
        for segment in self.segments:
            size.append(size[-1] + 8 * segment.size_bytes)
            end.append(end[-1] + segment.duration_s)
        rates = [
            float((size[b] - size[a]) / (end[b] - end[a]))
            for a in range(len(size))
            for b in range(a + 1, len(size))
            if target_s / 2 <= end[b] - end[a] <= target_s * 1.5
        ]
        return max(rates, default=self.average_bps)


def read_cmaf(init: Path, paths: Sequence[Path]) -> RealRendition:
    """Read an initialisation segment and media segments.

    Raises:
        ValueError: a file is not what it should be.
        OSError: a file is missing.
    """
    header = read_header(init)
    segments, clock = [], 0
    durations: list[int] = []
    for path in paths:
        media = read_media_segment(path, header)
        durations += [sample.duration for sample in media.samples]
        segments.append(
            RealSegment(
                name=path.name,
                start_s=media.start_s,
                duration_s=media.end_s - media.start_s,
                size_bytes=media.size_bytes,
                starts_with_idr=media.starts_with_idr,
                continuous=media.tfdt == clock,
                samples=len(media.samples),
            )
        )
        clock = media.tfdt + media.duration
    return RealRendition(
        kind="video" if header.codec.startswith("avc") else "audio",
        codecs=frozenset({header.codec}),
        size_px=header.size_px,
        frame_rate=Fraction(header.timescale, max(set(durations), key=durations.count)),
        segments=tuple(segments),
    )


def read_ts(paths: Sequence[Path]) -> RealRendition:
    """Read MPEG-TS segments, each through ffprobe."""
    streams = _probe(paths[0], "stream=codec_type,codec_name,profile,level,width,height")["streams"]
    picture = next(s for s in streams if s["codec_type"] == "video")
    starts: list[int] = []
    ends: list[int] = []
    counts: list[int] = []
    idrs: list[bool] = []
    sound_end = None
    for path in paths:
        packets = _probe(path, "packet=codec_type,pts,duration,flags")["packets"]
        pictures = [p for p in packets if p["codec_type"] == "video"]
        starts.append(min(p["pts"] for p in pictures))
        ends.append(max(p["pts"] for p in pictures))
        counts.append(len(pictures))
        idrs.append("K" in pictures[0]["flags"] and 5 in _annexb_types(path))
        sounds = [p["pts"] + p.get("duration", 0) for p in packets if p["codec_type"] == "audio"]
        sound_end = max(sounds) if sounds else sound_end
    frame = Fraction(ends[0] - starts[0], counts[0] - 1) if counts[0] > 1 else Fraction(0)
    segments = [
        RealSegment(
            name=path.name,
            start_s=Fraction(start - starts[0], TS_CLOCK_HZ),
            duration_s=(end - start + frame) / TS_CLOCK_HZ,
            size_bytes=path.stat().st_size,
            starts_with_idr=idr,
            continuous=number == 0 or abs(start - ends[number - 1] - frame) <= 2,
            samples=count,
        )
        for number, (path, start, end, idr, count) in enumerate(
            zip(paths, starts, ends, idrs, counts, strict=True)
        )
    ]
    return RealRendition(
        kind="video",
        codecs=frozenset(s["codec_name"] for s in streams),
        size_px=(picture["width"], picture["height"]),
        frame_rate=Fraction(TS_CLOCK_HZ) / frame if frame else Fraction(0),
        segments=tuple(segments),
        sound_end_s=None if sound_end is None else Fraction(sound_end - starts[0], TS_CLOCK_HZ),
    )


def _probe(path: Path, entries: str) -> dict[str, list[dict[str, object]]]:
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, path],
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout)


def _annexb_types(path: Path) -> set[int]:
    """NAL unit types of the first access unit of a TS file's picture."""
    stream = subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            path,
            *["-map", "0:v", "-c", "copy", "-frames:v", "1", "-f", "h264", "-"],
        ],
        check=True,
        capture_output=True,
    ).stdout
    return {unit[0] & 31 for unit in stream.split(b"\0\0\1")[1:] if unit}
