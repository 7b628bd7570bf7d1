"""`loudness`: how loud the sound is to be, by EBU R128."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from videngine.spec.faults import invalid, show
from videngine.spec.model import Model, NotYet
from videngine.spec.values import Scalar, flag, number

DEFAULT_LUFS = -23.0
DEFAULT_PEAK_DBTP = -1.0


def _level(low: float, high: float, unit: str) -> Scalar:
    def parse(value: object) -> float:
        level = float(number(value))
        if not low <= level <= high:
            near = min(max(level, low), high)
            message = f"must be {low:g} to {high:g} {unit}; {near:g} is used, not {show(value)}"
            raise invalid(message, instead=near)
        return level

    return Scalar(parse, {"anyOf": [{"type": "number", "minimum": low, "maximum": high}]})


_TARGET = _level(-70, -5, "LUFS")


class Loudness(Model):
    """How loud the sound is to be. A number alone is `target_lufs`; true means the defaults."""

    target_lufs: Annotated[float, _TARGET] | None = Field(
        None,
        description="Integrated loudness in LUFS, -70 to -5; -16 is usual on the web. Default: "
        "-23.",
    )
    true_peak_db: Annotated[float, _level(-9, 0, "dBTP")] | None = Field(
        None, description="Highest true peak in dBTP, -9 to 0. Default: -1."
    )
    range: NotYet = Field(None, description="Loudness range in LU. Default: the source's.")

    @property
    def lufs(self) -> float:
        """`target_lufs` or its default."""
        return DEFAULT_LUFS if self.target_lufs is None else self.target_lufs

    @property
    def dbtp(self) -> float:
        """`true_peak_db` or its default."""
        return DEFAULT_PEAK_DBTP if self.true_peak_db is None else self.true_peak_db


def _object(value: Any) -> Any:
    """The object that a flag or a number alone stands for; None for false."""
    if isinstance(value, dict | Loudness) or value is None:
        return value
    if isinstance(value, bool) or str(value).strip().lower() in ("0", "1", "true", "false"):
        return {} if flag(value) else None
    return {"target_lufs": _TARGET.parse(value)}


LoudnessField = Annotated[Loudness | None, BeforeValidator(_object)]
