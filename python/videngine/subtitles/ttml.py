"""TTML (IMSC, EBU-TT, DFXP): the part that is text and times, https://www.w3.org/TR/ttml1/.

Read with expat directly: it knows lines, and no document may declare anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from xml.parsers import expat

from videngine.subtitles.cues import MAX_CUES, Cue, collected, invalid
from videngine.subtitles.markup import Tags

_MAX_DEPTH = 50
_CLOCK = re.compile(r"(\d{2,}):(\d\d):(\d\d)(?:\.(\d{1,9})|:(\d{2,})(?:\.\d+)?)?")
_OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|m|s|ms|f|t)")
_STYLES = {
    ("fontWeight", "bold"): "b",
    ("fontStyle", "italic"): "i",
    ("fontStyle", "oblique"): "i",
    ("textDecoration", "underline"): "u",
}
_STYLED = {name for name, _ in _STYLES}
_PERCENTS = re.compile(r"\s*([\d.]{1,9})%\s+([\d.]{1,9})%\s*")


@dataclass
class _Element:
    """An element by its local name; attributes too have lost their prefixes."""

    name: str
    line: int
    attributes: dict[str, str]
    children: list[_Element | str] = field(default_factory=list)


@dataclass(frozen=True)
class _Span:
    """What an element hands down: times, styles, place. ``end`` None: as long as the film."""

    begin: Fraction = Fraction(0)
    end: Fraction | None = None
    styles: str = ""
    settings: str = ""
    preserve: bool = False


def read_ttml(text: str) -> list[Cue]:
    """Read a document.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    return collected(_Reader(_parsed(text)).cues())


