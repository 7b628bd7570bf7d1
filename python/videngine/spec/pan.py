"""`audio_pan`: the part of the grammar of FFmpeg's pan filter that mixes channels.

``stereo|FL=0.5*FC+0.7*FL|c1=FR``: the layout to be made (its name, or ``2c``), then for each of its
channels what it is made of; ``<`` instead of ``=`` turns the gains down to a sum of 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from videngine.plan import Mix
from videngine.spec.faults import invalid, show
from videngine.spec.sound_layouts import CHANNELS, LAYOUTS, USUAL_LAYOUTS
from videngine.spec.values import Scalar

_MAX_CHARACTERS = 500
_MAX_GAIN = 16.0
_CHANNEL = r"[A-Z]{2,3}|c\d{1,2}"
_RULE = re.compile(rf"({_CHANNEL})([=<])(.+)")
_TERM = re.compile(rf"([+-]?)(?:(\d{{1,4}}(?:\.\d{{1,9}})?)\*)?({_CHANNEL})")


@dataclass(frozen=True)
class Term:
    """A channel of the source, by name or ``c0``, and its gain."""

    channel: str
    gain: float


@dataclass(frozen=True)
class Pan:
    """A mix: the channels to be made, and what each is made of."""

    text: str
    channels: tuple[str, ...]
    rows: tuple[tuple[Term, ...], ...]

    def mix(self, source: tuple[str, ...]) -> Mix:
        """The matrix for a source of these channels; those that it has not are silent."""
        rows = []
        for terms in self.rows:
            row = [0.0] * len(source)
            for term in terms:
                column = _column(term.channel, source)
                if column is not None:
                    row[column] += term.gain
            rows.append(tuple(row))
        return tuple(rows)

    def missing(self, source: tuple[str, ...]) -> list[str]:
        """The channels that are asked for and that a source has not."""
        named = dict.fromkeys(term.channel for terms in self.rows for term in terms)
        return [channel for channel in named if _column(channel, source) is None]

    def __str__(self) -> str:
        return self.text


def _column(channel: str, channels: tuple[str, ...]) -> int | None:
    if channel.startswith("c"):
        number = int(channel[1:])
        return number if number < len(channels) else None
    return channels.index(channel) if channel in channels else None


def _pan(value: object) -> Pan:
    if isinstance(value, Pan):
        return value
    if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
        raise invalid(f'must be text such as "stereo|c0=FL+0.5*FC|c1=FR+0.5*FC", not {show(value)}')
    text = re.sub(r"\s+", "", value)
    name, *rules = text.split("|")
    number = re.fullmatch(r"([1-8])c", name)
    channels = USUAL_LAYOUTS[int(number[1])] if number else LAYOUTS.get(name)
    if channels is None:
        raise invalid(f"must begin with a channel layout (stereo, 5.1, 2c), not {show(name)}")
    rows: list[tuple[Term, ...]] = [()] * len(channels)
    for rule in rules:
        found = _RULE.fullmatch(rule)
        row = _column(found[1], channels) if found else None
        if found is None or row is None:
            raise invalid(f"has a rule that names no channel of {name}: {show(rule)}")
        if rows[row]:
            raise invalid(f"has two rules for {found[1]}")
        rows[row] = _terms(found[3], normalised=found[2] == "<")
    return Pan(text, channels, tuple(rows))


def _terms(text: str, *, normalised: bool) -> tuple[Term, ...]:
    terms: list[Term] = []
    at = 0
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None or (terms and not found[1]):
            raise invalid(f"cannot be read at {show(text[at:])}; write gains as 0.5*FL+0.5*FR")
        if not found[3].startswith("c") and found[3] not in CHANNELS:
            raise invalid(
                f"names an unknown channel, {found[3]}; known are {', '.join(sorted(CHANNELS))}"
            )
        gain = float(found[2] or 1)
        if gain > _MAX_GAIN:
            raise invalid(f"has a gain of more than {_MAX_GAIN:g}: {show(found[0])}")
        terms.append(Term(found[3], -gain if found[1] == "-" else gain))
        at = found.end()
    total = sum(abs(term.gain) for term in terms)
    if normalised and total > 0:
        return tuple(Term(term.channel, term.gain / total) for term in terms)
    return tuple(terms)


AudioPan = Annotated[
    Pan, Scalar(_pan, {"type": "string", "examples": ["stereo|c0=FL+0.5*FC|c1=FR+0.5*FC"]}, str)
]
