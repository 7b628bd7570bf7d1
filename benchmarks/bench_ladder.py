"""A ladder as HLS: ours against FFmpeg's best single command, a command a rung, Shaka Streamer."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest

from benchmarks import ladders, peers, quality, records
from benchmarks.ladders import Ladder
from benchmarks.machine import facts
from benchmarks.measure import Command, Side, alternate, run
from benchmarks.quality import Point
from benchmarks.records import Result, compared, keep
from benchmarks.sources import Source, source

OURS = "videngine"
FACTORS = (Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(3, 2))
"""Rates of the curves that BD-rate compares, relative to the ladder's."""

WITHOUT_SOUND = ("grain", "sport", "hdr4k")


@dataclass(frozen=True)
class Way:
    """One way to a ladder, and where its rungs' media playlists are afterwards."""

    name: str
    commands: Callable[[Source, Ladder, Path], Sequence[Command]]
    playlists: Callable[[Path, Ladder], list[Path]]
    once: bool = False

    def side(self, title: Source, ladder: Ladder) -> Side:
        return Side(self.name, partial(self.commands, title, ladder), once=self.once)


def ways(title: Source, *, shaka: bool = False) -> tuple[Way, ...]:
    """Ours first. Shaka Streamer's preset cannot be chosen: it is there for a ladder of that."""
    sound = title.name.split("-")[0] not in WITHOUT_SOUND
    single = partial(peers.single_command, sound=sound)
    found = [
        Way(OURS, ladders.our_ladder, lambda folder, _: ladders.our_playlists(folder)),
        Way("ffmpeg", single, peers.playlists),
        Way("ffmpeg, 1 thread", partial(single, options=("-threads:v", "1")), peers.playlists),
        Way(
            "ffmpeg each",
            partial(peers.command_each, sound=sound),
            partial(peers.playlists, each=True),
            once=True,
        ),
    ]
    if shaka:
        found.append(
            Way(
                "shaka-streamer",
                partial(peers.shaka_streamer, sound=sound),
                peers.shaka_playlists,
                once=True,
            )
        )
    return tuple(found)


def key(title: Source, ladder: Ladder) -> str:
    """Of what `measure` gives."""
    return Result(bench="ladder", case=ladder.label, source=title.name).key


def measure(
    title: Source, ladder: Ladder, folder: Path, *, runs: int, curves: bool, each: bool = True
) -> Result:
    """Cost of every way, in turns; with ``curves`` also rate and quality, ours and FFmpeg's."""
    chosen = ways(title, shaka=ladder.preset == peers.SHAKA_PRESET and ladder.codec == "libx264")
    chosen = tuple(way for way in chosen if each or way.name != "ffmpeg each")
    rounds = alternate([way.side(title, ladder) for way in chosen], folder, runs=runs)
    expected = quality.frames(title.path)
    for way in chosen:
        for playlist in way.playlists(folder / way.name, ladder):
            found = quality.frames(playlist)
            assert found == expected, f"{way.name} made {found} of {expected} pictures: {playlist}"
    result = compared(
        "ladder",
        ladder.label,
        title,
        rounds,
        ours=OURS,
        peers=["ffmpeg", "ffmpeg, 1 thread"],
    )
    if curves:
        add_curves(result, title, ladder, chosen[:2], folder / "curves")
    shutil.rmtree(folder)
    return keep(result, title)


