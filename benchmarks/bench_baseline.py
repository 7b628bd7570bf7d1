"""The comparison with stored ratios judges what it should."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import baseline
from benchmarks.goals import GOALS, table
from benchmarks.records import Result


def result(**values: float) -> Result:
    return Result(bench="b", case="c", source="s", others=0.5, values=values)


def test_a_ratio_more_than_a_tenth_above_the_stored_one_is_a_regression(tmp_path: Path) -> None:
    assert baseline.regressions([result(cpu=1)], tmp_path) is None  # another kind of machine
    baseline.store([result(cpu=0.8, rss=1, wall=1)], tmp_path)
    assert baseline.regressions([result(cpu=0.87, rss=0.5)], tmp_path) == []
    found = baseline.regressions([result(cpu=0.89, rss=1.2)], tmp_path)
    assert found is not None
    assert [regression.value for regression in found] == ["cpu", "rss"]
    assert str(found[0]) == "b / c / s: cpu 0.890 is 11% above 0.800"


@pytest.mark.parametrize(("again", "fails"), [(1.2, True), (1.0, False)])
def test_a_ratio_fails_when_it_is_worse_twice(
    monkeypatch: pytest.MonkeyPatch, again: float, fails: bool
) -> None:
    def worse(found: Sequence[Result]) -> list[baseline.Regression]:
        return [
            baseline.Regression(key=r.key, value="cpu", stored=1.0, found=r.values["cpu"])
            for r in found
            if r.values["cpu"] > 1.1
        ]

    bench = command.Bench(runs=1)
    monkeypatch.setattr(command, "_run", lambda *_: [result(cpu=again)])
    monkeypatch.setattr(baseline, "regressions", worse)
    assert bool(command._worse_again(bench, "name", [result(cpu=1.2)])) == fails
    assert command._worse_again(bench, "name", [result(cpu=1.0)]) == []


def test_what_is_stored_is_the_median_of_all_runs(tmp_path: Path) -> None:
    baseline.store([result(cpu=0.7), result(cpu=0.9), result(cpu=0.8)], tmp_path)
    assert baseline.regressions([result(cpu=0.88)], tmp_path) == []
    assert baseline.regressions([result(cpu=0.89)], tmp_path)


def test_wall_time_is_judged_on_a_quiet_machine_only(tmp_path: Path) -> None:
    quiet, busy = result(wall=1), result(wall=2)
    quiet.others = 0.01
    baseline.store([quiet], tmp_path)
    assert baseline.regressions([busy], tmp_path) == []
    busy.others = 0.02
    found = baseline.regressions([busy], tmp_path)
    assert found
    assert found[0].value == "wall"


def test_every_goal_is_in_the_table_with_what_was_reached() -> None:
    some = GOALS[0]
    made = Result(bench=some.of[0], case=some.of[1], source="s", values={some.value: 0.5})
    lines = table([made]).splitlines()
    assert len(lines) == 2 + len(GOALS)
    assert lines[2].endswith("| 0.5 | 1 | met |")
    assert all(line.endswith("| not measured | | |") for line in lines[6:])


def test_of_a_title_the_longest_that_was_measured_counts() -> None:
    some = GOALS[0]
    lengths = {"s-2s": 0.9, "s": 0.5, "s-4s": 0.8, "other-4s": 0.7, "other-2s": 1.0}
    made = [
        Result(bench=some.of[0], case=some.of[1], source=source, values={some.value: value})
        for source, value in lengths.items()
    ]
    assert table(made).splitlines()[2].endswith("| 0.6 | 2 | met |")
