"""What a job tells of itself: `Progress` while it runs, a `Report` when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from videngine.errors import Fault
from videngine.outputs import OutputPlan, OutputReport
from videngine.plan import Plan, RenditionResult


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job is; ``fraction`` is of the whole job, 0 to 1, and never goes back.

    ``phase`` is downloading, probing, analyzing, encoding, packaging or uploading; ``outputs``
    holds (index, status, fraction).
    """

    phase: str
    fraction: float
    outputs: tuple[tuple[int, str, float], ...] = ()


@dataclass(kw_only=True)
class Report:
    """The end of a job: what was made of what, and what it took.

    ``partial`` says that outputs which may fail did. ``duration`` is the source's in seconds,
    ``size`` all outputs' and ``raw_size`` the source's bytes; ``timings`` holds seconds by stage;
    ``stats`` counts decodes and encodes; ``payload`` is the caller's.
    """

    status: str  # completed, failed
    partial: bool = False
    outputs: list[OutputReport] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    error: dict[str, str] | None = None
    source_info: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    duration: float = 0.0
    size: int = 0
    raw_size: int = 0
    stats: dict[str, int] = field(default_factory=dict)
    payload: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            **vars(self),
            "outputs": [output.to_json() for output in self.outputs],
            "warnings": [warning.to_json() for warning in self.warnings],
        }


def begin_report(
    output: OutputPlan, plan: Plan, results: dict[str, RenditionResult]
) -> OutputReport:
    """What is known of an output before it is packaged: its renditions, what was left out."""
    crfs = {video.id: video.crf for video in plan.video}
    sizes = {r.video: r for r in output.rungs}
    renditions = []
    for result in (results[i] for i in output.renditions if i in results):
        seconds = float(result.duration_s)
        row: dict[str, Any] = {
            "id": result.id,
            "kind": result.kind,
            "size": result.size_bytes,
            "duration": round(seconds, 3),
            "bitrate": round(result.size_bytes * 8 / seconds) if seconds else 0,
            "codec": result.codec_string,
        }
        if rung := sizes.get(result.id):
            row |= {
                "width": rung.width_px,
                "height": rung.height_px,
                "frame_rate": str(rung.frame_rate),
                "crf_used": crfs[rung.video],
            }
            if rung.chosen:
                row |= vars(rung.chosen)
        renditions.append(row)
    return OutputReport(
        index=output.index,
        output=output.output,
        status="processing",
        duration=max((r["duration"] for r in renditions), default=0.0),
        renditions=renditions,
        warnings=[
            *({"path": s.path, "code": s.code, "message": s.message} for s in output.skipped),
            *_caption_warnings(output, results),
        ],
    )


def _caption_warnings(
    output: OutputPlan, results: dict[str, RenditionResult]
) -> Iterator[dict[str, str]]:
    asked = [results[r.video] for r in output.rungs if r.captions and r.video in results]
    if asked and not all(result.captions for result in asked):
        message = "There are no captions within the source's picture, or its encoder takes none."
        path = f"format[{output.index}].subtitles.copy"
        yield {"path": path, "code": "no_captions", "message": message}


def complete_report(
    report: OutputReport, output: OutputPlan, packaged: dict[str, Any], uploaded: dict[str, Any]
) -> None:
    """Put down what was stored of an output, and where."""
    files = uploaded["files"]
    report.status, report.progress = "completed", 100.0
    report.files = files
    report.destinations = uploaded["destinations"]
    named = [f["url"] for f in files if f["key"].endswith(output.entries)]
    # Without a playlist every file counts.
    report.urls = named[-len(output.entries) :] if output.name else named
    report.size = sum(f["size"] for f in files)
    report.warnings += uploaded["warnings"]
    vars(report).update(packaged["facts"])


def add_scores(report: OutputReport, measured: dict[str, Any]) -> None:
    """Put measured scores beside the renditions that they are of."""
    report.warnings += measured["warnings"]
    for row in report.renditions:
        if scores := measured["scores"].get(row["id"]):
            row |= {"vmaf": scores["vmaf"]["mean"], "psnr": scores["psnr_y"]["mean"]}
