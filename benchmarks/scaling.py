"""Ways of scaling a ladder: each rung from the next larger one, or each from the source.

A third is between them: each rung from the smallest larger one of at least twice its width.

``python -m benchmarks.scaling`` prints the table of docs/scaling.md. VMAF and PSNR compare a rung,
scaled up to the source's size, with the source; CPU is that of the whole engine process (decode,
scaling, a very fast encode), as the median of alternating runs.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from benchmarks.machine import ffmpeg
from benchmarks.sources import MEDIA
from videngine import engine
from videngine.media import Stream
from videngine.plan import PicturePlan, Plan, VideoRenditionPlan

RUNS = int(os.environ.get("VIDENGINE_BENCH_RUNS", "5"))
CRF = 10.0  # near transparent: what differs is the scaling, not the encoder


@dataclass(frozen=True)
class Case:
    """A clip, the part that is measured, and its rungs, the largest first."""

    clip: str
    start_s: Fraction
    duration_s: Fraction
    rungs: tuple[tuple[int, int], ...]


CASES = (
    Case(
        "bbb_720p24_20s.mp4",
        Fraction(0),
        Fraction(10),
        ((960, 540), (640, 360), (426, 240), (256, 144)),
    ),
    Case(
        "phone_1080p_vfr_VID_20191220.mp4",
        Fraction(0),
        Fraction(3, 2),
        ((1280, 720), (854, 480), (640, 360), (426, 240)),
    ),
)


WAYS = ("steps", "halves", "source")


def parent(case: Case, n: int, way: str) -> str | None:
    """The picture that rung n is scaled from; None for the source."""
    least = {"steps": 1, "halves": 2}.get(way)
    if least is None:
        return None
    width = case.rungs[n][0]
    larger = [i for i in range(n) if case.rungs[i][0] >= least * width]
    return f"p{larger[-1]}" if larger else None


def plan(case: Case, stream: Stream, folder: Path, way: str) -> Plan:
    """The ladder, scaled in one of the ways."""
    rate = Fraction(round(stream.frame_rate))
    pictures = tuple(
        PicturePlan(
            id=f"p{n}",
            parent=parent(case, n, way),
            width_px=width,
            height_px=height,
            frame_rate=rate,
            start_s=case.start_s,
            duration_s=case.duration_s,
        )
        for n, (width, height) in enumerate(case.rungs)
    )
    video = tuple(
        VideoRenditionPlan(
            id=f"v{n}",
            picture=f"p{n}",
            codec="libx264",
            preset="ultrafast",
            crf=CRF,
            bitrate_bps=None,
            max_bitrate_bps=None,
            buffer_size_bits=None,
            gop_frames=250,
            segment_s=Fraction(6),
            grid_rate=rate,
            threads=1,
            path=str(folder / f"v{n}.mp4"),
        )
        for n in range(len(case.rungs))
    )
    return Plan(
        source_path=str(MEDIA / case.clip),
        video_stream=stream.index,
        rotation_deg=0,
        decoder_threads=1,
        pictures=pictures,
        video=video,
    )


def cpu_s(wanted: Plan) -> float:
    """CPU seconds of the engine's process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    engine.transcode(wanted, on_event=lambda _: None, stop=lambda: False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def quality(case: Case, stream: Stream, distorted: Path, report: Path) -> tuple[float, float]:
    """VMAF and PSNR (dB, luma), means."""
    rate = round(stream.frame_rate)
    even = f"fps={rate},format=yuv420p,settb=AVTB,setpts=PTS-STARTPTS"
    size = f"{stream.width_px}:{stream.height_px}"
    graph = (
        f"[0:v]scale={size}:flags=bicubic,{even}[d];[1:v]{even}[r];[d][r]libvmaf=n_threads=2:"
        f"feature=name=psnr:log_fmt=json:log_path={report}:shortest=1"
    )
    command = [ffmpeg(), "-v", "error", "-i", str(distorted)]
    command += ["-t", str(float(case.duration_s)), "-i", str(MEDIA / case.clip)]
    subprocess.run([*command, "-lavfi", graph, "-f", "null", "-"], check=True)
    means = json.loads(report.read_text())["pooled_metrics"]
    return means["vmaf"]["mean"], means["psnr_y"]["mean"]


def measure(case: Case, folder: Path) -> None:
    """Print one clip's rows."""
    stream = engine.probe(MEDIA / case.clip).video
    assert stream is not None
    ways = {name: folder / name for name in WAYS}
    plans = {}
    for name, target in ways.items():
        target.mkdir()
        plans[name] = plan(case, stream, target, name)
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, wanted in plans.items():
            costs[name].append(cpu_s(wanted))
    cpu = [f"{statistics.median(runs):.2f} s" for runs in costs.values()]
    print(f"| {case.clip} | all: CPU | {' | '.join(cpu)} |", flush=True)
    for n, (width, height) in enumerate(case.rungs):
        found = [
            quality(case, stream, target / f"v{n}.mp4", folder / "vmaf.json")
            for target in ways.values()
        ]
        cells = " | ".join(f"{vmaf:.2f} / {psnr:.2f}" for vmaf, psnr in found)
        print(f"| | {width}x{height}: VMAF / PSNR | {cells} |", flush=True)


def main() -> int:
    """Print the table."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, median of {RUNS} runs\n")
    print(f"| clip | what | {' | '.join(WAYS)} |\n|---|---|---|---|---|")
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            measure(case, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
