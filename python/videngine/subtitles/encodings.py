"""Bytes of a text file → text, whatever it was written with."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING
from unicodedata import category

from videngine.subtitles.cues import invalid

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?encoding=["']([\w.:-]{1,40})["']""")

# What old files of a language are written in; the first is the most usual.
_CYRILLIC = ["cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic"]
_CENTRAL = ["cp1250", "iso8859_2", "cp852", "mac_latin2"]
_BY_LANGUAGE = {
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk"), _CYRILLIC),
    "sr": [*_CYRILLIC, *_CENTRAL],
    **dict.fromkeys(("pl", "cs", "sk", "hu", "hr", "sl", "bs", "ro", "sq"), _CENTRAL),
    "el": ["cp1253", "iso8859_7"],
    "tr": ["cp1254", "iso8859_9"],
    "he": ["cp1255", "iso8859_8"],
    **{tag: ["cp1256", "iso8859_6"] for tag in ("ar", "fa", "ur")},
    **{tag: ["cp1257", "iso8859_13"] for tag in ("lt", "lv", "et")},
    "vi": ["cp1258"],
    "th": ["cp874", "tis_620"],
    "ja": ["cp932", "euc_jp", "iso2022_jp"],
    "ko": ["cp949", "johab"],
    "zh": ["gb18030", "big5", "big5hkscs"],
}
_WESTERN = ["cp1252", "mac_roman", "cp850"]
_ALL = list(dict.fromkeys([*_WESTERN, *(name for all_ in _BY_LANGUAGE.values() for name in all_)]))
# Unicode's categories of what stands in a text: letters, marks, figures, blanks, quotes, dashes.
_USUAL = ("L", "M", "N", "Zs", "Cc", "Pd", "Pi", "Pf", "Ps", "Pe")
_SAMPLE_BYTES = 64 << 10


def decoded(data: bytes, language: str = "") -> str:
    """The text of a file, without a byte order mark and with plain line ends.

    Args:
        data: the whole file.
        language: its language as a BCP 47 tag; tells old encodings apart.

    Raises:
        InputError: ``subtitle_invalid``: it is not text.
    """
    text = _decoded(data, language.partition("-")[0])
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise invalid(line, "this is not text.")
    return text


def _decoded(data: bytes, language: str) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    declared = _DECLARED.match(data)
    for name in [*_unmarked(data), "utf-8", *([declared[1].decode()] if declared else [])]:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode(_old_encoding(data, language), "replace")


def _unmarked(data: bytes) -> list[str]:
    """UTF-16 without a mark: every other byte of its markup and figures is 0."""
    head = data[:2000]
    if len(head) >= 4 and b"\0" in head:
        even, odd = head[::2].count(0), head[1::2].count(0)
        return ["utf-16-le"] if odd > even else ["utf-16-be"]
    return []


def _old_encoding(data: bytes, language: str) -> str:
    """The encoding in which the file looks most like writing; of equals the most usual one."""
    from charset_normalizer import from_bytes  # few files need it, and it takes a while to load

    names = _BY_LANGUAGE.get(language, _WESTERN if language else _ALL)
    # Timings and markup tell nothing: only lines with letters beyond ASCII do.
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())
    found = from_bytes(telling[:_SAMPLE_BYTES], cp_isolation=names, enable_fallback=False)

    def oddity(match: CharsetMatch) -> tuple[float, int]:
        text = str(match)
        signs = sum(not (c.isascii() or c in "…¿¡" or category(c).startswith(_USUAL)) for c in text)
        return round(match.chaos + signs / max(len(text), 1), 2), names.index(match.encoding)

    return min(found, key=oddity).encoding if found else names[0]
