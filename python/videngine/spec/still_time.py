"""``time`` of a thumbnail: a moment of the clip, as a fraction of it or in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from videngine.spec.faults import invalid, show
from videngine.spec.values import Scalar, decimal, number, seconds

_FORMS = 'a fraction (0.5), "50%", seconds ("12.5s") or a timecode ("00:00:05")'


@dataclass(frozen=True)
class StillTime:
    """A moment of the clip: a ``fraction`` of its length, or ``seconds`` from its start."""

    text: str
    fraction: Fraction | None = None
    seconds: Fraction | None = None

    def __str__(self) -> str:
        return self.text


def _still_time(value: object) -> StillTime:
    if isinstance(value, list):
        raise invalid(
            "this version makes one image for each output; write several outputs",
            code="not_yet_supported",
        )
    text = value.strip() if isinstance(value, str) else ""
    if text.endswith("%"):
        share = number(text[:-1], what=_FORMS) / 100
        if 0 <= share <= 1:
            return StillTime(text, fraction=share)
    elif ":" in text or text.endswith("s"):
        at = seconds(text)
        if at >= 0:
            return StillTime(text, seconds=at)
    else:
        found = number(value, what=_FORMS)
        if 0 <= found <= 1:
            return StillTime(decimal(found), fraction=found)
        if found > 1:
            at_s = f"{decimal(found)}s"
            raise invalid(f'may mean percent or seconds; "{at_s}" is taken', instead=at_s)
    raise invalid(f"must be {_FORMS}, not {show(value)}")


Time = Annotated[
    StillTime,
    Scalar(
        _still_time,
        {
            "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string"}],
            "examples": [0.5, "50%", "12.5s", "00:00:05"],
        },
        str,
    ),
]
