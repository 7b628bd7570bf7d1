"""Rate and quality of one encoder on one picture, from a few measured points."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from typing import Any

LOWEST_CRF, HIGHEST_CRF = 14.0, 40.0
"""As far as curves are believed: a few steps beyond what is measured."""
CRF_STEP = 0.25

# Of VMAF, for each step of CRF beyond the coarsest that was tried: what moves fast looks as good as
# the source for long and then breaks. Film that came to 98.6 at a CRF of 33 came to 74 at 40, where
# a straight line had promised 94.
_LEAST_FALL = 3.0


@dataclass(frozen=True, kw_only=True)
class Point:
    """What a CRF came to: bits a second, and VMAF as the picture is shown."""

    crf: float
    bps: float
    vmaf: float


@dataclass(frozen=True)
class Curve:
    """Measured points, by rising CRF; at least two.

    Between them VMAF and log rate are monotone cubic pieces (PCHIP, Fritsch and Carlson 1980),
    beyond them straight lines; that of VMAF falls steeply at the coarse end.
    """

    points: tuple[Point, ...]

    def at(self, crf: float) -> Point:
        """What a CRF is expected to come to."""
        crfs = [p.crf for p in self.points]
        vmaf = _pchip(crfs, [p.vmaf for p in self.points], crf)
        coarsest = self.points[-1]
        if crf > coarsest.crf:
            vmaf = min(vmaf, coarsest.vmaf - _LEAST_FALL * (crf - coarsest.crf))
        rate = _pchip(crfs, [log(p.bps) for p in self.points], crf)
        return Point(crf=crf, bps=exp(rate), vmaf=min(max(vmaf, 0.0), 100.0))

    def within(self, low: float, high: float) -> Iterable[Point]:
        """Points between two CRFs, the finest first; both ends are there."""
        steps = max(0, int((high - low) / CRF_STEP))
        yield from (self.at(low + n * CRF_STEP) for n in range(steps + 1))
        if low + steps * CRF_STEP < high:
            yield self.at(high)

    def best_below(self, bps: float) -> Point | None:
        """The finest point that takes at most ``bps``; None if all take more."""
        points = self.within(LOWEST_CRF, HIGHEST_CRF)
        return next((point for point in points if point.bps <= bps), None)

    def to_json(self) -> list[dict[str, float]]:
        """The points, as a checkpoint keeps them."""
        return [dict(vars(point)) for point in self.points]

    @staticmethod
    def from_json(data: list[dict[str, Any]]) -> Curve:
        """Read what `to_json` wrote."""
        return Curve(tuple(Point(**point) for point in data))


def _pchip(x: Sequence[float], y: Sequence[float], at: float) -> float:
    slopes = [(b - a) / (q - p) for p, q, a, b in zip(x, x[1:], y, y[1:], strict=False)]
    inner = [2 / (1 / a + 1 / b) if a * b > 0 else 0.0 for a, b in pairwise(slopes)]
    first, last = _end(slopes[:2]), _end(slopes[:-3:-1])
    tangents = [first, *inner, last]
    if at <= x[0]:
        return y[0] + tangents[0] * (at - x[0])
    if at >= x[-1]:
        return y[-1] + tangents[-1] * (at - x[-1])
    n = bisect_right(x, at) - 1
    width = x[n + 1] - x[n]
    t = (at - x[n]) / width
    return (
        (1 + 2 * t) * (1 - t) ** 2 * y[n]
        + t * (1 - t) ** 2 * width * tangents[n]
        + t**2 * (3 - 2 * t) * y[n + 1]
        + t**2 * (t - 1) * width * tangents[n + 1]
    )


def _end(slopes: Sequence[float]) -> float:
    """The tangent at an end, of the slopes next to it: three points' parabola, kept monotone."""
    if len(slopes) == 1:
        return slopes[0]
    tangent = (3 * slopes[0] - slopes[1]) / 2
    if tangent * slopes[0] <= 0:
        return 0.0
    return 3 * slopes[0] if abs(tangent) > 3 * abs(slopes[0]) else tangent