def add_curves(
    result: Result, title: Source, ladder: Ladder, chosen: Sequence[Way], folder: Path
) -> None:
    """Encode at all rates and look at every rung; the first way is compared with the second.

    ``values`` gets ``bd_rate``, the mean over the rungs in percent, ``bd_rate_worst``, and
    ``rate_error``, the largest deviation of our rungs from the asked rate at factor 1 in percent.
    """
    for way in chosen:
        rungs: list[list[Point]] = [[] for _ in ladder.rungs]
        for factor in FACTORS:
            target = folder / way.name / f"{float(factor):g}"
            target.mkdir(parents=True)
            scaled = ladder.at(factor)
            for command in way.commands(title, scaled, target):
                run(command)
            points = quality.measure(title, way.playlists(target, scaled), target)
            for rung, point in zip(rungs, points, strict=True):
                rung.append(point)
            shutil.rmtree(target)
        result.curves[way.name] = rungs
    mine, theirs = (result.curves[way.name] for way in chosen[:2])
    found = [quality.bd_rate(b, a) for a, b in zip(mine, theirs, strict=True)]
    rates = [rate for rate, overlap in found if overlap >= quality.LEAST_OVERLAP]
    if rates:
        result.values["bd_rate"] = statistics.mean(rates)
        result.values["bd_rate_worst"] = max(rates)
    result.values["bd_rungs"] = len(rates)
    one = FACTORS.index(Fraction(1))
    result.values["rate_error"] = max(
        abs(100 * (points[one].bps / (1000 * rung.kbps) - 1))
        for points, rung in zip(mine, ladder.rungs, strict=True)
    )


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_every_way_to_a_ladder_makes_the_same_pictures(
    codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "FILE", tmp_path / "records.jsonl")
    title = source("tiny")
    ladder = Ladder(codec=codec, preset="ultrafast", rungs=ladders.TINY)
    chosen = ways(title, shaka=codec == "libx264")
    rounds = alternate([way.side(title, ladder) for way in chosen], tmp_path, runs=1)
    for way in chosen:
        playlists = way.playlists(tmp_path / way.name, ladder)
        assert [quality.frames(p) for p in playlists] == [25, 25]
        assert all(point.vmaf > 20 for point in quality.measure(title, playlists, tmp_path))
        assert rounds.costs[way.name][0].cpu_s > 0
    result = compared("ladder", "test", title, rounds, ours=OURS, peers=["ffmpeg"])
    assert set(result.ratios) == {way.name for way in chosen} - {OURS}
    assert result.values["cpu"] > 0
    keep(result, title)
    assert records.results(records.FILE) == [result]


def test_sides_take_turns_and_some_run_in_the_first_round_only(tmp_path: Path) -> None:
    sides = [
        Side(name, lambda _: [Command(argv=("true",))], once=name == "once")
        for name in ("ours", "theirs", "once")
    ]
    rounds = alternate(sides, tmp_path, runs=3)
    assert {name: len(costs) for name, costs in rounds.costs.items()} == {
        "ours": 3,
        "theirs": 3,
        "once": 1,
    }
    assert rounds.ratio("ours", "once", "wall_s").median > 0


def test_what_this_engine_was_measured_at_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "FILE", tmp_path / "records.jsonl")
    title, ladder = source("tiny"), Ladder(codec="libx264", preset="slow", rungs=ladders.TINY)
    result = Result(bench="ladder", case=ladder.label, source=title.name)
    keep(result, title)
    same = records.results(records.FILE, same=("kind", "engine"))
    assert [found.key for found in same] == [key(title, ladder)]
    line = records.FILE.read_text()
    engine = facts()["engine"]
    records.FILE.write_text(line.replace(engine, "another") + line.replace("slow", "fast"))
    again = records.results(records.FILE, same=("kind", "engine"))
    assert [found.case for found in again] == [ladder.label.replace("slow", "fast")]


def test_bd_rate_of_a_curve_at_twice_the_rate_is_100_percent() -> None:
    curve = [Point(1e6 * n, 60 + 10 * n, 0) for n in (1, 2, 3)]
    doubled = [Point(2 * p.bps, p.vmaf, 0) for p in curve]
    assert quality.bd_rate(curve, doubled) == pytest.approx((100, 1))
    assert quality.bd_rate(doubled, curve) == pytest.approx((-50, 1))
    assert quality.bd_rate(curve, curve) == pytest.approx((0, 1))
    assert quality.bd_rate(curve[:2], [Point(p.bps, p.vmaf + 25, 0) for p in curve])[1] == 0
