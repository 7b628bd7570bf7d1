"""A ladder that suits the title against the fixed one: bits at equal VMAF, and what trials cost.

Both are made by the same engine at the same preset. The fixed ladder has the usual rates; the
suited one has the same sizes, and these rates as its limits.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks import ladders, quality
from benchmarks.ladders import Ladder, size_bytes
from benchmarks.records import Result, keep
from benchmarks.sources import Source, source
from videngine import Settings
from videngine.flow import run_job
from videngine.local import LocalRun
from videngine.spec import parse_job

SIDES = ("fixed", "suited")
TITLES = ("minute", "spoken", "grain-720", "sport-720")
"""Of about a minute: of shorter titles too, a second is tried at least."""


class MeasuredRun(LocalRun):
    """A run that notes the CPU seconds of every step, its child processes' included."""

    def __init__(self, folder: Path, preset: str) -> None:
        scratch = folder / "scratch"
        scratch.mkdir()
        self.cpu_s: dict[str, float] = {}
        super().__init__(
            settings=Settings(state_dir=folder / "state", default_preset=preset),
            scratch=scratch,
            on_progress=lambda _: None,
            cancelled=lambda: False,
        )

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        began = _cpu_s()
        result = work()
        self.cpu_s[name] = _cpu_s() - began
        return result


def _cpu_s() -> float:
    """Of this process and its children: those that have ended, and those that are kept."""
    took_s = 0.0
    here = psutil.Process()
    for process in (here, *here.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            t = process.cpu_times()  # "children" are those that have ended
            took_s += t.user + t.system + t.children_user + t.children_system
    return took_s


def job(side: str, title: Source, ladder: Ladder, target: Path) -> dict[str, Any]:
    request = ladders.hls_job(title, ladder, target)
    (output,) = request["format"]
    if side != "fixed":
        output["optimize_bitrate"] = 1
    return request


def make(side: str, title: Source, ladder: Ladder, folder: Path) -> dict[str, float]:
    """One ladder in ``folder/hls``; the CPU seconds of its steps."""
    folder.mkdir(parents=True)
    spec = parse_job(json.dumps(job(side, title, ladder, folder / "hls"))).spec
    run = MeasuredRun(folder, ladder.preset)
    report = run_job(spec, run, anywhere=True)
    assert report.status == "completed", report.error
    return run.cpu_s


def measure_one(title: Source, ladder: Ladder, folder: Path) -> Result:
    """Both ladders of one title.

    ``bits`` are those of the suited ladder as part of the fixed one's, at equal VMAF: both ladders'
    rungs are points of a curve, compared as by BD-rate over the range of VMAF that both have.
    ``top`` are those of the largest rung alone, ``all`` of all rungs. ``analysis`` is the trials'
    CPU as part of the encode's.
    """
    result = _result(title, ladder)
    for side in SIDES:
        cpu_s = make(side, title, ladder, folder / side)
        playlists = list((folder / side / "hls").glob("video_*/*.m3u8"))
        playlists.sort(key=size_bytes, reverse=True)
        result.curves[side] = [quality.measure(title, playlists, folder, every=5)]
        if side == "suited":
            result.values["analysis"] = cpu_s["try"] / cpu_s["encode"]
            result.values["analysis_s"] = cpu_s["try"]
            result.values["encode_s"] = cpu_s["encode"]
        shutil.rmtree(folder / side)
    fixed, suited = (result.curves[side][0] for side in SIDES)
    result.values |= {
        "bits": 1 + quality.bd_rate(fixed, suited)[0] / 100,
        "overlap": quality.bd_rate(fixed, suited)[1],
        "top": suited[0].bps / fixed[0].bps,
        "all": sum(p.bps for p in suited) / sum(p.bps for p in fixed),
    }
    return keep(result, title)


def measure(folder: Path, *, done: Collection[str]) -> list[Result]:
    """All titles but those whose results' keys are ``done``."""
    ladder = Ladder(codec="libx264", preset="medium", rungs=ladders.HD)
    return [
        measure_one(source(name), ladder, folder / name)
        for name in TITLES
        if _result(source(name), ladder).key not in done
    ]


def _result(title: Source, ladder: Ladder) -> Result:
    return Result(bench="per_title", case=f"{ladder.codec} {ladder.preset}", source=title.name)


def test_a_suited_ladder_takes_fewer_bits_for_the_same_vmaf(tmp_path: Path) -> None:
    title = source("tiny")
    rungs = (ladders.Rung(320, 180, 1500), ladders.Rung(160, 90, 600))
    ladder = Ladder(codec="libx264", preset="ultrafast", rungs=rungs)
    result = measure_one(title, ladder, tmp_path / "made")
    assert result.values["top"] < 1
    assert abs(result.curves["suited"][0][0].vmaf - 94) < 3
    assert result.values["analysis_s"] > 0
    assert result.values["encode_s"] > 0.05  # done by a process that is kept
