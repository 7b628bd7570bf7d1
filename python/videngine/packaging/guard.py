"""The last look at a protected output: no media file that anybody could play leaves for a store."""

from __future__ import annotations

from collections.abc import Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path

from videngine.errors import VidengineError
from videngine.outputs import PackagedFile
from videngine.packaging.boxes import find
from videngine.protection import CommonEncryption, Protection

_ENTRY = "moov/trak/mdia/minf/stbl/stsd/*"
_CLEAR_STARTS = (b"ftyp", b"styp", b"sidx", b"moof", b"prft", b"emsg")  # of fragmented MP4
_TS_SYNC, _TS_PACKET_BYTES = 0x47, 188


def check_protected(protection: Protection, files: Sequence[PackagedFile]) -> None:
    """Read the files of an output as they would be uploaded.

    Raises:
        VidengineError: ``packaging_failed``: one of them is not encrypted as it was asked.
    """
    media = [Path(f.path) for f in files if Path(f.path).suffix in (".mp4", ".m4s", ".ts")]
    for path in media:
        if isinstance(protection, CommonEncryption):
            clear = path.suffix == ".ts" or (
                path.suffix == ".mp4" and not _announces(path, protection)
            )
        else:
            clear = path.suffix != ".mp4" and _looks_clear(path)
        if clear:
            raise VidengineError(
                "packaging_failed",
                "A file of a protected output is not encrypted; nothing of it is stored.",
                subject=path.name,
            )


def _announces(path: Path, encryption: CommonEncryption) -> bool:
    """Whether every track of a file is encrypted throughout, with the key's id and scheme."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        return _all_encrypted(data, encryption)


def _all_encrypted(data: mmap, encryption: CommonEncryption) -> bool:
    entries = find(data, _ENTRY)
    for entry in entries:
        if entry.kind not in (b"encv", b"enca"):
            return False
        (scheme,), (track,) = find(data, "sinf/schm", entry), find(data, "sinf/schi/tenc", entry)
        told = data[scheme.start + 4 : scheme.start + 8].decode("latin-1")
        protected = data[track.start + 6] == 1
        key_id = data[track.start + 8 : track.start + 24]
        if not protected or (told, key_id) != (encryption.scheme, encryption.key_id):
            return False
    return bool(entries)


def _looks_clear(path: Path) -> bool:
    """Whether a segment begins as clear ones do, or has not the length of an encrypted one."""
    with path.open("rb") as file:
        start = file.read(5 * _TS_PACKET_BYTES)
    mpeg_ts = all(byte == _TS_SYNC for byte in start[::_TS_PACKET_BYTES])
    return mpeg_ts or start[4:8] in _CLEAR_STARTS or path.stat().st_size % 16 != 0
