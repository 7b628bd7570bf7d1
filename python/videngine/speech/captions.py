"""Words with times → subtitles that can be read, as SubRip and WebVTT.

Limits follow the usual house rules of broadcasters and streaming services: two lines of 42
characters, at most 7 s on screen, a new subtitle where a sentence ends or the speaker pauses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from videngine.speech.transcript import Word

LINE_CHARACTERS = 42
LINES = 2
LONGEST_S = 7.0
SHORTEST_S = 0.8
PAUSE_S = 1.0
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")  # noqa: RUF001  full-width ones are meant
# A sentence that ends sooner shares its subtitle with the next one.
_WORTH_A_BREAK = LINE_CHARACTERS // 2


@dataclass(frozen=True, kw_only=True)
class Cue:
    """One subtitle; seconds."""

    start: float
    end: float
    lines: tuple[str, ...]


def cues(words: Iterable[Word]) -> list[Cue]:
    """Subtitles in order; none overlaps the next."""
    groups = list(_groups(words))
    made = []
    for number, group in enumerate(groups):
        start, end = group[0].start, group[-1].end
        following = groups[number + 1][0].start if number + 1 < len(groups) else float("inf")
        end = max(min(max(end, start + SHORTEST_S), following), start + 0.001)
        made.append(Cue(start=start, end=end, lines=_lines("".join(w.word for w in group))))
    return made


def _groups(words: Iterable[Word]) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        if group and not _belongs(word, group):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _belongs(word: Word, group: list[Word]) -> bool:
    text = "".join(w.word for w in group).strip()
    if word.start - group[-1].end >= PAUSE_S or word.end - group[0].start > LONGEST_S:
        return False
    if text.endswith(_SENTENCE_ENDS) and len(text) >= _WORTH_A_BREAK:
        return False
    return len(_wrapped((text + word.word).strip())) <= LINES


def _lines(text: str) -> tuple[str, ...]:
    """The text in as few lines as it takes, of about one length."""
    text = text.strip()
    wrapped = _wrapped(text)
    if len(wrapped) != LINES:
        return tuple(wrapped)
    spaces = [i for i, c in enumerate(text) if c == " "]
    fits = [i for i in spaces if max(i, len(text) - i - 1) <= LINE_CHARACTERS]
    if not fits:
        return tuple(wrapped)
    middle = min(fits, key=lambda i: abs(2 * i - len(text)))
    return text[:middle], text[middle + 1 :]


def _wrapped(text: str) -> list[str]:
    """Broken at spaces; in languages that write none, anywhere."""
    lines = [""]
    for part in text.split(" "):
        longer = f"{lines[-1]} {part}".strip()
        if len(longer) <= LINE_CHARACTERS:
            lines[-1] = longer
            continue
        pieces = [part[i : i + LINE_CHARACTERS] for i in range(0, len(part), LINE_CHARACTERS)]
        lines = [line for line in lines if line] + pieces
    return lines


def srt(subtitles: Iterable[Cue]) -> str:
    """SubRip: numbered, times with a comma."""
    return "".join(
        f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{_text(cue.lines)}\n\n"
        for number, cue in enumerate(subtitles, start=1)
    )


def vtt(subtitles: Iterable[Cue]) -> str:
    """WebVTT; what would be markup is escaped."""
    blocks = [
        f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{_escaped(_text(cue.lines))}\n"
        for cue in subtitles
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _text(lines: Iterable[str]) -> str:
    return "\n".join(line.replace("-->", "→") for line in lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(seconds: float, point: str) -> str:
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"
