"""`read_cues`: one file, whatever its format and encoding."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from videngine.subtitles.cues import Cue, invalid
from videngine.subtitles.encodings import decoded
from videngine.subtitles.srt import TIMES, read_srt
from videngine.subtitles.webvtt import read_webvtt

_WEBVTT = re.compile(r"WEBVTT(?:[ \t\n]|$)")
_TTML = re.compile(r"<(?:[\w.-]+:)?tt[\s>]")
_ASS = re.compile(r"\[(?:script info|v4\+? styles|events)\]", re.IGNORECASE)
_HEAD = 4096


def read_cues(path: Path, language: str = "") -> list[Cue]:
    """The cues of a subtitle file, in order of time; there may be none.

    Args:
        path: SRT, WebVTT, ASS, SSA or TTML, told apart by what is in it.
        language: BCP 47; tells old encodings apart.

    Raises:
        InputError: ``subtitle_invalid``, naming the line.
    """
    text = decoded(path.read_bytes(), language)
    return _reader(text)(text)


def _reader(text: str) -> Callable[[str], list[Cue]]:
    # TTML and ASS are rare, and every start of a command would load their readers.
    head = text[:_HEAD].lstrip()
    if _WEBVTT.match(head):
        return lambda whole: read_webvtt(whole.lstrip())
    if head.startswith("<") and _TTML.search(head):
        from videngine.subtitles.ttml import read_ttml

        return read_ttml
    if _ASS.match(head) or re.search(rf"(?m)^{_ASS.pattern}", head):
        from videngine.subtitles.ass import read_ass

        return read_ass
    if any(TIMES.fullmatch(line) for line in text[: 16 * _HEAD].split("\n")):
        return read_srt
    raise invalid(1, "this is neither SRT, WebVTT, ASS nor TTML.")
