"""What the engine adds to its decoder and its encoders: threads, queues, frames, scaling, muxing.

Alone means: one process decodes the source to nowhere, and one for each rung encodes raw pictures
of its size, with one thread and the same options, by the FFmpeg program of the same libraries.
Reading those pictures costs the processes alone a little too; start of a process counts on both
sides. Plain encodes of one pass are compared: what sharing saves is not this benchmark's matter.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

from benchmarks import ladders
from benchmarks.ladders import GOP_S, Ladder, Rung
from benchmarks.measure import Command, Side, alternate
from benchmarks.quality import frames
from benchmarks.records import Result, compared, keep
from benchmarks.sources import Source, first_seconds, source
from videngine.plan import PicturePlan, Plan, VideoRenditionPlan

FFMPEG = (shutil.which("ffmpeg") or "ffmpeg", "-v", "error", "-y")
"""The distribution's: it uses the libraries that the engine is linked with."""


def plan(title: Source, ladder: Ladder, folder: Path) -> Plan:
    """The ladder's rungs, each scaled from the source or from one of at least twice its width."""
    pictures, video = [], []
    for n, rung in enumerate(ladder.rungs):
        larger = [i for i in range(n) if ladder.rungs[i].width_px >= 2 * rung.width_px]
        pictures.append(
            PicturePlan(
                id=f"p{n}",
                parent=f"p{larger[-1]}" if larger else None,
                width_px=rung.width_px,
                height_px=rung.height_px,
                frame_rate=title.rate,
            )
        )
        video.append(
            VideoRenditionPlan(
                id=f"v{n}",
                picture=f"p{n}",
                codec=ladder.codec,
                preset=ladder.preset,
                crf=None,
                bitrate_bps=1000 * rung.kbps,
                max_bitrate_bps=1500 * rung.kbps,
                buffer_size_bits=2000 * rung.kbps,
                gop_frames=round(GOP_S * title.rate),
                segment_s=Fraction(GOP_S),
                grid_rate=title.rate,
                threads=1,
                path=str(folder / f"v{n}.mp4"),
            )
        )
    return Plan(
        source_path=str(title.path),
        video_stream=0,
        rotation_deg=0,
        decoder_threads=1,
        pictures=tuple(pictures),
        video=tuple(video),
    )


def engine(title: Source, ladder: Ladder, folder: Path) -> Sequence[Command]:
    """The engine's process, on a plan of its own."""
    wanted = {"operation": "transcode", "plan": plan(title, ladder, folder).to_json()}
    request = folder / "request.json"
    request.write_text(json.dumps(wanted))
    return [Command(argv=(sys.executable, "-m", "videngine.child"), stdin=request)]


def raw_pictures(title: Source, rung: Rung, folder: Path) -> Path:
    """The source's pictures at a rung's size, not compressed."""
    target = folder / f"{rung.width_px}x{rung.height_px}.yuv"
    if not target.exists():
        graph = f"scale={rung.width_px}:{rung.height_px}:flags=bicubic,format=yuv420p"
        argv = [*FFMPEG, "-i", str(title.path), "-map", "0:v", "-vf", graph]
        subprocess.run([*argv, "-f", "rawvideo", str(target)], check=True)
    return target


def alone(title: Source, ladder: Ladder, raw: Path, _folder: Path) -> Sequence[Command]:
    """Decoder and encoders, each in a process of its own, one after the other."""
    nowhere = ("-f", "null", "-")
    decode = (*FFMPEG, "-threads", "1", "-i", str(title.path), "-map", "0:v", *nowhere)
    commands = [Command(argv=decode)]
    gop = str(round(GOP_S * title.rate))
    for rung in ladder.rungs:
        argv = [*FFMPEG, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-r", str(title.rate)]
        argv += ["-s", f"{rung.width_px}x{rung.height_px}"]
        argv += ["-i", str(raw_pictures(title, rung, raw)), "-c:v", ladder.codec]
        argv += ["-preset", ladder.preset, "-threads", "1", "-b:v", f"{rung.kbps}k"]
        argv += ["-maxrate", f"{rung.kbps * 3 // 2}k", "-bufsize", f"{2 * rung.kbps}k"]
        argv += ["-g", gop, "-keyint_min", gop, "-sc_threshold", "0", *nowhere]
        commands.append(Command(argv=tuple(argv)))
    return commands


def measure(title: Source, ladder: Ladder, folder: Path, *, runs: int) -> Result:
    """The pictures are encoded in the source's first seconds only: raw ones take much room."""
    title = first_seconds(title, 2)
    raw = folder / "raw"
    raw.mkdir(parents=True)
    for rung in ladder.rungs:
        raw_pictures(title, rung, raw)
    sides = [
        Side("engine", partial(engine, title, ladder)),
        Side("alone", partial(alone, title, ladder, raw)),
    ]
    rounds = alternate(sides, folder, runs=runs)
    expected = frames(title.path)
    for n in range(len(ladder.rungs)):
        assert frames(folder / "engine" / f"v{n}.mp4") == expected
    result = compared("overhead", ladder.label, title, rounds, ours="engine", peers=["alone"])
    shutil.rmtree(folder)
    return keep(result, title)


def test_the_engine_makes_what_its_encoders_make_alone(tmp_path: Path) -> None:
    title, ladder = source("tiny"), Ladder(codec="libx264", preset="veryfast", rungs=ladders.TINY)
    raw = tmp_path / "raw"
    raw.mkdir()
    sides = [
        Side("engine", partial(engine, title, ladder)),
        Side("alone", partial(alone, title, ladder, raw)),
    ]
    rounds = alternate(sides, tmp_path, runs=1)
    assert [frames(tmp_path / "engine" / f"v{n}.mp4") for n in range(2)] == [25, 25]
    assert [file.stat().st_size for file in sorted(raw.iterdir())] == [
        25 * 160 * 90 * 3 // 2,
        25 * 320 * 180 * 3 // 2,
    ]
    assert rounds.ratio("engine", "alone", "cpu_s").median > 0
