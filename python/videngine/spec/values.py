"""The scalar types of the job spec: numbers as strings, flags in all spellings, times, rates.

Each takes what people send and yields one normal form; serialised, that form parses to itself
again. Ranges that are passed a little are clamped with a warning; a value of the wrong kind, a
negative one, and a ``quality`` beyond its scale are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from videngine.spec.faults import invalid, show

_DECIMAL = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})")
_RATIO = re.compile(r"(\d{1,9})/(\d{1,9})")
_TIMECODE = re.compile(r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)")
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_MAX_PAYLOAD = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_unset(value: object) -> bool:
    """Whether a value is the same as leaving its field out: null, or text of blanks only."""
    return value is None or (isinstance(value, str) and not value.strip())


def does_nothing(value: object) -> bool:
    """Whether a value asks for nothing: unset, 0, false, or a container of such values only."""
    if isinstance(value, dict):
        return all(does_nothing(v) for v in value.values())
    if isinstance(value, list | tuple):
        return all(does_nothing(v) for v in value)
    if isinstance(value, str):
        return value.strip().lower() in ("", "0", "false")
    return value is None or value == 0


def decimal(value: Fraction) -> str:
    """An exact number as text: ``6``, ``12.5``, ``30000/1001``."""
    if value.denominator == 1:
        return str(value.numerator)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    scaled = str(abs(int(value * 10**digits))).rjust(digits + 1, "0")
    return f"{'-' if value < 0 else ''}{scaled[:-digits]}.{scaled[-digits:]}"


def number(value: object, *, what: str = "a number") -> Fraction:
    """An exact number from a JSON number or numeric text; flags, NaN and infinity are none."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return Fraction(str(value)) if isinstance(value, float) else Fraction(value)
        except ValueError:
            pass  # NaN, infinity
    if isinstance(value, str):
        text = value.strip()
        if _DECIMAL.fullmatch(text):
            return Fraction(text)
        if (ratio := _RATIO.fullmatch(text)) and int(ratio[2]):
            return Fraction(int(ratio[1]), int(ratio[2]))
    raise invalid(f"must be {what}, not {show(value)}")


def seconds(value: object) -> Fraction:
    """Seconds from a number, numeric text, ``12.5s`` or a timecode ``[HH:]MM:SS[.mmm]``."""
    if isinstance(value, str):
        text = value.strip()
        if parts := _TIMECODE.fullmatch(text):
            return 3600 * int(parts[1] or 0) + 60 * int(parts[2]) + Fraction(parts[3])
        if text.endswith("s"):
            text = text[:-1].strip()
        value = text or value
    return number(value, what='seconds (12.5, "12.5s") or a timecode ("00:01:30.5")')


@dataclass(frozen=True, eq=False)  # compared by identity: a schema cannot be hashed
class Scalar:
    """A type of the spec, used as ``Annotated`` metadata: how it is read, written and described."""

    parse: Callable[[Any], Any]
    schema: dict[str, Any]
    write: Callable[[Any], Any] | None = None

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read with `parse` alone; write with `write` in every mode."""
        serialization = (
            core_schema.plain_serializer_function_ser_schema(self.write) if self.write else None
        )
        return core_schema.no_info_plain_validator_function(self.parse, serialization=serialization)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What OpenAPI and ``docs/job-spec.md`` print."""
        return dict(self.schema)


def _within(
    value: Fraction, low: Fraction | int, high: Fraction | int, unit: str, *, clamp: bool
) -> Fraction:
    if low <= value <= high:
        return value
    near = Fraction(low if value < low else high)
    limits = f"{decimal(Fraction(low))} to {decimal(Fraction(high))}{unit and ' ' + unit}"
    if clamp and value >= 0:
        message = f"must be {limits}; {decimal(near)} is used instead of {_short(value)}"
        raise invalid(message, instead=decimal(near))
    raise invalid(f"must be {limits}, not {_short(value)}")


def _short(value: Fraction) -> str:
    text = decimal(value)
    return text if len(text) <= 40 else text[:37] + "..."


def whole(
    low: int,
    high: int,
    unit: str = "",
    *,
    clamp: bool = True,
    zero: bool = False,
    even: bool = False,
) -> Scalar:
    """A whole number within limits.

    Args:
        low: smallest value.
        high: largest value.
        unit: for messages.
        clamp: whether a value outside becomes the nearest limit with a warning.
        zero: whether 0 means that the field is unset, as responses print it.
        even: whether odd numbers become the even number below, with a warning.
    """

    def parse(value: object) -> int | None:
        found = number(value, what=f"a whole number{unit and ' of ' + unit}")
        if zero and found == 0:
            return None
        if found.denominator != 1:
            near = round(found)
            message = f"must be a whole number; {near} is used instead of {show(value)}"
            raise invalid(message, instead=near)
        found = _within(found, low, high, unit, clamp=clamp)
        if even and found % 2:
            near = int(found) - 1
            raise invalid(f"must be even; {near} is used instead of {found}", instead=near)
        return int(found)

    schema = {
        "anyOf": [
            {"type": "integer", "minimum": low, "maximum": high},
            {"type": "string", "pattern": r"^\s*\d+(\.0*)?\s*$"},
        ]
    }
    return Scalar(parse, schema)


