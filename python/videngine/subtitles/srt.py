"""SRT (SubRip): a number, a line of times, lines of text, an empty line."""

from __future__ import annotations

import re

from videngine.subtitles.cues import Cue, check_length, collected, invalid
from videngine.subtitles.markup import from_html

_TIME = r"(\d{1,4}):(\d{1,2}):(\d{1,2})(?:[,.:](\d{1,3}))?"
TIMES = re.compile(rf"\s*-?{_TIME}\s*-+>\s*{_TIME}(?:\s.*)?")
_NUMBER = re.compile(r"\s*\d+\s*")


def read_srt(text: str) -> list[Cue]:
    """Read a file.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    lines = text.split("\n")
    times = [TIMES.fullmatch(line) if "->" in line else None for line in lines]
    cues: list[tuple[int, Cue]] = []
    at = 0
    while at < len(lines):
        found = times[at]
        if found is None:
            _check_between(lines, times, at, first=not cues)
            at += 1
            continue
        begin, at = at, at + 1
        body: list[str] = []
        while at < len(lines) and times[at] is None and not _begins(lines, times, at):
            if "-->" in lines[at]:
                raise invalid(at + 1, "the times cannot be read.")
            body.append(lines[at])
            at += 1
        raw = "\n".join(body)
        check_length(begin + 1, raw)
        shown, settings = from_html(raw)
        cue = Cue(_ms(found.groups()[:4]), _ms(found.groups()[4:]), shown, settings)
        cues.append((begin + 1, cue))
    return collected(cues)


def _begins(lines: list[str], times: list[re.Match[str] | None], at: int) -> bool:
    """Whether a cue's number stands here."""
    return bool(
        _NUMBER.fullmatch(lines[at])
        and at + 1 < len(lines)
        and (times[at + 1] or "-->" in lines[at + 1])
    )


def _check_between(
    lines: list[str], times: list[re.Match[str] | None], at: int, *, first: bool
) -> None:
    """Nothing stands between cues but their numbers and empty lines."""
    line = lines[at]
    if not line.strip() or _begins(lines, times, at):
        return
    if "->" in line:
        raise invalid(at + 1, "the times cannot be read; 00:01:02,500 --> 00:01:04,000 is due.")
    if first:
        raise invalid(at + 1, "a number or the times of a text are due.")


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, fraction = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return 1000 * whole + int((fraction or "0").ljust(3, "0"))
