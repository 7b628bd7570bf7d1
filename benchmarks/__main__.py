"""``script/bench``: which comparisons to make, on which sources, how often."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import (
    baseline,
    bench_cores,
    bench_frames,
    bench_ladder,
    bench_memory,
    bench_overhead,
    bench_per_title,
    bench_pictures,
    bench_request,
    bench_schedule,
    bench_sprite,
    goals,
    ladders,
    peers,
    report,
)
from benchmarks.ladders import Ladder
from benchmarks.machine import BUILD, kind
from benchmarks.records import Result, every_result, results
from benchmarks.sources import SOURCES, Source, first_seconds, source

VARIED = ("noisy", "animation", "grain", "sport")
CURVES_S = 4
"""Of so much of a title rate and quality are measured: every rung is made at four rates, twice."""
HEVC_S, HEVC_CURVES_S = 5, 2  # it takes four times as long
PRESETS = ("veryfast", "medium")


class Bench:
    """The choices of the command line, and every comparison by its name.

    Args:
        runs: rounds in which all sides take turns.
        sources: titles of the ladders.
        presets: of the H.264 ladders.
        curves: whether quality is measured too.
        seconds: if not 0, ladders are of no more than the beginning of titles.
        long: the title that a sprite is made of.
        done: results that need not be measured again.
    """

    def __init__(
        self,
        *,
        runs: int,
        sources: Sequence[str] = VARIED,
        presets: Sequence[str] = PRESETS,
        curves: bool = True,
        seconds: int = 0,
        long: str = "long",
        done: Sequence[Result] = (),
    ) -> None:
        self._runs = runs
        self._sources = sources
        self._presets = presets
        self._curves = curves
        self._seconds = seconds
        self._long = long
        self._done = {result.key: result for result in done}

    @property
    def by_name(self) -> dict[str, Callable[[Path], list[Result]]]:
        """What each makes, in a folder that is not there yet."""
        return {
            "h264": self.h264,
            "hevc": self.hevc,
            "uhd": self.uhd,
            "request": self.request,
            "pictures": self.pictures,
            "sprite": self.sprite,
            "overhead": self.overhead,
            "memory": self.memory,
            "cores": self.cores,
            "per_title": self.per_title,
            "schedule": self.schedule,
            "shaka": self.shaka,
        }

    def h264(self, folder: Path) -> list[Result]:
        return [
            result
            for preset in self._presets
            for result in self._ladders(
                Ladder(codec="libx264", preset=preset, rungs=ladders.FULL_HD),
                folder,
                costs_of=self._beginnings(None),
                curves_of=self._beginnings(CURVES_S),
            )
        ]

    def hevc(self, folder: Path) -> list[Result]:
        ladder = Ladder(codec="libx265", preset="medium", rungs=ladders.HEVC)
        costs_of, curves_of = self._beginnings(HEVC_S), self._beginnings(HEVC_CURVES_S)
        return self._ladders(ladder, folder, costs_of=costs_of, curves_of=curves_of)

    def uhd(self, folder: Path) -> list[Result]:
        ladder = Ladder(codec="libx264", preset="veryfast", rungs=ladders.UHD)
        return self._ladders(ladder, folder, costs_of=[source("uhd")])

    def shaka(self, folder: Path) -> list[Result]:
        """Of one title, as a tool is compared; its preset is its own, so all sides take that."""
        ladder = Ladder(codec="libx264", preset=peers.SHAKA_PRESET, rungs=ladders.FULL_HD)
        return self._ladders(ladder, folder, costs_of=self._beginnings(None)[:1])

    def _beginnings(self, most_s: int | None) -> list[Source]:
        """The ladders' titles, or so much of them."""
        lengths_s = [length_s for length_s in (most_s, self._seconds) if length_s]
        titles = [source(name) for name in self._sources]
        return [first_seconds(t, min(lengths_s)) for t in titles] if lengths_s else titles

    def _ladders(
        self,
        ladder: Ladder,
        folder: Path,
        *,
        costs_of: Sequence[Source],
        curves_of: Sequence[Source] = (),
    ) -> list[Result]:
        """What is measured for its curves alone has one round."""
        curved = list(curves_of) if self._curves else []
        found = []
        for title in dict.fromkeys((*costs_of, *curved)):
            done = self._done.get(bench_ladder.key(title, ladder))
            curves = title in curved
            if done and (done.curves or not curves):
                continue
            runs = self._runs if title in costs_of else 1
            found.append(
                bench_ladder.measure(title, ladder, folder, runs=runs, curves=curves, each=curves)
            )
        return found

    def request(self, folder: Path) -> list[Result]:
        return [bench_request.measure(folder, runs=self._runs)]

    def pictures(self, folder: Path) -> list[Result]:
        return bench_pictures.measure(folder, runs=self._runs)

    def sprite(self, folder: Path) -> list[Result]:
        return [bench_sprite.measure(source(self._long), folder, runs=self._runs)]

    def overhead(self, folder: Path) -> list[Result]:
        """At the fastest of the presets: there what is added weighs most."""
        ladder = Ladder(codec="libx264", preset=self._presets[0], rungs=ladders.FULL_HD)
        return [
            bench_overhead.measure(source(name), ladder, folder, runs=self._runs)
            for name in self._sources
        ]

    def cores(self, folder: Path) -> list[Result]:
        """Of one title, whole: what is done before and after the encode is the same on both."""
        ladder = Ladder(codec="libx264", preset=self._presets[0], rungs=ladders.FULL_HD)
        return [bench_cores.measure(source(self._sources[0]), ladder, folder, runs=self._runs)]

    def per_title(self, folder: Path) -> list[Result]:
        return bench_per_title.measure(folder, done=self._done)

    def schedule(self, folder: Path) -> list[Result]:
        """Of one title; the others differ little."""
        ladder = Ladder(codec="libx264", preset=self._presets[0], rungs=ladders.FULL_HD)
        return bench_schedule.measure(source(self._sources[0]), ladder, folder)

    def memory(self, folder: Path) -> list[Result]:
        return [bench_memory.measure(source("small-1"), 30, folder)]