def _parsed(text: str) -> _Element:
    parser = expat.ParserCreate("utf-8")
    root = _Element("", 1, {})
    stack = [root]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        line = parser.CurrentLineNumber
        if len(stack) > _MAX_DEPTH or count > 4 * MAX_CUES:
            raise invalid(line, "the document has too many elements.")
        local = {_local(key): value for key, value in attributes.items()}
        element = _Element(_local(name), line, local)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def refuse(*_: object) -> None:
        raise invalid(parser.CurrentLineNumber, "a subtitle document must not declare entities.")

    def characters(data: str) -> None:
        stack[-1].children.append(data)

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = lambda *_: 0
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise invalid(
            error.lineno, f"the XML is broken: {expat.ErrorString(error.code)}."
        ) from None
    found = root.children[0] if root.children else root
    assert isinstance(found, _Element)
    return found


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Reader:
    """One document, read once."""

    def __init__(self, root: _Element) -> None:
        self._root = root
        rate = _number(root.attributes.get("frameRate"), Fraction(30))
        factors = root.attributes.get("frameRateMultiplier", "1 1").replace(":", " ").split()
        if len(factors) == 2 and all(f.isdecimal() and int(f) for f in factors):
            rate *= Fraction(int(factors[0]), int(factors[1]))
        self._frame_rate = rate
        default_tick = rate if "frameRate" in root.attributes else Fraction(1)
        self._tick_rate = _number(root.attributes.get("tickRate"), default_tick)
        self._styles: dict[str, _Element] = {}
        self._regions: dict[str, str] = {}
        for element in _all(root):
            identity = element.attributes.get("id", "")
            if element.name == "style":
                self._styles[identity] = element
            elif element.name == "region":
                self._regions[identity] = _settings(element)

    def cues(self) -> list[tuple[int, Cue]]:
        found: list[tuple[int, Cue]] = []
        for child in _elements(self._root):
            if child.name == "body":
                self._walk(child, _Span(), found)
        return found

    def _walk(self, element: _Element, above: _Span, found: list[tuple[int, Cue]]) -> None:
        span = self._span(element, above)
        if element.name == "p":
            self._paragraph(element, span, found)
            return
        following = span.begin if element.attributes.get("timeContainer") == "seq" else None
        for child in _elements(element):
            if child.name not in ("div", "p"):
                continue
            at = (
                span
                if following is None
                else _Span(following, span.end, span.styles, span.settings, span.preserve)
            )
            self._walk(child, at, found)
            if following is not None:
                following = self._span(child, at).end or following

    def _paragraph(self, element: _Element, span: _Span, found: list[tuple[int, Cue]]) -> None:
        out = Tags()
        self._fill(element, span, out, found)
        if span.end is not None:
            cue = Cue(_ms(span.begin), _ms(span.end), out.text(), span.settings)
            found.append((element.line, cue))
        elif out.text():
            raise invalid(element.line, "the text has no end.")

    def _fill(
        self, element: _Element, span: _Span, out: Tags, found: list[tuple[int, Cue]]
    ) -> None:
        """Add what an element holds; parts with times of their own become cues of their own."""
        for name in span.styles:
            out.turn(name, on=True)
        for child in element.children:
            if isinstance(child, str):
                out.add(child if span.preserve else re.sub(r"[ \t\n]+", " ", child))
            elif child.name == "br":
                out.add("\n")
            elif child.name == "span":
                inner = self._span(child, span)
                if {"begin", "end", "dur"} & child.attributes.keys():
                    self._paragraph(child, inner, found)
                    continue
                self._fill(child, inner, out, found)
                for name in "biu":
                    out.turn(name, on=name in span.styles)

    def _span(self, element: _Element, above: _Span) -> _Span:
        given = element.attributes
        begin, end = above.begin, above.end
        if "begin" in given:
            begin += self._time(element, "begin")
        if "end" in given:
            end = above.begin + self._time(element, "end")
        if "dur" in given:
            lasting = begin + self._time(element, "dur")
            end = lasting if end is None or "end" not in given else min(end, lasting)
        if above.end is not None and end is not None:
            end = min(end, above.end) if end >= begin else end
        return _Span(
            begin=begin,
            end=end,
            styles=self._letters(element, above.styles),
            settings=self._regions.get(given.get("region", ""), above.settings),
            preserve=given.get("space", "preserve" if above.preserve else "") == "preserve",
        )

    def _letters(self, element: _Element, inherited: str) -> str:
        """Which of b, i and u hold: the element's own word, its styles', what is handed down."""
        values: dict[str, str] = {}
        for name in element.attributes.get("style", "").split()[:8]:
            self._add_style(self._styles.get(name), values, depth=0)
        values |= {name: element.attributes[name] for name in _STYLED & element.attributes.keys()}
        letters = set(inherited)
        for name, value in values.items():
            letters -= {letter for (styled, _), letter in _STYLES.items() if styled == name}
            letters |= {_STYLES[name, word] for word in value.split() if (name, word) in _STYLES}
        return "".join(sorted(letters))

    def _add_style(self, style: _Element | None, values: dict[str, str], *, depth: int) -> None:
        if style is None or depth > 4:
            return
        for name in style.attributes.get("style", "").split()[:8]:
            self._add_style(self._styles.get(name), values, depth=depth + 1)
        values |= {name: style.attributes[name] for name in _STYLED & style.attributes.keys()}

    def _time(self, element: _Element, name: str) -> Fraction:
        text = element.attributes[name].strip()
        if clock := _CLOCK.fullmatch(text):
            whole = (int(clock[1]) * 60 + int(clock[2])) * 60 + int(clock[3])
            frames = Fraction(int(clock[5])) / self._frame_rate if clock[5] else Fraction(0)
            return whole + frames + (Fraction(f"0.{clock[4]}") if clock[4] else 0)
        if offset := _OFFSET.fullmatch(text):
            units = {
                "h": Fraction(3600),
                "m": Fraction(60),
                "s": Fraction(1),
                "ms": Fraction(1, 1000),
                "f": 1 / self._frame_rate,
                "t": 1 / self._tick_rate,
            }
            return Fraction(offset[1]) * units[offset[2]]
        raise invalid(element.line, f"the time in {name} cannot be read; 00:01:02.500 is due.")


def _elements(element: _Element) -> list[_Element]:
    return [child for child in element.children if isinstance(child, _Element)]


def _all(element: _Element) -> list[_Element]:
    return [one for child in _elements(element) for one in (child, *_all(child))]


def _settings(region: _Element) -> str:
    """A region in the upper half of the screen puts its text at the top."""
    given = dict(region.attributes)
    for child in _elements(region):
        if child.name == "style":
            given |= child.attributes
    origin, extent = _PERCENTS.fullmatch(given.get("origin", "")), given.get("extent", "")
    height = _PERCENTS.fullmatch(extent)
    if origin is None or height is None:
        return ""
    top, size = _number(origin[2], Fraction(0)), _number(height[2], Fraction(0))
    share = {"center": Fraction(1, 2), "after": Fraction(1)}.get(given.get("displayAlign", ""), 0)
    return "line:0" if top + size * share < 50 else ""


def _number(text: str | None, otherwise: Fraction) -> Fraction:
    try:
        value = Fraction(text) if text else otherwise
    except (ValueError, ZeroDivisionError):
        return otherwise
    return value if value > 0 else otherwise


def _ms(seconds: Fraction) -> int:
    return round(1000 * seconds)
