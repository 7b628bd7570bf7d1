"""`Cue`: a text and when it is on screen; and what can be done with many of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from videngine.errors import InputError

MAX_CUES = 50_000
MAX_TEXT = 4000  # characters of one cue
MAX_MS = 1000 * 3600 * 1000
_MAX_AT_ONCE = 20  # a screen has no room for more

_STAMP = re.compile(r"<((?:\d{2,}:)?\d\d:\d\d\.\d{3})>")


@dataclass(frozen=True)
class Cue:
    """One text, on screen from ``start_ms`` up to ``end_ms`` (milliseconds, end after start).

    ``text`` is WebVTT cue text: balanced tags, ``&`` and ``<`` escaped, no empty line.
    ``settings`` are WebVTT cue settings, such as ``line:0``; "" for the usual place at the bottom.
    """

    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


def invalid(line: int, message: str) -> InputError:
    """The error for a file that cannot be read as subtitles; ``line`` counts from 1."""
    return InputError("subtitle_invalid", f"Line {line}: {message}")


def check_length(line: int, text: str) -> None:
    """Refuse a text that is too long before anybody looks for markup in it."""
    if len(text) > 4 * MAX_TEXT:
        raise invalid(line, f"one text has at most {MAX_TEXT} characters.")


def collected(cues: Iterable[tuple[int, Cue]]) -> list[Cue]:
    """Cues in order of time, without those that show nothing.

    Args:
        cues: each with the line that it stands on.

    Raises:
        InputError: ``subtitle_invalid``: one ends before it begins, or there is too much of them.
    """
    kept: list[Cue] = []
    for line, cue in cues:
        if cue.end_ms < cue.start_ms:
            raise invalid(line, "the text ends before it begins.")
        if cue.end_ms > MAX_MS:
            raise invalid(line, f"times are taken up to {MAX_MS // 3_600_000} hours.")
        if len(cue.text) > MAX_TEXT:
            raise invalid(line, f"one text has at most {MAX_TEXT} characters.")
        if cue.text and cue.end_ms > cue.start_ms:
            kept.append(cue)
        if len(kept) > MAX_CUES:
            raise invalid(line, f"at most {MAX_CUES} texts are taken.")
    return sorted(kept, key=lambda cue: (cue.start_ms, cue.end_ms))


def clipped(cues: Sequence[Cue], start_s: Fraction, duration_s: Fraction | None) -> list[Cue]:
    """The cues of a part of the film, counted from its start; None is to the end."""
    start_ms = round(1000 * start_s)
    length_ms = MAX_MS if duration_s is None else round(1000 * duration_s)
    kept = []
    for cue in cues:
        begin = max(cue.start_ms - start_ms, 0)
        end = min(cue.end_ms - start_ms, length_ms)
        if begin < end:
            text = _moved_stamps(cue.text, start_ms) if start_ms else cue.text
            kept.append(replace(cue, start_ms=begin, end_ms=end, text=text))
    return kept


def flattened(cues: Sequence[Cue]) -> list[Cue]:
    """The same texts with at most one cue at a time, for formats where cues must not overlap.

    Texts that are on screen together become one cue of several lines, the earlier one on top.
    """
    edges = sorted({edge for cue in cues for edge in (cue.start_ms, cue.end_ms)})
    active: list[Cue] = []
    waiting = list(reversed(cues))
    flat: list[Cue] = []
    for begin, end in pairwise(edges):
        active = [cue for cue in active if cue.end_ms > begin]
        while waiting and waiting[-1].start_ms <= begin:
            active.append(waiting.pop())
        if not active:
            continue
        active = active[-_MAX_AT_ONCE:]
        text = "\n".join(cue.text for cue in active)[:MAX_TEXT]
        if flat and flat[-1].end_ms == begin and flat[-1].text == text:
            flat[-1] = replace(flat[-1], end_ms=end)
        else:
            flat.append(Cue(begin, end, text, active[0].settings))
    return flat


def stamp(time_ms: int) -> str:
    """A time as WebVTT writes it: ``01:02:03.004``."""
    seconds, ms = divmod(time_ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def _moved_stamps(text: str, start_ms: int) -> str:
    """Time tags within a text count from the film's start too."""

    def moved(match: re.Match[str]) -> str:
        whole, _, ms = match[1].partition(".")
        seconds = 0
        for part in whole.split(":"):
            seconds = 60 * seconds + int(part)
        at = 1000 * seconds + int(ms) - start_ms
        return f"<{stamp(at)}>" if at > 0 else ""

    return _STAMP.sub(moved, text)
