"""WebVTT, as https://www.w3.org/TR/webvtt1/ has it: blocks with empty lines between them."""

from __future__ import annotations

import re

from videngine.subtitles.cues import Cue, check_length, collected, invalid

_TIME = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMES = re.compile(rf"[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+(.*))?")
_NOT_CUES = ("NOTE", "STYLE", "REGION")
_PERCENT = r"(?:100|\d{1,2})(?:\.\d{1,9})?%"
_SETTING = re.compile(
    r"vertical:(?:rl|lr)"
    rf"|line:(?:-?\d{{1,3}}|{_PERCENT})(?:,(?:start|center|end))?"
    rf"|position:{_PERCENT}(?:,(?:line-left|center|line-right))?"
    rf"|size:{_PERCENT}"
    r"|align:(?:start|center|end|left|right)"
)
_TAG = re.compile(r"</?(?:c|i|b|u|ruby|rt|v|lang)(?:[. \t][^<>]*)?>|<(?:\d{2,}:)?\d\d:\d\d\.\d{3}>")
_ENTITY = re.compile(r"&(?:amp|lt|gt|lrm|rlm|nbsp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")


def read_webvtt(text: str) -> list[Cue]:
    """Read a file. Styles and regions are left out: cues lose their colours, not their text.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    lines = text.split("\n")
    cues: list[tuple[int, Cue]] = []
    at = _behind_block(lines, 0)
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        end = _behind_block(lines, at)
        if lines[at].split(" ")[0].rstrip() not in _NOT_CUES or "-->" in lines[at]:
            times_at = at if "-->" in lines[at] else at + 1
            cues.append((times_at + 1, _cue(lines, times_at, end)))
        at = end
    return collected(cues)


def _behind_block(lines: list[str], at: int) -> int:
    """The next empty line; and a line of times begins a block by itself."""
    seen = "-->" in lines[at]
    for end in range(at + 1, len(lines)):
        if not lines[end].strip() or (seen and "-->" in lines[end]):
            return end
        seen = seen or "-->" in lines[end]
    return len(lines)


def _cue(lines: list[str], at: int, end: int) -> Cue:
    if at >= end or "-->" not in lines[at]:
        raise invalid(min(at, end - 1) + 1, "the times of a text are due.")
    found = _TIMES.fullmatch(lines[at].rstrip())
    if found is None:
        raise invalid(at + 1, "the times cannot be read; 00:01:02.500 --> 00:01:04.000 is due.")
    check_length(at + 1, "\n".join(lines[at:end]))
    settings = " ".join(s for s in (found[9] or "").split() if _SETTING.fullmatch(s))
    cleaned = (_clean(line).strip() for line in lines[at + 1 : end])
    text = "\n".join(line for line in cleaned if line)
    return Cue(_ms(found.groups()[:4]), _ms(found.groups()[4:8]), text, settings)


def _clean(line: str) -> str:
    """A line whose tags and escapes are WebVTT's and whose other signs are escaped."""
    out, end = [], 0
    for known in re.finditer(f"{_TAG.pattern}|{_ENTITY.pattern}", line):
        out += [_escaped(line[end : known.start()]), known[0]]
        end = known.end()
    return "".join([*out, _escaped(line[end:])])


def _escaped(text: str) -> str:
    # A tag that nobody knows is left out, as players do.
    text = re.sub(r"</?[A-Za-z][^<>]*>", "", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, ms = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
