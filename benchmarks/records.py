"""What is kept of a measurement: a JSON line for every run, one for every result.

Every line stands for itself: the machine, the versions, the source's hash and the commands are in
it. They are appended to ``build/bench/records.jsonl``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import BUILD, facts
from benchmarks.measure import METRICS, Rounds, Spread
from benchmarks.quality import Point
from benchmarks.sources import Source

SCHEMA = 2
"""Raised when the same name comes to mean something else; lines of another are not read.

2: curves are of every picture of a title of seconds (1: of every fifth, up to 5 % off).
"""
FILE = BUILD / "records.jsonl"


@dataclass(kw_only=True)
class Result:
    """One comparison on one source.

    ``medians`` and ``ratios`` are by side and metric (ratios: ours to that side's); ``values`` are
    the figures that goals are about; ``curves`` are, by side, the points of each rung.
    """

    bench: str
    case: str
    source: str
    runs: int = 0
    others: float = 0.0
    medians: dict[str, dict[str, Spread]] = field(default_factory=dict)
    ratios: dict[str, dict[str, Spread]] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[list[Point]]] = field(default_factory=dict)
    threads: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What a stored ratio is found by."""
        return f"{self.bench} / {self.case} / {self.source}"


def compared(
    bench: str, case: str, title: Source, rounds: Rounds, *, peers: Sequence[str], ours: str
) -> Result:
    """The result of rounds, each of which is written down.

    ``values`` holds ``cpu``, ``wall`` and ``rss``: the ratio to the best of ``peers``, each to the
    one that takes least of it; and our ``rss_mb``.
    """
    result = Result(
        bench=bench,
        case=case,
        source=title.name,
        runs=len(rounds.costs[ours]),
        others=rounds.others,
        threads=rounds.costs[ours][-1].threads,
    )
    for side, costs in rounds.costs.items():
        result.medians[side] = {metric: rounds.spread(side, metric) for metric in METRICS}
        if side != ours:
            result.ratios[side] = {metric: rounds.ratio(ours, side, metric) for metric in METRICS}
        for n, cost in enumerate(costs):
            named = {"bench": bench, "case": case, "side": side, "run": n}
            _append("run", title, {**named, "argv": rounds.argv[side], "cost": asdict(cost)})
    short = {"cpu_s": "cpu", "wall_s": "wall", "peak_rss_bytes": "rss"}
    for metric, name in short.items():
        result.values[name] = rounds.best(ours, peers, metric).median
    result.values["rss_mb"] = result.medians[ours]["peak_rss_bytes"].median / 1e6
    return result


def keep(result: Result, title: Source) -> Result:
    """Write a finished result down."""
    _append("result", title, asdict(result))
    return result


def _append(record: str, title: Source, content: dict[str, Any]) -> None:
    line = {
        "schema": SCHEMA,
        "record": record,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": facts(),
        "source": title.facts(),
        "content": content,
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("a") as file:
        file.write(json.dumps(line) + "\n")


def results(file: Path = FILE, *, same: Sequence[str] = ("kind",)) -> list[Result]:
    """The last result of every comparison whose machine has the ``same`` facts as this one."""
    found: dict[str, Result] = {}
    for result in every_result(file, same=same):
        found.pop(result.key, None)
        found[result.key] = result
    return list(found.values())


def every_result(file: Path = FILE, *, same: Sequence[str] = ("kind",)) -> Iterator[Result]:
    """All results of machines with the ``same`` facts as this one, the oldest first."""
    now = facts()
    for line in _lines(file):
        if line["record"] == "result" and all(line["machine"][name] == now[name] for name in same):
            yield _result(line["content"])


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.exists():
        with file.open() as lines:
            for line in lines:
                record = json.loads(line)
                if record["schema"] == SCHEMA:
                    yield record


def _result(data: dict[str, Any]) -> Result:
    for name in ("medians", "ratios"):
        for metrics in data[name].values():
            metrics.update({metric: Spread(**spread) for metric, spread in metrics.items()})
    data["curves"] = {
        side: [[Point(**point) for point in rung] for rung in rungs]
        for side, rungs in data["curves"].items()
    }
    return Result(**data)


def known(value: float) -> bool:
    """Whether a figure could be computed at all."""
    return not math.isnan(value)
