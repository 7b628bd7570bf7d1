"""Text with other formats' markup → WebVTT cue text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_HTML_TAG = re.compile(r"<(/?)\s*([A-Za-z][A-Za-z0-9]*)\b([^<>]*)>")
_HTML_NAMES = {"b", "i", "u", "br", "font", "span", "s", "p", "div", "strong", "em", "c"}
_KEPT = {"b": "b", "i": "i", "u": "u", "strong": "b", "em": "i"}
_ASS_BLOCK = re.compile(r"\{([^{}]*)\}")
_ASS_STYLE = re.compile(r"\\([biu])(\d*)(?![A-Za-z(])")
_ASS_ALIGNMENT = re.compile(r"\\an([1-9])")
_ASS_BREAK = re.compile(r"\\[Nn]")
_DRAWING = re.compile(r"\\p[1-9]")


def escaped(text: str) -> str:
    """Plain text as cue text; ``-->`` would begin a cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """Cue text as plain text: no tags, no escapes."""
    return html.unescape(re.sub(r"<[^<>]*>", "", text))


def to_ass(text: str) -> str:
    """Cue text in ASS's markup: bold, italic, underlined, line breaks."""
    out = []
    for piece in re.split(r"(<[^<>]*>)", text):
        tag = re.fullmatch(r"<(/?)([biu])(?:[. \t][^<>]*)?>", piece)
        if tag:
            out.append(f"{{\\{tag[2]}{0 if tag[1] else 1}}}")
        elif not piece.startswith("<"):
            # A word joiner around backslashes: they would begin a command.
            plain_piece = html.unescape(piece).replace("\\", "\u2060\\\u2060")
            out.append(plain_piece.replace("\n", "\\N"))
    return "".join(out)


class Tags:
    """Cue text under construction: tags are opened and closed in the right order."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[str] = []

    def add(self, text: str) -> None:
        """Append plain text."""
        self._out.append(escaped(text))

    def turn(self, name: str, *, on: bool) -> None:
        """Open or close ``b``, ``i`` or ``u``, wherever it stands among the others."""
        if on and name not in self._open:
            self._open.append(name)
            self._out.append(f"<{name}>")
        elif not on and name in self._open:
            inner = self._open[self._open.index(name) + 1 :]
            self._out += [f"</{tag}>" for tag in reversed([name, *inner])]
            self._out += [f"<{tag}>" for tag in inner]
            self._open.remove(name)

    def reset(self) -> None:
        """Close all that is open."""
        self._out += [f"</{tag}>" for tag in reversed(self._open)]
        self._open.clear()

    def text(self) -> str:
        """The cue text, without empty lines and tags that hold nothing."""
        self.reset()
        text, count = "".join(self._out), 1
        while count:
            text, count = re.subn(r"<([biu])></\1>", "", text)
        lines = (" ".join(line.split(" ")).strip(" \t") for line in text.split("\n"))
        return "\n".join(line for line in lines if plain(line).strip())


def from_html(text: str) -> tuple[str, str]:
    """SRT's text, which has HTML's tags and ASS's overrides, as cue text and settings."""
    text, settings = _without_blocks(text)
    out = Tags()
    end = 0
    for tag in _HTML_TAG.finditer(text):
        name = tag[2].lower()
        if name not in _HTML_NAMES:
            continue
        out.add(html.unescape(text[end : tag.start()]))
        end = tag.end()
        if name == "br":
            out.add("\n")
        elif name in _KEPT:
            out.turn(_KEPT[name], on=not tag[1])
    out.add(html.unescape(text[end:]))
    return out.text(), settings


def _without_blocks(text: str) -> tuple[str, str]:
    """Text without ASS overrides, which programs write into SRT too."""
    found = [block for block in _ASS_BLOCK.findall(text) if block.startswith("\\")]
    text = _ASS_BLOCK.sub(lambda block: "" if block[1].startswith("\\") else block[0], text)
    return text, alignment("".join(found))


def from_ass(text: str, *, styles: str = "", settings: str = "") -> tuple[str, str]:
    """The text of an ASS event as cue text and settings; drawings are no text.

    Args:
        text: with overrides in braces.
        styles: letters of the event's style: ``b``, ``i``, ``u``.
        settings: those of its style.
    """
    out = Tags()
    for name in styles:
        out.turn(name, on=True)
    drawing = False
    for piece, override in _ass_pieces(text):
        if override:
            if re.search(r"\\p\d", piece):
                drawing = bool(_DRAWING.search(piece))
            if re.search(r"\\r", piece):
                out.reset()
                for name in styles:
                    out.turn(name, on=True)
            for name, value in _ASS_STYLE.findall(piece):
                # \b takes weights too; a bare tag is the style's own.
                out.turn(name, on=int(value) not in (0, 100, 400) if value else name in styles)
            settings = alignment(piece, settings)
        elif not drawing:
            out.add(_ASS_BREAK.sub("\n", piece).replace("\\h", "\u00a0"))
    return out.text(), settings


def _ass_pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Text and overrides in turn."""
    end = 0
    for block in _ASS_BLOCK.finditer(text):
        yield text[end : block.start()], False
        yield block[1], True
        end = block.end()
    yield text[end:], False


def alignment(overrides: str, otherwise: str = "") -> str:
    """Settings for ASS's alignment: the rows of a telephone's keys, 7 to 9 at the top."""
    found = _ASS_ALIGNMENT.search(overrides)
    return row(int(found[1])) if found else otherwise


def row(key: int) -> str:
    """Settings for a place on the keys of a telephone."""
    return ("", "line:50%", "line:0")[(key - 1) // 3]
