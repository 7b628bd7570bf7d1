"""Words become subtitles that can be read."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from videngine.speech.captions import LINE_CHARACTERS, LONGEST_S, cues, srt, vtt
from videngine.speech.transcript import Segment, Transcript, Word


def spoken(text: str, *, start: float = 0.0, word_s: float = 0.3, gap_s: float = 0.0) -> list[Word]:
    """Words one after the other, each with its blank."""
    step = word_s + gap_s
    return [
        Word(start=start + i * step, end=start + i * step + word_s, word=f" {w}", probability=1)
        for i, w in enumerate(text.split())
    ]


def texts(words: list[Word]) -> list[str]:
    return [" ".join(cue.lines) for cue in cues(words)]


LONG = "so it was said " * 40


def test_no_subtitle_is_longer_or_stays_longer_than_can_be_read() -> None:
    made = cues(spoken(LONG))
    assert " ".join(" ".join(cue.lines) for cue in made) == LONG.strip()
    assert all(len(cue.lines) <= 2 for cue in made)
    assert all(len(line) <= LINE_CHARACTERS for cue in made for line in cue.lines)
    assert all(0 < cue.end - cue.start <= LONGEST_S for cue in made)
    assert all(one.end <= other.start for one, other in pairwise(made))


def test_a_sentence_or_a_pause_ends_a_subtitle() -> None:
    assert texts(spoken("This is the first sentence of it. And here comes another one.")) == [
        "This is the first sentence of it.",
        "And here comes another one.",
    ]
    assert texts([*spoken("Yes"), *spoken("no", start=3)]) == ["Yes", "no"]


def test_short_sentences_share_a_subtitle() -> None:
    assert texts(spoken("No. No. Never.")) == ["No. No. Never."]


def test_a_short_word_stays_long_enough_but_not_into_the_next() -> None:
    one, other = cues([*spoken("Yes", word_s=0.1), *spoken("no", start=1.2)])
    assert (one.start, one.end) == (0, 0.8)
    assert other.start == 1.2
    one, other = cues([*spoken("Yes!" + "x" * 30, word_s=0.1), *spoken("no" * 40, start=0.3)])
    assert one.end <= other.start


def test_a_language_without_blanks_is_broken_all_the_same() -> None:
    words = [Word(start=i, end=i + 1, word="語" * 30, probability=1) for i in range(4)]
    made = cues(words)
    assert "".join("".join(cue.lines) for cue in made) == "語" * 120
    assert all(len(line) <= LINE_CHARACTERS for cue in made for line in cue.lines)


@pytest.mark.parametrize("text", ["<b>", "a-->b", "A&B", "WEBVTT"])
def test_what_is_said_is_no_markup(text: str) -> None:
    page = vtt(cues(spoken(f"{text} indeed")))
    body = page.split("\n", 3)[3]
    assert page.startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert not re.search(r"<|-->|&(?!amp;|lt;|gt;)", body)


def test_times_of_long_films_have_hours() -> None:
    words = spoken("Good night", start=3 * 3600 + 61.5)
    assert srt(cues(words)).startswith("1\n03:01:01,500 --> 03:01:02,300\nGood night\n\n")
    assert "03:01:01.500 --> 03:01:02.300" in vtt(cues(words))


def test_a_transcript_survives_its_json() -> None:
    words = tuple(spoken("Good night."))
    segment = Segment(start=0, end=0.6, text="Good night.", words=words)
    whole = Transcript(language="en", model="m", beam_size=1, duration=1.0, segments=(segment,))
    assert Transcript.from_json(whole.to_json()) == whole
    assert whole.words == words
