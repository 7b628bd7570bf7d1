"""The sprite of a long video: ours against decoding all of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.ladders import encode, report
from benchmarks.measure import Command, Side, alternate
from benchmarks.peers import FFMPEG
from benchmarks.records import Result, compared, keep
from benchmarks.sources import Source, source

INTERVAL_S = 10


def job(title: Source, folder: Path, *, interval_s: int) -> dict[str, Any]:
    return {
        "video_id": "bench",
        "source": {"type": "file", "path": str(title.path)},
        "format": [
            {
                "output": "thumbnails",
                "image_format": "jpg",
                "interval": interval_s,
                "sprite": True,
                "width": 160,
                "height": 90,
                "destination": {"type": "file", "path": str(folder / "images")},
            }
        ],
    }


def ours(title: Source, interval_s: int, folder: Path) -> Sequence[Command]:
    return [encode(job(title, folder, interval_s=interval_s), folder)]


def decode(title: Source, _folder: Path) -> Sequence[Command]:
    """All pictures, by FFmpeg, to nowhere."""
    argv = (*FFMPEG, "-i", str(title.path), "-map", "0:v", "-f", "null", "-")
    return [Command(argv=argv)]


def sprite(title: Source, interval_s: int, folder: Path) -> Sequence[Command]:
    """FFmpeg's usual command: decode all, keep one picture of every interval, tile."""
    graph = f"fps=1/{interval_s},scale=160:90,tile=10x10"
    argv = (*FFMPEG, "-i", str(title.path), "-vf", graph, "-q:v", "4", str(folder / "%d.jpg"))
    return [Command(argv=argv)]


def measure(title: Source, folder: Path, *, runs: int) -> Result:
    sides = [
        Side("videngine", partial(ours, title, INTERVAL_S)),
        Side("full decode", partial(decode, title)),
        Side("ffmpeg sprite", partial(sprite, title, INTERVAL_S)),
    ]
    rounds = alternate(sides, folder, runs=runs)
    assert report(folder / "videngine")["outputs"][0]["urls"]
    result = compared("sprite", "sprite", title, rounds, ours="videngine", peers=["full decode"])
    shutil.rmtree(folder)
    return keep(result, title)


def test_the_sprite_has_a_picture_of_every_interval(tmp_path: Path) -> None:
    title = source("tiny")
    rounds = alternate([Side("videngine", partial(ours, title, 1))], tmp_path, runs=1)
    assert rounds.costs["videngine"][0].cpu_s > 0
    images = list((tmp_path / "videngine" / "images").rglob("*.jpg"))
    assert len(images) == 1
    assert report(tmp_path / "videngine")["outputs"][0]["urls"]
