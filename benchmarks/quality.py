"""How good a rendition is: VMAF against the source, and BD-rate between two rate-quality curves."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.ladders import size_bytes
from benchmarks.machine import ffmpeg
from benchmarks.sources import Source

LEAST_OVERLAP = 0.75
"""Part of the two curves' range of quality that both must cover: below, the methods disagree."""


@dataclass(frozen=True)
class Point:
    """One rendition: its real rate, and VMAF as mean and as the worst of the frames looked at."""

    bps: float
    vmaf: float
    worst: float


# Where only one of the two says what its colours are, FFmpeg would convert the other's pixels.
_ALIKE = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"


def frames(file: Path) -> int:
    """How many pictures decode without an error."""
    command = [ffmpeg(), "-v", "error", "-xerror", "-i", str(file), "-map", "0:v:0"]
    command += ["-fps_mode", "passthrough", "-progress", "-", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(re.findall(r"^frame=\s*(\d+)", done.stdout, re.MULTILINE)[-1])


def measure(
    title: Source, playlists: Sequence[Path], folder: Path, *, every: int = 1
) -> list[Point]:
    """VMAF of each rendition, scaled up to the source's size.

    Only of long titles may ``every`` leave pictures out: P and B pictures differ by several points,
    and 20 of 99 pictures may be more of one kind on one side (rates were up to 5 % off by that).
    Pictures are paired by their numbers: the container's times may be rounded, and the callers
    make sure that as many come out as went in. The source is decoded once for all of them.
    """
    count = len(playlists)
    number = f"format=yuv420p,settb=1/{title.rate.numerator},setpts=N*{title.rate.denominator}"
    size = f"{title.width_px}:{title.height_px}"
    graph = [f"[0:v]{_ALIKE},{number},split={count}" + "".join(f"[r{n}]" for n in range(count))]
    logs = [folder / f"vmaf{n}.json" for n in range(count)]
    for n, log in enumerate(logs):
        graph.append(f"[{n + 1}:v]{_ALIKE},scale={size}:flags=bicubic,{number}[d{n}]")
        graph.append(
            f"[d{n}][r{n}]libvmaf=n_threads=2:n_subsample={every}:log_fmt=json:log_path={log}[o{n}]"
        )
    command = [ffmpeg(), "-v", "error", "-i", str(title.path)]
    command += [word for playlist in playlists for word in ("-i", str(playlist))]
    command += ["-filter_complex", ";".join(graph)]
    command += [
        word for n in range(count) for word in ("-map", f"[o{n}]", "-c:v", "wrapped_avframe")
    ]
    subprocess.run([*command, "-f", "null", "-"], check=True, stdin=subprocess.DEVNULL)
    points = []
    for playlist, log in zip(playlists, logs, strict=True):
        means = json.loads(log.read_text())["pooled_metrics"]["vmaf"]
        seconds = Fraction(frames(playlist)) / title.rate
        points.append(Point(float(8 * size_bytes(playlist) / seconds), means["mean"], means["min"]))
    return points


def bd_rate(anchor: Sequence[Point], test: Sequence[Point]) -> tuple[float, float]:
    """Percent more bits that ``test`` needs for the same VMAF (negative: fewer), and the overlap.

    Bjøntegaard's rate difference: both curves as log rate over VMAF, interpolated by piecewise
    cubic Hermite polynomials that keep the data monotone (PCHIP, Fritsch and Carlson 1980),
    averaged over the range of VMAF that both have. The overlap is that range as a part of the
    whole range of both.
    """
    curves = [_curve(points) for points in (anchor, test)]
    low = max(x[0] for x, _ in curves)
    high = min(x[-1] for x, _ in curves)
    whole = max(x[-1] for x, _ in curves) - min(x[0] for x, _ in curves)
    if high <= low:
        return float("nan"), 0.0
    at = np.linspace(low, high, 2001)
    logs = [_pchip(x, y, at) for x, y in curves]
    mean = float(np.trapezoid(logs[1] - logs[0], at) / (high - low))
    return 100 * (float(np.exp(mean)) - 1), float((high - low) / whole)


Vector = NDArray[np.float64]


def _curve(points: Sequence[Point]) -> tuple[Vector, Vector]:
    """VMAF and log rate, in the order of VMAF, without points that are no better for more bits."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda p: p.bps):
        if not kept or point.vmaf > kept[-1].vmaf:
            kept.append(point)
    return np.array([p.vmaf for p in kept]), np.log([p.bps for p in kept])


def _pchip(x: Vector, y: Vector, at: Vector) -> Vector:
    width, slope = np.diff(x), np.diff(y) / np.diff(x)
    tangent = np.zeros_like(y)
    if len(x) == 2:
        tangent[:] = slope[0]
    else:
        before, behind = slope[:-1], slope[1:]
        first, second = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
        rising = before * behind > 0
        inner = np.zeros_like(before)
        inner[rising] = (first + second)[rising] / (first / before + second / behind)[rising]
        tangent[1:-1] = inner
        tangent[0] = _end(width[0], width[1], slope[0], slope[1])
        tangent[-1] = _end(width[-1], width[-2], slope[-1], slope[-2])
    n = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    h = width[n]
    t = (at - x[n]) / h
    result: Vector = (
        (1 + 2 * t) * (1 - t) ** 2 * y[n]
        + t * (1 - t) ** 2 * h * tangent[n]
        + t**2 * (3 - 2 * t) * y[n + 1]
        + t**2 * (t - 1) * h * tangent[n + 1]
    )
    return result


def _end(h0: float, h1: float, s0: float, s1: float) -> float:
    """The tangent at an end: three points' parabola, held to the data's direction."""
    tangent = ((2 * h0 + h1) * s0 - h0 * s1) / (h0 + h1)
    if tangent * s0 <= 0:
        return 0.0
    return 3 * s0 if s0 * s1 <= 0 and abs(tangent) > 3 * abs(s0) else tangent
