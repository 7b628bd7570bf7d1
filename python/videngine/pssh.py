"""Protection system specific headers: ``pssh`` boxes (ISO/IEC 23001-7, 8.1) read and written."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

WIDEVINE = UUID("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")
PLAYREADY = UUID("9a04f079-9840-4286-ab92-e65be0885f95")
COMMON = UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")  # W3C: key ids and nothing else

_HEADER = struct.Struct(">I4sI16s")  # size, "pssh", version and flags, system id


@dataclass(frozen=True, kw_only=True)
class Pssh:
    """One box: the DRM system that it is for, the keys that it names, the system's own data.

    ``key_ids`` is empty in boxes of version 0. ``box`` is the whole box as it was given.
    """

    system: UUID
    key_ids: tuple[bytes, ...]
    data: bytes
    box: bytes


def parse_pssh(boxes: bytes) -> tuple[Pssh, ...]:
    """Read one or more concatenated boxes, at least one.

    Raises:
        ValueError: there is something else, or less than a box says.
    """
    found: list[Pssh] = []
    while boxes or not found:
        if len(boxes) < _HEADER.size:
            raise ValueError("it ends within a box")
        size, kind, version, system = _HEADER.unpack_from(boxes)
        if kind != b"pssh":
            raise ValueError("it holds something that is no pssh box")
        if not _HEADER.size < size <= len(boxes) or version not in (0, 1 << 24):
            raise ValueError("a box has a size or a version that cannot be")
        found.append(_read(boxes[:size], UUID(bytes=system), has_key_ids=version != 0))
        boxes = boxes[size:]
    return tuple(found)


def common_pssh(key_ids: Sequence[bytes]) -> bytes:
    """The box of the common system, which any player can read, for these keys."""
    ids = struct.pack(">I", len(key_ids)) + b"".join(key_ids)
    size = _HEADER.size + len(ids) + 4
    return _HEADER.pack(size, b"pssh", 1 << 24, COMMON.bytes) + ids + bytes(4)


def _read(box: bytes, system: UUID, *, has_key_ids: bool) -> Pssh:
    rest = box[_HEADER.size :]
    key_ids: tuple[bytes, ...] = ()
    if has_key_ids:
        count, rest = _counted(rest, 16)
        key_ids = tuple(count[i : i + 16] for i in range(0, len(count), 16))
    data, rest = _counted(rest, 1)
    if rest:
        raise ValueError("a box holds more than it says")
    return Pssh(system=system, key_ids=key_ids, data=data, box=box)


def _counted(body: bytes, size: int) -> tuple[bytes, bytes]:
    """What a 32-bit count of things of ``size`` bytes announces, and what stands behind it."""
    if len(body) < 4:
        raise ValueError("it ends within a box")
    end = 4 + size * int.from_bytes(body[:4], "big")
    if end > len(body):
        raise ValueError("a box holds less than it says")
    return body[4:end], body[end:]
