"""CMAF files read box by box (ISO/IEC 14496-12), independent of the code that is under test."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

_CONTAINERS = {"moov", "trak", "mdia", "minf", "stbl", "edts", "mvex", "moof", "traf"}
_NOT_SYNC = 0x00010000


@dataclass(frozen=True)
class Box:
    """One box: ``path`` is like ``moof/traf/tfdt``, ``start`` is where its body begins."""

    path: str
    start: int
    body: bytes

    def number(self, offset: int, format: str = "I") -> int:
        """An integer in the body, big endian."""
        return struct.unpack_from(">" + format, self.body, offset)[0]

    @property
    def version(self) -> int:
        return self.body[0]

    @property
    def flags(self) -> int:
        return int.from_bytes(self.body[1:4], "big")


@dataclass(frozen=True)
class Header:
    """What an initialisation segment says of its one track."""

    timescale: int
    codec: str  # RFC 6381
    size_px: tuple[int, int]
    edit_start: int | None  # media time of the first edit, in ticks
    default_duration: int


@dataclass(frozen=True)
class Sample:
    """One coded picture or audio frame; times in ticks, media time."""

    dts: int
    pts: int
    duration: int
    sync: bool
    data: bytes


@dataclass(frozen=True)
class MediaSegment:
    """One media segment file."""

    header: Header
    tfdt: int
    samples: tuple[Sample, ...]
    size_bytes: int
    fragments: int

    @property
    def duration(self) -> int:
        return sum(sample.duration for sample in self.samples)

    @property
    def duration_s(self) -> Fraction:
        return Fraction(self.duration, self.header.timescale)

    @property
    def start_s(self) -> Fraction:
        """Presentation time of the first picture or sound shown."""
        first = min(sample.pts for sample in self.samples) - (self.header.edit_start or 0)
        return Fraction(first, self.header.timescale)

    @property
    def end_s(self) -> Fraction:
        last = max(sample.pts + sample.duration for sample in self.samples)
        return Fraction(last - (self.header.edit_start or 0), self.header.timescale)

    @property
    def starts_with_idr(self) -> bool:
        return self.samples[0].sync and 5 in nal_types(self.samples[0].data)


def boxes(data: bytes, start: int = 0, end: int | None = None, prefix: str = "") -> Iterator[Box]:
    """All boxes in file order, containers before what they hold.

    Raises:
        ValueError: a box reaches beyond its parent.
    """
    end = len(data) if end is None else end
    while start < end:
        if start + 8 > end:
            raise ValueError(f"{end - start} loose bytes after {prefix or 'the last box'}")
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        if size < head or start + size > end:
            raise ValueError(f"box {kind!r} at {start} reaches beyond its parent")
        path = prefix + kind.decode("latin-1")
        yield Box(path, start + head, data[start + head : start + size])
        if path.rpartition("/")[2] in _CONTAINERS:
            yield from boxes(data, start + head, start + size, path + "/")
        start += size


def read_header(path: Path) -> Header:
    """Read an initialisation segment."""
    found = {box.path: box for box in boxes(path.read_bytes())}
    mdhd = found["moov/trak/mdia/mdhd"]
    tkhd = found["moov/trak/tkhd"]
    elst = found.get("moov/trak/edts/elst")
    return Header(
        timescale=mdhd.number(20 if mdhd.version else 12),
        codec=_codec(found["moov/trak/mdia/minf/stbl/stsd"].body),
        size_px=(tkhd.number(len(tkhd.body) - 8) >> 16, tkhd.number(len(tkhd.body) - 4) >> 16),
        edit_start=elst and elst.number(16 if elst.version else 12, "q" if elst.version else "i"),
        default_duration=found["moov/mvex/trex"].number(12),
    )


def read_media_segment(path: Path, header: Header) -> MediaSegment:
    """Read a media segment of one or more fragments of one track."""
    data = path.read_bytes()
    samples: list[Sample] = []
    first_tfdt: int | None = None
    fragments = moof = clock = default_duration = default_size = default_flags = 0
    for box in boxes(data):
        match box.path:
            case "moof":
                moof = box.start - 8
                fragments += 1
            case "moof/traf/tfhd":
                default_duration, default_size, default_flags = _tfhd(box, header)
            case "moof/traf/tfdt":
                clock = box.number(4, "Q" if box.version else "I")
                first_tfdt = clock if first_tfdt is None else first_tfdt
            case "moof/traf/trun":
                position, defaults = moof, (default_duration, default_size, default_flags)
                for size, duration, flags, offset, skipped in _trun(box, defaults):
                    position += skipped
                    payload = data[position : position + size]
                    samples.append(
                        Sample(clock, clock + offset, duration, not flags & _NOT_SYNC, payload)
                    )
                    position += size
                    clock += duration
    assert first_tfdt is not None, f"{path.name} holds no fragment"
    return MediaSegment(header, first_tfdt, tuple(samples), len(data), fragments)


def nal_types(sample: bytes) -> set[int]:
    """The H.264 NAL unit types of a sample with 4-byte lengths."""
    types, start = set(), 0
    while start + 5 <= len(sample):
        types.add(sample[start + 4] & 31)
        start += 4 + struct.unpack_from(">I", sample, start)[0]
    return types


def _tfhd(box: Box, header: Header) -> tuple[int, int, int]:
    values, start = {0x08: header.default_duration, 0x10: 0, 0x20: 0}, 8
    for flag, size in ((0x01, 8), (0x02, 4), (0x08, 4), (0x10, 4), (0x20, 4)):
        if box.flags & flag:
            if flag in values:
                values[flag] = box.number(start)
            start += size
    return values[0x08], values[0x10], values[0x20]


def _trun(box: Box, defaults: tuple[int, int, int]) -> Iterator[tuple[int, int, int, int, int]]:
    """Size, duration, flags, composition offset of each sample, and the bytes to skip before it."""
    start, skipped, first_flags = 8, 0, None
    if box.flags & 0x001:
        skipped, start = box.number(start, "i"), start + 4
    if box.flags & 0x004:
        first_flags, start = box.number(start), start + 4
    for _ in range(box.number(4)):
        duration, size, flags = defaults
        offset = 0
        if box.flags & 0x100:
            duration, start = box.number(start), start + 4
        if box.flags & 0x200:
            size, start = box.number(start), start + 4
        if box.flags & 0x400:
            flags, start = box.number(start), start + 4
        if box.flags & 0x800:
            offset, start = box.number(start, "i" if box.version else "I"), start + 4
        if first_flags is not None:
            flags, first_flags = first_flags, None
        yield size, duration, flags, offset, skipped
        skipped = 0


def _codec(stsd: bytes) -> str:
    """The RFC 6381 string of the first sample entry: H.264 and AAC are what we make."""
    if (avcc := stsd.find(b"avcC")) >= 0:
        profile, constraints, level = stsd[avcc + 5 : avcc + 8]
        entry = stsd[12:16]
        if entry == b"encv":  # what it was before it was encrypted
            original = stsd.index(b"frma") + 4
            entry = stsd[original : original + 4]
        return f"{entry.decode()}.{profile:02x}{constraints:02x}{level:02x}"
    esds = stsd[stsd.index(b"esds") + 8 :]
    specific = esds.index(b"\x05")  # DecoderSpecificInfo: AudioSpecificConfig behind a size
    while esds[specific + 1] & 0x80:
        specific += 1
    return f"mp4a.40.{esds[specific + 2] >> 3}"
