"""A reader's index in a file, so that a long source is scanned once only."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from videngine._engine import FrameReader

_FORMAT = "videngine-index-1"
_SAMPLE_BYTES = 1 << 16

Tables = tuple[NDArray[np.int64], NDArray[np.int64]]
"""A row for each packet (pts, dts, key, pos, size, duration, hidden) and frame (packet, pts)."""


def tables(reader: FrameReader, source: str, path: Path | None) -> Tables:
    """A reader's index: from its file, else made, and kept there if there is to be a file."""
    if path is None:
        return reader.index()
    key = fingerprint(source, reader.stream)
    stored = load(path, key)
    if stored is not None:
        reader.use_index(*stored)
        return stored
    made = reader.index()
    save(path, key, made)
    return made


def fingerprint(path: str, stream: int) -> str:
    """What tells one source from another: size, the first and the last 64 KiB, the stream."""
    digest = hashlib.sha256(f"{_FORMAT} {stream}".encode())
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest.update(str(size).encode())
        for position in (0, max(size - _SAMPLE_BYTES, 0)):
            file.seek(position)
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def load(path: Path, key: str) -> Tables | None:
    """The index in a file; None if there is none, or one of another source."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["key"]) != key:
                return None
            packets, shown = stored["packets"], stored["shown"]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None  # it is made again
    return packets.astype(np.int64), shown.astype(np.int64)


def save(path: Path, key: str, made: Tables) -> None:
    """Write an index; whoever reads it finds it whole or not at all."""
    packets, shown = made
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, key=np.array(key), packets=packets, shown=shown)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
