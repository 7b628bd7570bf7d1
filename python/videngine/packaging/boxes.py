"""Boxes of ISO base media files (ISO/IEC 14496-12, 4.2), found by their path."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

from videngine.errors import VidengineError

_BEFORE_CHILDREN = {  # fixed fields that stand before the boxes inside
    b"stsd": 8,
    b"encv": 78,
    b"enca": 28,
}
_HEAD = struct.Struct(">I4s")
_DATA_OFFSET, _FIRST_FLAGS = 0x1, 0x4  # of a trun box: what stands before its samples
_DURATION, _SIZE = 0x100, 0x200  # what stands in each, in this order
_FIELDS_OF_SAMPLES = (_DURATION, _SIZE, 0x400, 0x800)


@dataclass(frozen=True, kw_only=True)
class Box:
    """One box of some bytes: its body is ``data[start:end]``, it begins at ``begin``."""

    kind: bytes
    begin: int
    start: int
    end: int


def boxes(data: bytes | mmap, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that stand one behind the other in ``data[start:end]``.

    Raises:
        VidengineError: ``packaging_failed``: a box reaches beyond what holds it.
    """
    end = len(data) if end is None else end
    while start < end:
        size, kind, head = 0, b"", _HEAD.size
        if start + head <= end:
            size, kind = _HEAD.unpack_from(data, start)
            if size == 1 and start + 16 <= end:
                size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        if size < head or start + size > end:
            raise VidengineError("packaging_failed", "A packaged file ends within a box.")
        yield Box(kind=kind, begin=start, start=start + head, end=start + size)
        start += size


def find(data: bytes | mmap, path: str, inside: Box | None = None) -> list[Box]:
    """All boxes at a path such as ``moov/trak/mdia``; ``*`` stands for any kind."""
    first, _, rest = path.partition("/")
    start, end = (0, len(data)) if inside is None else (inside.start, inside.end)
    if inside is not None:
        start += _BEFORE_CHILDREN.get(inside.kind, 0)
    found = [b for b in boxes(data, start, end) if first in ("*", b.kind.decode("latin-1"))]
    return [below for box in found for below in find(data, rest, box)] if rest else found


def sample_sizes(data: bytes | mmap) -> list[list[int]]:
    """The bytes of each sample of a fragmented file of one track, by fragment (8.8.8)."""
    fragments = []
    for run in find(data, "moof/traf/trun"):
        flags, count = struct.unpack_from(">II", data, run.start)
        fields = sum(bool(flags & flag) for flag in _FIELDS_OF_SAMPLES)
        before = 8 + 4 * sum(bool(flags & flag) for flag in (_DATA_OFFSET, _FIRST_FLAGS))
        if not flags & _SIZE:
            raise VidengineError("packaging_failed", "A fragment does not tell its samples' sizes.")
        place = run.start + before + 4 * bool(flags & _DURATION)
        sizes = [struct.unpack_from(">I", data, place + 4 * fields * n)[0] for n in range(count)]
        fragments.append(sizes)
    return fragments
