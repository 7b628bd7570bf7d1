"""CPU, wall time and memory of process trees; rounds in which the compared take turns."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.machine import busy_s, cores

_SAMPLE_S = 0.05
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
QUIET = 0.05
"""The part of the machine that others may take before a wall time is called disturbed."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One process to be measured, with what it needs beside this process's environment."""

    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stdin: Path = Path(os.devnull)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a run took.

    ``cpu_s`` is user and system time of the processes and all their children; ``peak_rss_bytes``
    the largest sum of their resident sets (sampled every 50 ms; pages that processes share count
    more than once); ``others`` the part of the machine's time that other work took, 0 to 1;
    ``threads`` the CPU seconds by names of threads, as far as the samples saw them.
    """

    cpu_s: float
    wall_s: float
    peak_rss_bytes: int
    others: float = 0.0
    threads: dict[str, float] = field(default_factory=dict)

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        wall_s = self.wall_s + other.wall_s
        others = (self.others * self.wall_s + other.others * other.wall_s) / wall_s
        return Cost(
            cpu_s=self.cpu_s + other.cpu_s,
            wall_s=wall_s,
            peak_rss_bytes=max(self.peak_rss_bytes, other.peak_rss_bytes),
            others=others,
            threads={
                name: self.threads.get(name, 0.0) + other.threads.get(name, 0.0)
                for name in {**self.threads, **other.threads}
            },
        )


class Watch(threading.Thread):
    """Looks at a process tree until told to end. Reads /proc; the tree is not disturbed."""

    def __init__(self, pid: int) -> None:
        super().__init__(name="watch", daemon=True)
        self.peak_rss_bytes = 0
        self.threads: dict[tuple[str, str], float] = {}  # of id and name
        self._pid = pid
        self._done = threading.Event()

    def run(self) -> None:
        count = 0
        while not self._done.wait(_SAMPLE_S):
            tree = list(_tree(self._pid))
            self.peak_rss_bytes = max(self.peak_rss_bytes, sum(map(_rss_bytes, tree)))
            if count % 4 == 0:
                for pid in tree:
                    self.threads.update(_thread_times(pid))
            count += 1

    def end(self) -> dict[str, float]:
        """Stop; CPU seconds by names of threads."""
        self._done.set()
        self.join()
        by_name: dict[str, float] = {}
        for (_, name), seconds in self.threads.items():
            by_name[name] = by_name.get(name, 0.0) + seconds
        return {name: round(seconds, 2) for name, seconds in by_name.items() if seconds}


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))
    except OSError:
        return  # it has ended meanwhile


def _rss_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def _thread_times(pid: int) -> dict[tuple[str, str], float]:
    found = {}
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            head, _, tail = (task / "stat").read_text().rpartition(")")
            ticks = tail.split()
            name = head.partition("(")[2]
            found[(task.name, name)] = (int(ticks[11]) + int(ticks[12])) * _TICK_S
    except OSError:
        pass
    return found


def run(command: Command) -> Cost:
    """Run a command to its end; CalledProcessError with its last output if it fails."""
    busy, began = busy_s(), time.monotonic()
    with (
        command.stdin.open("rb") as stdin,
        subprocess.Popen(
            command.argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **command.env},
            cwd=command.cwd,
        ) as process,
    ):
        watch = Watch(process.pid)
        watch.start()
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - began
    threads = watch.end()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command.argv, output[-4000:])
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(
        cpu_s=cpu_s,
        wall_s=wall_s,
        peak_rss_bytes=max(watch.peak_rss_bytes, usage.ru_maxrss * 1024),
        others=max(0.0, busy_s() - busy - cpu_s) / (wall_s * cores()),
        threads=threads,
    )


@dataclass(frozen=True)
class Side:
    """One of those that are compared: the commands, one after the other, that fill a folder.

    ``once``: only in the first round, as it is there for orientation and no goal is about it.
    """

    name: str
    commands: Callable[[Path], Sequence[Command]]
    once: bool = False


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of several values."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """Quartiles by linear interpolation; of a single value, the value."""
        if len(values) == 1:
            return Spread(values[0], values[0], values[0])
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(statistics.median(values), low, high)


METRICS = ("cpu_s", "wall_s", "peak_rss_bytes")


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """What each side took, round by round."""

    costs: dict[str, list[Cost]]
    argv: dict[str, list[tuple[str, ...]]]

    def spread(self, side: str, metric: str) -> Spread:
        """Of one side; ``metric`` is one of `METRICS`."""
        return Spread.of([getattr(cost, metric) for cost in self.costs[side]])

    def ratio(self, ours: str, peer: str, metric: str) -> Spread:
        """Of two sides, of the ratios of the same round: below 1, ``ours`` takes less."""
        pairs = zip(self.costs[ours], self.costs[peer], strict=False)
        return Spread.of([getattr(a, metric) / getattr(b, metric) for a, b in pairs])

    def best(self, ours: str, peers: Sequence[str], metric: str) -> Spread:
        """Against the peer that takes least of that: the highest of the ratios."""
        return max((self.ratio(ours, p, metric) for p in peers), key=lambda found: found.median)

    @property
    def others(self) -> float:
        """The part of the machine that other work took, in the median run."""
        return statistics.median(cost.others for costs in self.costs.values() for cost in costs)


def alternate(sides: Sequence[Side], folder: Path, *, runs: int) -> Rounds:
    """Let the sides take turns, in another order each round, so that drift favours none.

    What a side made in the last round stays in the folder of its name.
    """
    costs: dict[str, list[Cost]] = {side.name: [] for side in sides}
    argv: dict[str, list[tuple[str, ...]]] = {}
    for n in range(runs):
        for side in [*sides[n % len(sides) :], *sides[: n % len(sides)]]:
            if side.once and n > 0:
                continue
            target = folder / side.name
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            commands = side.commands(target)
            argv[side.name] = [command.argv for command in commands]
            first, *more = (run(command) for command in commands)
            costs[side.name].append(sum(more, first))
    return Rounds(costs=costs, argv=argv)
