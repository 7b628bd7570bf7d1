"""What is made: a ladder with its rate control, and the job that asks the service for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.measure import Command
from benchmarks.sources import Source

SEGMENT_S = 4
GOP_S = 2


@dataclass(frozen=True)
class Rung:
    """One picture of a ladder; its peak rate is 1.5, its buffer 2 times the rate."""

    width_px: int
    height_px: int
    kbps: int


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Rungs of one codec and preset, the largest first; key frames every 2 s, segments of 4 s."""

    codec: str
    preset: str
    rungs: tuple[Rung, ...]

    @property
    def label(self) -> str:
        """The case of a record."""
        return f"{self.codec} {self.preset} {self.rungs[0].height_px}p"

    def at(self, factor: Fraction) -> Ladder:
        """The same with all rates times a factor."""
        rungs = tuple(replace(r, kbps=round(r.kbps * factor)) for r in self.rungs)
        return replace(self, rungs=rungs)


FULL_HD = (Rung(1920, 1080, 5000), Rung(1280, 720, 2800), Rung(960, 540, 1600), Rung(640, 360, 800))
HD = (Rung(1280, 720, 2800), Rung(960, 540, 1600), Rung(640, 360, 800))
UHD = (Rung(3840, 2160, 12000), Rung(2560, 1440, 7000), *FULL_HD[:2])
HEVC = (Rung(1920, 1080, 3500), Rung(1280, 720, 1800), Rung(960, 540, 1200), Rung(640, 360, 600))
TINY = (Rung(320, 180, 300), Rung(160, 90, 100))


def hls_job(title: Source, ladder: Ladder, target: Path) -> dict[str, Any]:
    """The request for a ladder as HLS with sound of its own."""
    return {
        "video_id": "bench",
        "source": {"type": "file", "path": str(title.path)},
        "format": [
            {
                "output": "advanced_hls",
                "segment_duration": SEGMENT_S,
                "keyframe": f"{GOP_S}s",
                "audio_bitrate": 128,
                "stream": [
                    {
                        "video_codec": ladder.codec,
                        "width": r.width_px,
                        "height": r.height_px,
                        "bitrate": r.kbps,
                        "video_codec_parameters": {"preset": ladder.preset},
                    }
                    for r in ladder.rungs
                ],
                "destination": {"type": "file", "path": str(target)},
            }
        ],
    }


def encode(job: Mapping[str, Any], folder: Path, *, settings: Mapping[str, str] = {}) -> Command:
    """The whole command: start of Python, probe, packaging and delivery are in it."""
    path = folder / "job.json"
    path.write_text(json.dumps(job, indent=1))
    argv = (sys.executable, "-m", "videngine", "encode", str(path))
    return Command(
        argv=(*argv, "--report", str(folder / "report.json")),
        env={"VIDENGINE_STATE_DIR": str(folder / "state"), **settings},
    )


def report(folder: Path) -> dict[str, Any]:
    """The report of `encode`; AssertionError unless everything was made."""
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    assert found["status"] == "completed", found["error"]
    assert not found["partial"], [o["error"] for o in found["outputs"]]
    return found


def our_ladder(title: Source, ladder: Ladder, folder: Path) -> Sequence[Command]:
    """The service's way to a ladder; its playlists are those of `our_playlists`."""
    return [encode(hls_job(title, ladder, folder / "hls"), folder)]


def our_playlists(folder: Path) -> list[Path]:
    """The media playlists of the rungs, the largest first."""
    report(folder)
    found = (folder / "hls").glob("video_*/*.m3u8")
    return sorted(found, key=lambda path: -size_bytes(path))


def size_bytes(playlist: Path) -> int:
    """All media segments of a media playlist."""
    names = [line for line in playlist.read_text().splitlines() if line and line[0] != "#"]
    return sum((playlist.parent / name).stat().st_size for name in dict.fromkeys(names))