def flag(value: object) -> bool:
    """True or false from any of their spellings."""
    if isinstance(value, bool):
        return value
    found = _FLAGS.get(str(value).strip().lower()) if isinstance(value, int | str) else None
    if found is None:
        raise invalid(f"must be true, false, 1 or 0, not {show(value)}")
    return found


_STANDARD_FILM = {Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)}


def _frame_rate(value: object) -> Fraction | None:
    rate = number(value, what='frames per second (30, "29.97", "30000/1001")')
    if rate == 0:
        return None
    rate = _within(rate, 1, 240, "frames per second", clamp=True)
    for film in _STANDARD_FILM:  # 23.976 and 23.98 both mean 24000/1001
        if abs(rate - film) < Fraction(1, 200):
            return film
    return rate.limit_denominator(100_000)


def _frame_rate_text(rate: Fraction | None) -> str | None:
    if rate in _STANDARD_FILM:
        return f"{float(rate):.3f}".rstrip("0")
    return None if rate is None else decimal(rate)


def _time_s(low: Fraction, high: int, *, clamp: bool) -> Callable[[object], Fraction]:
    def parse(value: object) -> Fraction:
        return _within(seconds(value), low, high, "s", clamp=clamp)

    return parse


@dataclass(frozen=True)
class KeyframeInterval:
    """The longest GOP, in ``frames`` or in ``seconds``: one of the two is set."""

    frames: int | None = None
    seconds: Fraction | None = None

    def __str__(self) -> str:
        return str(self.frames) if self.seconds is None else f"{decimal(self.seconds)}s"


def _keyframe(value: object) -> KeyframeInterval | None:
    if isinstance(value, str) and value.strip().endswith("s"):
        span = number(value.strip()[:-1], what='frames (90) or seconds ("3s")')
        if not 0 < span <= 60:
            raise invalid(f'must be more than 0 s, up to "60s", not {show(value)}')
        return KeyframeInterval(seconds=span)
    frames = whole(1, 1000, "frames", zero=True).parse(value)
    return KeyframeInterval(frames=frames) if frames else None


def text(longest: int, what: str) -> Scalar:
    """Text of 1 to ``longest`` characters without control characters."""

    def parse(value: object) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            raise invalid(f"must be text; {show(str(value))} is used", instead=str(value))
        if not isinstance(value, str):
            raise invalid(f"must be text: {what}, not {show(value)}")
        if len(value) > longest:
            raise invalid(f"must have at most {longest} characters, not {len(value)}")
        if _CONTROL.search(value):
            raise invalid("must not hold control characters")
        return value

    return Scalar(parse, {"type": "string", "minLength": 1, "maxLength": longest})


def _payload(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise invalid("must be text; write objects as JSON text")
    if len(value) > _MAX_PAYLOAD:
        raise invalid(f"must have at most {_MAX_PAYLOAD} characters, not {len(value)}")
    return value


def _priority(value: object) -> int:
    found = number(value, what="a whole number, -50 to 50")
    near = min(max(round(found), -50), 50)
    if near != found:
        raise invalid(f"must be a whole number, -50 to 50; {near} is used", instead=near)
    return near


def has_control_characters(value: str) -> bool:
    """Whether a text holds characters that no name, header or key may hold."""
    return _CONTROL.search(value) is not None


_NUMERIC = [{"type": "number"}, {"type": "string"}]
FRAME_RATE_SCHEMA = {"anyOf": _NUMERIC, "examples": [30, "29.97", "30000/1001"]}
SECONDS_SCHEMA = {"anyOf": _NUMERIC, "examples": [12.5, "12.5s", "00:00:12.500"]}

Flag = Annotated[bool, Scalar(flag, {"enum": [True, False, 1, 0, "1", "0", "true", "false"]})]
Payload = Annotated[str, Scalar(_payload, {"type": "string", "maxLength": _MAX_PAYLOAD})]
Priority = Annotated[int, Scalar(_priority, {"type": "integer", "minimum": -50, "maximum": 50})]
EvenPixels = Annotated[int, whole(16, 8192, "px", zero=True, even=True)]
Pixels = Annotated[int, whole(16, 8192, "px", zero=True)]
Crf = Annotated[int, whole(0, 51, clamp=False)]
Percent = Annotated[int, whole(1, 100, clamp=False, zero=True)]
Kilobits = Annotated[int, whole(50, 200_000, "kbit/s", zero=True)]
AudioKilobits = Annotated[int, whole(8, 512, "kbit/s", zero=True)]
Channels = Annotated[int, whole(1, 8, "channels", zero=True)]
FrameRate = Annotated[
    Fraction,
    Scalar(
        _frame_rate,
        FRAME_RATE_SCHEMA,
        _frame_rate_text,
    ),
]
Keyframe = Annotated[
    KeyframeInterval,
    Scalar(_keyframe, {"anyOf": _NUMERIC, "examples": [90, "3s"]}, str),
]
StartTime = Annotated[
    Fraction, Scalar(_time_s(Fraction(0), 10**7, clamp=False), SECONDS_SCHEMA, decimal)
]
Duration = Annotated[
    Fraction, Scalar(_time_s(Fraction(1, 1000), 10**7, clamp=False), SECONDS_SCHEMA, decimal)
]
SegmentDuration = Annotated[
    Fraction, Scalar(_time_s(Fraction(1), 60, clamp=True), SECONDS_SCHEMA, decimal)
]
