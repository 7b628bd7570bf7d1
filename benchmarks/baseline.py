"""Ratios of former runs on the same kind of machine, and whether new ones are worse.

One file for each kind, ``benchmarks/baselines/<kind>.json``, kept in the repository.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.machine import ROOT, facts, kind
from benchmarks.measure import QUIET
from benchmarks.records import Result

FOLDER = ROOT / "benchmarks" / "baselines"
WORSE = 1.10
"""A ratio may be so many times the stored one."""

JUDGED = ("cpu", "rss")
"""Ratios that other work on the machine hardly moves; ``wall`` is judged on a quiet one only."""


@dataclass(frozen=True)
class Regression:
    """A ratio that is too much worse than the stored one."""

    key: str
    value: str
    stored: float
    found: float

    def __str__(self) -> str:
        more = self.found / self.stored - 1
        return f"{self.key}: {self.value} {self.found:.3f} is {more:.0%} above {self.stored:.3f}"


def file(folder: Path = FOLDER) -> Path:
    """Of this kind of machine."""
    return folder / f"{kind()}.json"


def store(results: Sequence[Result], folder: Path = FOLDER) -> Path:
    """Write ratios down as those to compare with: of each comparison the median of its results.

    One run is good to a tenth, as much as a regression may be; wall only of a quiet machine.
    """
    target = file(folder)
    found: dict[str, dict[str, list[float]]] = {}
    for result in results:
        for name, value in _ratios(result).items():
            found.setdefault(result.key, {}).setdefault(name, []).append(value)
    ratios = {
        key: {name: round(median(values), 4) for name, values in named.items()}
        for key, named in found.items()
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": facts(), "ratios": ratios}
    target.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    return target


def regressions(results: Sequence[Result], folder: Path = FOLDER) -> list[Regression] | None:
    """Every ratio that is more than 10 % worse; None if nothing is stored for such a machine.

    A comparison or a value that was not stored is not judged.
    """
    source = file(folder)
    if not source.exists():
        return None
    stored = json.loads(source.read_text())["ratios"]
    return [
        Regression(result.key, name, stored[result.key][name], value)
        for result in results
        for name, value in _ratios(result).items()
        if value > WORSE * stored.get(result.key, {}).get(name, float("inf"))
    ]


def _ratios(result: Result) -> dict[str, float]:
    names = JUDGED + (("wall",) if result.others <= QUIET else ())
    return {name: round(result.values[name], 4) for name in names if name in result.values}
