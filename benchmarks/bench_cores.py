"""What a second core is worth: the same ladder on one core of this machine and on two, in turns."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from benchmarks import ladders, quality, records
from benchmarks.ladders import Ladder
from benchmarks.measure import Command, Side, alternate
from benchmarks.records import Result, compared, keep
from benchmarks.sources import Source, source

TWO, ONE = "2 cores", "1 core"


def on_cores(count: int, title: Source, ladder: Ladder, folder: Path) -> Sequence[Command]:
    """The whole command, which counts the cores that it may use and plans for them."""
    cores = sorted(os.sched_getaffinity(0))[:count]
    allowed = ("taskset", "--cpu-list", ",".join(map(str, cores)))
    return [
        replace(command, argv=(*allowed, *command.argv))
        for command in ladders.our_ladder(title, ladder, folder)
    ]


def measure(title: Source, ladder: Ladder, folder: Path, *, runs: int) -> Result:
    """``values["wall"]`` is that on two cores as part of that on one: 0.5 where both are busy."""
    sides = [
        Side(TWO, partial(on_cores, 2, title, ladder)),
        Side(ONE, partial(on_cores, 1, title, ladder)),
    ]
    rounds = alternate(sides, folder, runs=runs)
    expected = quality.frames(title.path)
    for side in (TWO, ONE):
        found = [quality.frames(p) for p in ladders.our_playlists(folder / side)]
        assert found == [expected] * len(ladder.rungs), f"{side}: {found} of {expected} pictures"
    result = compared("cores", ladder.label, title, rounds, ours=TWO, peers=[ONE])
    shutil.rmtree(folder)
    return keep(result, title)


def test_one_core_makes_the_same_pictures_as_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "FILE", tmp_path / "records.jsonl")
    ladder = Ladder(codec="libx264", preset="ultrafast", rungs=ladders.TINY)
    result = measure(source("tiny"), ladder, tmp_path / "work", runs=1)
    assert result.values["wall"] > 0
    assert result.medians[ONE]["cpu_s"].median > 0
