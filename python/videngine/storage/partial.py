"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from videngine.errors import ResourceError


@contextlib.contextmanager
def partial_file(target: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary path beside ``target`` that takes its name when the block ends well.

    Args:
        target: the final path; its folder must exist. What stood there is replaced.
        durable: whether the file must survive a power cut (it is synced before it is renamed).

    Raises:
        ResourceError: ``disk_full``; the temporary file is gone.
    """
    partial = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}.part")
    try:
        with disk_errors(target):
            yield partial
            if durable:
                _sync(partial)
            partial.replace(target)
            if durable:
                _sync(target.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn "no space left" and "over quota" into a `ResourceError`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise disk_full(place) from error


def disk_full(place: Path) -> ResourceError:
    """The error for a disk that has no room for ``place``."""
    return ResourceError(
        "disk_full",
        "The disk is full: free some space or point VIDENGINE_STATE_DIR at a larger disk.",
        subject=place.name,
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
