"""ASS and SSA: sections of ``key: value`` lines; texts are the ``Dialogue`` lines of ``[Events]``.

The engine writes the source's own subtitle streams in this form too, with times as fine as the
stream has them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from videngine.subtitles.cues import Cue, check_length, collected, invalid
from videngine.subtitles.markup import from_ass, row

_TIME = re.compile(r"\s*(\d{1,4}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,6}))?\s*")
_FORMAT = (
    "Layer", "Start", "End", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect", "Text",
)  # fmt: skip
_SWITCHES = {"Bold": "b", "Italic": "i", "Underline": "u"}


@dataclass(frozen=True)
class _Style:
    letters: str = ""
    settings: str = ""


def read_ass(text: str) -> list[Cue]:
    """Read a file. Of styles bold, italic, underlined and the row of the screen are kept.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    section = ""
    formats: dict[str, tuple[str, ...]] = {"[events]": _FORMAT}
    styles: dict[str, _Style] = {}
    cues: list[tuple[int, Cue]] = []
    for number, line in enumerate(text.split("\n"), 1):
        key, colon, value = line.strip().partition(":")
        if key.startswith("[") and key.endswith("]"):
            section = key.lower()
        elif not colon or key.startswith((";", "!")):
            continue
        elif key == "Format":
            formats[section] = tuple(name.strip() for name in value.split(","))
        elif key == "Style" and "styles" in section:
            fields = _fields(value, formats.get(section, ()))
            styles[fields.get("Name", "").strip().lstrip("*")] = _style(fields, section)
        elif key == "Dialogue" and section == "[events]":
            cues.append((number, _cue(number, _fields(value, formats[section]), styles)))
    if "[events]" not in text[: 1 << 20].lower() and not cues:
        raise invalid(1, "there is no section [Events].")
    return collected(cues)


def _fields(value: str, names: tuple[str, ...]) -> dict[str, str]:
    """Values by name; the last one may hold commas."""
    return dict(zip(names, value.lstrip().split(",", max(len(names) - 1, 0)), strict=False))


def _style(fields: dict[str, str], section: str) -> _Style:
    letters = "".join(
        letter for name, letter in _SWITCHES.items() if fields.get(name, "0").strip() in ("-1", "1")
    )
    key = fields.get("Alignment", "2").strip()
    if not key.isdecimal() or not 1 <= int(key) <= 11:
        return _Style(letters)
    if "+" in section:
        return _Style(letters, row(int(key)) if int(key) <= 9 else "")
    return _Style(letters, {0: "", 4: "line:0", 8: "line:50%"}[int(key) & 12])  # SSA's own bits


def _cue(number: int, fields: dict[str, str], styles: dict[str, _Style]) -> Cue:
    if "Text" not in fields:
        raise invalid(number, "the line has less fields than its Format says.")
    check_length(number, fields["Text"])
    style = styles.get(fields.get("Style", "").strip().lstrip("*"), _Style())
    text, settings = from_ass(fields["Text"], styles=style.letters, settings=style.settings)
    return Cue(_ms(number, fields.get("Start")), _ms(number, fields.get("End")), text, settings)


def _ms(line: int, text: str | None) -> int:
    found = _TIME.fullmatch(text or "")
    if found is None:
        raise invalid(line, "the times cannot be read; 0:01:02.50 is due.")
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3])
    fraction = round(int((found[4] or "0").ljust(6, "0")) / 1000)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction
