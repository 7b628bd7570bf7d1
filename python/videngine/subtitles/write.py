"""Cues as files that players take."""

from __future__ import annotations

from collections.abc import Iterable

from videngine.subtitles.cues import Cue, stamp
from videngine.subtitles.markup import plain


def to_webvtt(cues: Iterable[Cue], *, header: str = "") -> str:
    """A WebVTT file; ``header`` are further lines of its head, such as ``X-TIMESTAMP-MAP=...``."""
    blocks = ["WEBVTT" + (f"\n{header}" if header else "")]
    for cue in cues:
        times = f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}"
        blocks.append(f"{times} {cue.settings}".rstrip() + f"\n{cue.text}")
    return "\n\n".join(blocks) + "\n"


def to_srt(cues: Iterable[Cue]) -> str:
    """A SubRip file, its text plain."""
    blocks = []
    for number, cue in enumerate(cues, 1):
        times = f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}".replace(".", ",")
        blocks.append(f"{number}\n{times}\n{plain(cue.text)}\n")
    return "\n".join(blocks)
