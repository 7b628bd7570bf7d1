"""The engine as the rest of Python sees it: every call runs in a child process of its own.

See ``child.py`` for the other end. No module of the service imports ``videngine._engine``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from videngine.media import MediaInfo
from videngine.plan import Plan, RenditionResult

OnEvent = Callable[[dict[str, Any]], None]
"""Told of every engine event: ``{"event": "progress", "time_s": 3.2, "frames": 80, "fps": 41.0}`` and others."""


def probe(path: Path, *, timeout_s: float = 60) -> MediaInfo:
    """Facts about a local media file.

    Raises:
        InputError: ``source_corrupt`` (not media, empty), ``source_no_streams``.
    """
    raise NotImplementedError


def transcode(plan: Plan, *, on_event: OnEvent, stop: Callable[[], bool]) -> list[RenditionResult]:
    """Run one plan to its end. ``stop`` is polled several times a second; True kills the child.

    Raises:
        InputError, EncoderUnavailable, ResourceError: as the engine classified the failure.
        WorkerLost: the child died; the message says by which signal.
        Cancelled: ``stop`` said so.
    """
    raise NotImplementedError


def remux_mp4(tracks: Sequence[Path], target: Path, *, languages: Sequence[str]) -> None:
    """Put track files into one progressive MP4 with the moov first; ``languages`` go with ``tracks``."""
    raise NotImplementedError


def remux_ts(
    tracks: Sequence[Path], folder: Path, *, segment_s: Fraction, playlist: str, segment_pattern: str
) -> None:
    """Multiplex track files into MPEG-TS segments and one HLS media playlist in ``folder``."""
    raise NotImplementedError
