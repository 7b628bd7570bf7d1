"""``time`` of a thumbnail: moments of the clip, as fractions of it or in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pydantic_core import PydanticCustomError

from videngine.spec.faults import invalid, show
from videngine.spec.values import Scalar, decimal, number, seconds

_MOST_TIMES = 100
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


def _still_times(value: object) -> tuple[StillTime, ...]:
    if not isinstance(value, list):
        return (_still_time(value),)
    if not 1 <= len(value) <= _MOST_TIMES:
        raise invalid(f"must be 1 to {_MOST_TIMES} moments, not {len(value)}")
    times = []
    for n, item in enumerate(value):
        try:
            times.append(_still_time(item))
        except PydanticCustomError as error:
            context = dict(error.context or {})
            if "instead" in context:  # a remedy of one is one of the list
                context["instead"] = [*value[:n], context["instead"], *value[n + 1 :]]
            raise PydanticCustomError("invalid_field", "{message}", context) from None
    return tuple(times)


def _text(times: tuple[StillTime, ...] | None) -> str | list[str] | None:
    if times is None:
        return None
    return str(times[0]) if len(times) == 1 else [str(time) for time in times]


_ONE = [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string"}]
Times = Annotated[
    tuple[StillTime, ...],
    Scalar(
        _still_times,
        {
            "anyOf": [*_ONE, {"type": "array", "items": {"anyOf": _ONE}}],
            "examples": [0.5, "50%", "12.5s", "00:00:05", ["1s", "2s"]],
        },
        _text,
    ),
]
