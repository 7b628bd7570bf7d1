"""Fragmented files of one track each become one file of all tracks.

Shaka Packager writes one stream a file, and nothing else here encrypts: so the boxes are put
together as they are. Only numbers change, of tracks and fragments, never a size or a sample; what
stands in a fragment counts from its own beginning (ISO/IEC 14496-12, 8.8.7: default-base-is-moof).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path

from videngine.errors import Cancelled, VidengineError
from videngine.packaging.boxes import Box, boxes, find

_BASE_DATA_OFFSET = 0x1  # a flag of tfhd: positions count from the file's beginning
_SIDX_REFERENCES = {0: 24, 1: 32}  # bytes of a sidx body before its references, by version


def interleave(files: Sequence[Path], target: Path, *, stop: Callable[[], bool]) -> None:
    """Put fragmented files into one, the fragments of all in turn behind an index of the first.

    Args:
        files: one track each, the picture first; with one ``sidx`` each, as `cut_ladder` writes.
        target: the file to write.
        stop: asked before each fragment; True ends the work.

    Raises:
        Cancelled: ``stop`` said so.
        VidengineError: ``packaging_failed``: a file is not of that kind.
    """
    with ExitStack() as opened, target.open("wb") as out:
        tracks = []
        for number, path in enumerate(files, 1):
            file = opened.enter_context(path.open("rb"))
            data = opened.enter_context(mmap(file.fileno(), 0, access=ACCESS_READ))
            tracks.append(_Track(data, number))
            if not tracks[-1].fragments or not find(data, "moov/mvex/trex"):
                raise VidengineError("packaging_failed", "A packaged file is not fragmented.")
        groups = list(_groups([track.fragments for track in tracks]))
        sizes = [sum(end - begin for _, (begin, end) in group) for group in groups]
        out.write(tracks[0].bytes_of("ftyp") + _moov(tracks) + tracks[0].index(sizes))
        sequence = 0
        for group in groups:
            for number, (begin, end) in group:
                if stop():
                    raise Cancelled
                sequence += 1
                out.write(tracks[number].fragment(begin, end, sequence))


class _Track:
    """One file with its one track, which gets ``number`` as its id. Borrows ``data``."""

    def __init__(self, data: mmap, number: int) -> None:
        self.data = data
        self.number = number
        top = list(boxes(data))
        self.fragments = [
            (moof.begin, mdat.end)
            for moof, mdat in pairwise(top)
            if (moof.kind, mdat.kind) == (b"moof", b"mdat")
        ]

    def bytes_of(self, path: str) -> bytes:
        """The first box at a path, whole."""
        found = find(self.data, path)
        if not found:
            raise VidengineError("packaging_failed", f"A packaged file has no {path}.")
        return self.data[found[0].begin : found[0].end]

    def renumbered(self, path: str, offset: Callable[[Box], int]) -> bytes:
        """The box at a path with the track's id ``offset`` bytes into the file's own box."""
        (box,) = find(self.data, path)
        changed = bytearray(self.data[box.begin : box.end])
        struct.pack_into(">I", changed, offset(box) - box.begin, self.number)
        return bytes(changed)

    def trak(self) -> bytes:
        """The track's own box."""

        def id_of(_: Box) -> int:
            (tkhd,) = find(self.data, "moov/trak/tkhd")
            return tkhd.start + (20 if self.data[tkhd.start] else 12)  # behind wider dates

        return self.renumbered("moov/trak", id_of)

    def trex(self) -> bytes:
        """What holds for all fragments of the track."""
        return self.renumbered("moov/mvex/trex", lambda box: box.start + 4)

    def index(self, sizes: Sequence[int]) -> bytes:
        """The file's ``sidx`` with other sizes of what it refers to."""
        changed = bytearray(self.bytes_of("sidx"))
        at = 8 + _SIDX_REFERENCES[changed[8]]
        for size in sizes:
            struct.pack_into(">I", changed, at, size)
            at += 12
        if at != len(changed):
            raise VidengineError("packaging_failed", "An index does not fit its fragments.")
        return bytes(changed)

    def fragment(self, begin: int, end: int, sequence: int) -> bytes:
        """A fragment as number ``sequence`` of the whole."""
        changed = bytearray(self.data[begin:end])
        whole = bytes(changed)
        (mfhd,), (tfhd,) = find(whole, "moof/mfhd"), find(whole, "moof/traf/tfhd")
        if int.from_bytes(whole[tfhd.start + 1 : tfhd.start + 4], "big") & _BASE_DATA_OFFSET:
            raise VidengineError("packaging_failed", "A fragment counts from its file's beginning.")
        struct.pack_into(">I", changed, mfhd.start + 4, sequence)
        struct.pack_into(">I", changed, tfhd.start + 4, self.number)
        return bytes(changed)


def _groups(
    fragments: Sequence[Sequence[tuple[int, int]]],
) -> Iterator[list[tuple[int, tuple[int, int]]]]:
    """For each fragment of the first file, it and those of the others beside it; all go out."""
    first = len(fragments[0])
    for turn in range(first):
        last = turn == first - 1
        yield [
            (number, fragment)
            for number, listed in enumerate(fragments)
            for fragment in listed[turn : None if last else turn + 1]
        ]


def _moov(tracks: Sequence[_Track]) -> bytes:
    """One movie header: everything of the first file, and the tracks of all."""
    first = tracks[0]
    mvhd = first.bytes_of("moov/mvhd")[:-4] + struct.pack(">I", len(tracks) + 1)  # next track's id
    extends = b"".join(first.data[b.begin : b.end] for b in find(first.data, "moov/mvex/mehd"))
    extends += b"".join(track.trex() for track in tracks)
    rest = b"".join(first.data[b.begin : b.end] for b in find(first.data, "moov/pssh"))
    body = mvhd + b"".join(track.trak() for track in tracks) + _box(b"mvex", extends) + rest
    return _box(b"moov", body)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