QUICK = ("h264", "overhead", "sprite")


def quick(*, store: bool) -> int:
    """Short comparisons in at most five minutes, against the stored ratios."""
    bench = Bench(runs=3, sources=["noisy"], curves=False, seconds=2, long="minute")
    found = {name: _run(bench, [name]) for name in QUICK}
    print(report.text([result for made in found.values() for result in made]))
    if store:
        keys = {result.key for made in found.values() for result in made}
        same = [r for r in every_result(same=("kind", "engine")) if r.key in keys]
        print(f"\nStored in {baseline.store(same)}.")
        return 0
    if not baseline.file().exists():
        print(f"\nNothing is stored for such a machine ({kind()}): nothing to compare")
        print("with. `script/bench --quick --store` stores this run.")
        return 0
    worse = [w for name, made in found.items() for w in _worse_again(bench, name, made)]
    print("\n" + ("\n".join(map(str, worse)) or "No ratio is more than 10 % worse than stored."))
    return 1 if worse else 0


def _worse_again(bench: Bench, name: str, found: Sequence[Result]) -> list[baseline.Regression]:
    """What is worse than stored, twice: one run is good to a tenth, as much as is judged."""
    suspected = {(w.key, w.value) for w in baseline.regressions(found) or ()}
    if not suspected:
        return []
    again = _run(bench, [name])
    print(f"\nOnce more, as a ratio was worse than stored:\n\n{report.text(again)}")
    return [w for w in baseline.regressions(again) or () if (w.key, w.value) in suspected]


def _run(bench: Bench, names: Sequence[str]) -> list[Result]:
    found = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in names:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            found += bench.by_name[name](Path(folder) / name)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 1: a ratio is worse than stored."""
    names = list(Bench(runs=1).by_name)
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="frames (reading frames in Python); ladder (all that follow, and every goal beside "
        f"what was reached), or of: {', '.join(names)}; report: the last results again",
    )
    parser.add_argument("--quick", action="store_true", help="five minutes, against stored ratios")
    parser.add_argument(
        "--store",
        action="store_true",
        help="with --quick: store the ratios, the median of all runs of this engine",
    )
    parser.add_argument("--runs", type=int, default=5, help="rounds (default: 5)")
    titles = [s.name for s in SOURCES]
    parser.add_argument("--source", nargs="+", default=VARIED, choices=titles, metavar="TITLE")
    parser.add_argument("--preset", nargs="+", default=PRESETS, help="of the H.264 ladders")
    parser.add_argument("--seconds", type=int, default=0, help="only the titles' beginning")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out what was measured with this engine already, and show it beside the rest; "
        "with report: only that",
    )
    parser.add_argument("--no-curves", action="store_true", help="leave quality out")
    given = parser.parse_args(argv)
    wrong = set(given.names) - {*names, "ladder", "report", "frames"}
    if wrong or not (given.quick or given.names):
        parser.error(f"unknown: {', '.join(sorted(wrong))}" if wrong else "name what to measure")
    if given.quick:
        return quick(store=given.store)
    if "frames" in given.names:
        bench_frames.main(runs=given.runs)
        if given.names == ["frames"]:
            return 0
    done = results(same=("kind", "engine")) if given.resume else []
    bench = Bench(
        runs=given.runs,
        sources=given.source,
        presets=given.preset,
        curves=not given.no_curves,
        seconds=given.seconds,
        done=done,
    )
    chosen = names if "ladder" in given.names else [n for n in names if n in given.names]
    measured = {result.bench for result in done} - {"ladder", "per_title"}
    found = _run(bench, [name for name in chosen if name not in measured])
    shown = [*done, *found] if given.resume or "report" not in given.names else results()
    print(report.text(shown))
    if {"ladder", "report"} & set(given.names):
        print(f"\n## Goals\n\n{goals.table(shown)}")
    plots = report.plot(shown)
    print(f"\nRecords and {len(plots)} plots are in {BUILD}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
