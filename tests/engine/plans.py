"""Plans written by hand, so that a test sees the engine and not the planner."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import videngine
from videngine import engine
from videngine.errors import VidengineError
from videngine.plan import (
    AudioRenditionPlan,
    PicturePlan,
    Plan,
    RenditionResult,
    StillPlan,
    VideoRenditionPlan,
)

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
MEDIA = Path(__file__).resolve().parents[1] / "data" / "media"


def picture(width: int = 64, height: int = 64, rate: Any = 24, **more: Any) -> PicturePlan:
    """A picture scaled from the source, ``p0`` if nothing else is said."""
    fields = {"id": "p0", "parent": None, **more}
    return PicturePlan(width_px=width, height_px=height, frame_rate=Fraction(rate), **fields)


def video(folder: Path, *, of: PicturePlan, name: str = "v0", **more: Any) -> VideoRenditionPlan:
    """A rendition of a picture: fast, at CRF 20, in segments of two seconds."""
    fields: dict[str, Any] = {
        "crf": None if "bitrate_bps" in more else 20.0,
        "bitrate_bps": None,
        "max_bitrate_bps": None,
        "buffer_size_bits": None,
        "gop_frames": 1000,
        "segment_s": Fraction(2),
        "grid_rate": of.frame_rate,
        "preset": "ultrafast",
        "threads": 1,
        **more,
    }
    path = str(folder / f"{name}.mp4")
    return VideoRenditionPlan(id=name, picture=of.id, codec="libx264", path=path, **fields)


def audio(
    folder: Path, *, stream: int | None = 1, name: str = "a0", **more: Any
) -> AudioRenditionPlan:
    """A mono sound at 48 kHz in segments of two seconds."""
    fields: dict[str, Any] = {
        "codec": "aac",
        "bitrate_bps": 96_000,
        "sample_rate_hz": 48_000,
        "layout": LAYOUTS[more.pop("channels", 1)],
        "segment_s": Fraction(2),
        "language": "",
        **more,
    }
    path = str(folder / f"{name}.mp4")
    return AudioRenditionPlan(id=name, stream=stream, path=path, **fields)


def still(folder: Path, time_s: Fraction, *, name: str = "s0", **more: Any) -> StillPlan:
    """A PNG of a film's size."""
    fields: dict[str, Any] = {
        "width_px": 64,
        "height_px": 64,
        "format": "png",
        "quality": 85,
        **more,
    }
    path = str(folder / f"{name}.{fields['format']}")
    return StillPlan(id=name, time_s=time_s, path=path, **fields)


@dataclass(kw_only=True)
class Made:
    """What the engine made of a plan: results by id, its counts, its warnings."""

    results: dict[str, RenditionResult] = field(default_factory=dict)
    stats: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        return Path(self.results[name].path)


def run(source: Path, **parts: Any) -> Made:
    """Run a plan in the engine's child process."""
    made = Made()

    def on_event(event: dict[str, Any]) -> None:
        if event["event"] == "finished":
            made.stats.update({n: event[n] for n in ("frames", "decodes", "encodes")})
        elif event["event"] == "warning":
            made.warnings.append(event["code"])
        elif event["event"] == "rendition_failed":
            raise VidengineError.from_json(event["error"])

    results = engine.transcode(
        plan_of(source, **parts), on_event=on_event, stop=lambda: False, timeout_s=60
    )
    made.results.update({r.id: r for r in results})
    return made


def plan_of(source: Path, **parts: Any) -> Plan:
    """A plan for the first stream's picture, upright."""
    fields: dict[str, Any] = {"video_stream": 0, "rotation_deg": 0, "decoder_threads": 2, **parts}
    return Plan(source_path=str(source), **fields)


def transcode(
    source: Path, folder: Path, *outputs: dict[str, Any], cores: int = 0
) -> videngine.Report:
    """Run a whole job, planned for so many cores; output i goes to the folder ``i``."""
    entries = [
        {**output, "destination": {"type": "file", "path": str(folder / str(i))}}
        for i, output in enumerate(outputs)
    ]
    job = {
        "video_id": "test",
        "source": {"type": "file", "path": str(source)},
        "format": entries,
    }
    settings = videngine.Settings(
        state_dir=folder / "state", default_preset="ultrafast", cores=cores
    )
    return videngine.transcode(job, settings=settings)
