"""What good means, in figures: the goals of the design, beside what was reached."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.records import Result, known


@dataclass(frozen=True)
class Goal:
    """A figure of the results of one comparison (bench and case), and the highest it may be.

    ``over`` makes one figure of those of all sources, each at the greatest length measured, or of
    ``source`` alone.
    """

    what: str
    of: tuple[str, str]
    value: str
    limit: float
    unit: str = ""
    over: Callable[[Sequence[float]], float] = statistics.median
    source: str = ""

    def reached(self, results: Sequence[Result]) -> tuple[float, int] | None:
        """The figure, and of how many sources it is; None if it was not measured."""
        found = _longest(
            result
            for result in results
            if (result.bench, result.case) == self.of
            and self.source in ("", result.source)
            and known(result.values.get(self.value, float("nan")))
        )
        return (self.over([r.values[self.value] for r in found]), len(found)) if found else None


_BEGINNING = re.compile(r"(.+)-(\d+)s")  # as `sources.first_seconds` names it


def _longest(results: Iterable[Result]) -> list[Result]:
    """One of each title: of it whole, or else of the longest of its beginnings."""
    found: dict[str, tuple[float, Result]] = {}
    for result in results:
        beginning = _BEGINNING.fullmatch(result.source)
        title = beginning[1] if beginning else result.source
        length_s = float(beginning[2]) if beginning else math.inf
        if title not in found or length_s > found[title][0]:
            found[title] = (length_s, result)
    return [result for _, result in found.values()]


_MEAN = statistics.mean
_PEER = "against FFmpeg 9's best single command"


def _ladder(preset: str, wall: float, cpu: float) -> tuple[Goal, ...]:
    of, what = ("ladder", f"libx264 {preset} 1080p"), f"H.264 ladder of 4 rungs, {preset}"
    return (
        Goal(f"{what}: wall time {_PEER}", of, "wall", wall),
        Goal(f"{what}: CPU", of, "cpu", cpu),
        Goal(f"{what}: VMAF BD-rate, mean of sources", of, "bd_rate", -3, " %", _MEAN),
        Goal(f"{what}: VMAF BD-rate, worst source", of, "bd_rate", 0, " %", max),
    )


_HEVC = ("ladder", "libx265 medium 1080p")
_REQUEST = ("request", "documented")
_TONEMAP = ("pictures", "tonemap")
_PER_TITLE = ("per_title", "libx264 medium")

GOALS = (
    *_ladder("veryfast", 0.75, 0.80),
    *_ladder("medium", 0.80, 0.85),
    Goal(f"HEVC ladder of 4 rungs, medium: wall time {_PEER}", _HEVC, "wall", 0.5),
    Goal("HEVC ladder: VMAF BD-rate, mean of sources", _HEVC, "bd_rate", 3, " %", _MEAN),
    Goal("Documented request: CPU against an FFmpeg command per output", _REQUEST, "cpu", 0.35),
    Goal("4K PQ to SDR: CPU against zscale+tonemap", _TONEMAP, "cpu", 1 / 6),
    Goal("4K PQ to SDR: mean ΔE2000 to the float64 reference", _TONEMAP, "delta_e_mean", 0.5),
    Goal("4K PQ to SDR: largest ΔE2000", _TONEMAP, "delta_e_max", 2),
    Goal(
        "Sprite of ten minutes: CPU against a full decode",
        ("sprite", "sprite"),
        "cpu",
        0.1,
        source="long",
    ),
    Goal(
        "Engine overhead: CPU against decode and encoders alone, veryfast",
        ("overhead", "libx264 veryfast 1080p"),
        "cpu",
        1.06,
    ),
    Goal(
        "Memory of the 1080p ladder, medium",
        ("ladder", "libx264 medium 1080p"),
        "rss_mb",
        500,
        " MB",
        max,
    ),
    Goal("Memory of the 4K ladder", ("ladder", "libx264 veryfast 2160p"), "rss_mb", 2000, " MB"),
    Goal("Memory of 30 minutes against 1 minute", ("memory", "30 min to 1 min"), "rss", 1.1),
    Goal("Per-title: bits at the VMAF of the fixed ladder", _PER_TITLE, "bits", 0.8),
    Goal("Per-title: analysis, part of the encode's CPU", _PER_TITLE, "analysis", 0.1),
    # As busy as 16 cores are to be: 1 / (2 x 0.9).
    Goal("Wall time on two cores against one", ("cores", "libx264 veryfast 1080p"), "wall", 0.556),
    Goal("Idle part of 16 cores, recorded schedule", ("schedule", "16 cores"), "idle", 0.1),
)


def table(results: Sequence[Result]) -> str:
    """Every goal beside what was reached, as Markdown."""
    lines = ["| | goal | reached | sources | |", "|---|---|---|---|---|"]
    for goal in GOALS:
        found = goal.reached(results)
        limit = f"≤ {goal.limit:.3g}{goal.unit}"
        if found is None:
            lines.append(f"| {goal.what} | {limit} | not measured | | |")
            continue
        value, count = found
        verdict = "met" if value <= goal.limit else "missed"
        lines.append(f"| {goal.what} | {limit} | {value:.3g}{goal.unit} | {count} | {verdict} |")
    return "\n".join(lines)
