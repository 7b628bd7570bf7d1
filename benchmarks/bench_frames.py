"""Frames in Python beside other libraries and FFmpeg's command; every goal beside what was reached.

Sides take turns, in another order each round; ratios are medians of those of the same round.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.frame_readers import RANDOM_FRAMES, SIDES
from benchmarks.machine import BUILD
from benchmarks.measure import Command, run
from benchmarks.report import machine
from benchmarks.sources import FILM_24, FILM_25

TASKS = {
    "planes": "all planes in turn",
    "rgb": "all frames as 8-bit RGB",
    "busy": "all frames beside a busy Python thread",
    "random": "40 random frames",
}
COMMAND = "ffmpeg -f null"

Runs = dict[tuple[str, str], list[dict[str, float]]]
"""What each side took for each task, round by round."""


@dataclass(frozen=True)
class Goal:
    """How many times as fast as another side we have to be."""

    task: str
    peer: str
    least: float


GOALS = (
    Goal("planes", COMMAND, 1.0),
    *(
        Goal(task, peer, least)
        for peer in ("PyAV", "PyAV, AUTO threads")
        for task, least in (("planes", 1.3), ("rgb", 1.5), ("random", 10), ("busy", 2))
    ),
)


def _command(clip: Path) -> dict[str, float]:
    """The FFmpeg of this system, whose libraries the engine is built with."""
    command = ("ffmpeg", "-v", "error", "-nostdin", "-i", str(clip), "-map", "0:v:0")
    cost = run(Command(argv=(*command, "-f", "null", "-")))
    return {"frames": 0, "seconds": cost.wall_s, "cpu_s": cost.cpu_s}


def _read(side: str, task: str, clip: Path) -> dict[str, float] | None:
    command = [sys.executable, "-m", "benchmarks.frame_readers", side, task, str(clip)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] | None = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(clip: Path, *, runs: int) -> Runs:
    """All sides and tasks, in turns."""
    sides = list(SIDES)
    found: Runs = {}
    for task, what in TASKS.items():
        for n in range(runs):
            print(f"measuring {what}, round {n + 1} ...", file=sys.stderr, flush=True)
            turn = [*sides[n % len(sides) :], *sides[: n % len(sides)]]
            if task == "planes":
                found.setdefault((task, COMMAND), []).append(_command(clip))
            for side in turn:
                took = _read(side, task, clip)
                if took is not None:
                    found.setdefault((task, side), []).append(took)
    count = found[("planes", "videngine")][0]["frames"]
    for task in ("planes", "rgb", "busy"):
        assert all(took["frames"] == count for took in found[(task, "videngine")]), task
    assert all(took["right"] == took["frames"] for took in found[("random", "videngine")])
    for took in found[("planes", COMMAND)]:
        took["frames"] = count
    return found


def ratio(runs: Runs, task: str, peer: str) -> float:
    """How many times as fast as a peer we are, in the median round."""
    pairs = zip(runs[(task, "videngine")], runs[(task, peer)], strict=True)
    return statistics.median(_rate(ours) / _rate(theirs) for ours, theirs in pairs)


def _rate(took: dict[str, float]) -> float:
    return took["frames"] / took["seconds"]


def text(runs: Runs) -> str:
    """Frames a second of every side, and the goals."""
    lines = [machine(), "", "| | side | frames/s | videngine is | CPU ms a frame | frames |"]
    lines += ["|---|---|---|---|---|---|"]
    for (task, side), rounds in runs.items():
        rate = statistics.median(_rate(took) for took in rounds)
        factor = "" if side == "videngine" else f"{ratio(runs, task, side):.2f}x as fast"
        given = f"{rounds[0]['frames']:.0f}"
        right = f"{rounds[0]['right']:.0f} of {given} right" if task == "random" else given
        cpu = 1000 * statistics.median(took["cpu_s"] / took["frames"] for took in rounds)
        lines.append(f"| {TASKS[task]} | {side} | {rate:.0f} | {factor} | {cpu:.2f} | {right} |")
    absent = [side for side in SIDES if not any(side == known for _, known in runs)]
    lines += ["", f"Not installed: {', '.join(absent)}."] if absent else []
    lines += ["", "| goal | reached | |", "|---|---|---|"]
    for goal in GOALS:
        reached = ratio(runs, goal.task, goal.peer)
        verdict = "met" if reached >= goal.least else "missed"
        what = f"{TASKS[goal.task]}: ≥ {goal.least}x {goal.peer}"
        lines.append(f"| {what} | {reached:.2f}x | {verdict} |")
    return "\n".join(lines)


def test_frames_are_counted_and_those_at_random_are_right() -> None:
    for task in TASKS:
        took = _read("videngine", task, FILM_25)
        assert took is not None
        assert took["frames"] == (RANDOM_FRAMES if task == "random" else 132), task
        assert took.get("right", RANDOM_FRAMES) == RANDOM_FRAMES


def test_every_goal_is_printed_beside_what_was_reached() -> None:
    took = {"frames": 40.0, "seconds": 1.0, "cpu_s": 1.0, "right": 40.0}
    runs = {(goal.task, side): [took] for goal in GOALS for side in ("videngine", goal.peer)}
    shown = text(runs)
    for goal in GOALS:
        assert f"{TASKS[goal.task]}: ≥ {goal.least}x {goal.peer} | 1.00x |" in shown
    assert "Not installed: torchcodec" in shown


def main(*, runs: int, clip: Path = FILM_24) -> None:
    """Measure, print, and keep the record."""
    found = measure(clip, runs=runs)
    print(text(found))
    BUILD.mkdir(parents=True, exist_ok=True)
    record = [{"task": t, "side": s, "rounds": r} for (t, s), r in found.items()]
    (BUILD / "frames.json").write_text(json.dumps(record, indent=1))
