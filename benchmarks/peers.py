"""What benchmarks share: the peer, CPU time of process trees, medians of alternating runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

MEDIA = Path(__file__).resolve().parent.parent / "tests" / "data" / "media"


def ffmpeg() -> str:
    """The newest FFmpeg that the registries ship: the peer."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds of CPU of the process and all its children, and of wall time."""

    cpu_s: float
    wall_s: float


def run(command: Sequence[str], *, env: dict[str, str] | None = None) -> Cost:
    """Run a command to its end; CalledProcessError with its last output if it fails."""
    began = time.monotonic()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output[-4000:])
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began)


@dataclass(frozen=True)
class Comparison:
    """Ours against the peer's: medians of the ratios of neighbouring runs; below 1 is better."""

    cpu: float
    wall: float
    ours: Cost
    peer: Cost


def compare(ours: Callable[[], Cost], peer: Callable[[], Cost], *, runs: int) -> Comparison:
    """Run the two in turn, so that a machine whose speed drifts favours neither."""
    pairs = [(ours(), peer()) for _ in range(runs)]
    median = statistics.median
    return Comparison(
        cpu=median(a.cpu_s / b.cpu_s for a, b in pairs),
        wall=median(a.wall_s / b.wall_s for a, b in pairs),
        ours=Cost(median(a.cpu_s for a, _ in pairs), median(a.wall_s for a, _ in pairs)),
        peer=Cost(median(b.cpu_s for _, b in pairs), median(b.wall_s for _, b in pairs)),
    )
