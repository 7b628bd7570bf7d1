"""The whole flow of a job on one page: ingest → probe → plan → encode → package → upload.

Every stage is a step whose result is small JSON: in the service a finished step is remembered, so
that after a crash the job goes on behind it. Media stays in the job's scratch folder. `local.py`
runs the same flow with no service.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from videngine import engine
from videngine.delivery import Delivery
from videngine.errors import (
    Cancelled,
    EncoderUnavailable,
    Fault,
    InputError,
    VidengineError,
    WorkerLost,
)
from videngine.ingest import fetch_assets, fetch_sources
from videngine.loudness import measure_gains
from videngine.media import MediaInfo
from videngine.outputs import OutputPlan, OutputReport
from videngine.plan import Plan, RenditionResult, first_pass
from videngine.planning import JobPlan, Reel, plan_job, splice, with_gains
from videngine.planning.assets import Asset, Assets, AssetSource, named_assets, named_subtitles
from videngine.report import Report
from videngine.run import Run
from videngine.spec import JobSpec
from videngine.speech.recognition import Recognitions, model_folder
from videngine.tracker import Tracker


def run_job(spec: JobSpec, run: Run, *, anywhere: bool = False) -> Report:
    """Make every output of ``spec``.

    Args:
        spec: the validated request.
        run: who drives the job.
        anywhere: for the command line: files may be anywhere the user may read and write.

    Raises:
        VidengineError: the job failed, by the class of the cause; outputs with ``allow_soft_fail``
            do not raise but leave their reason in the report.
        Cancelled: ``run.cancelled()`` said so.
    """
    tracker = Tracker(run, outputs=len(spec.format))
    timed = partial(_timed, run)
    prepared = prepare(spec, run, tracker, anywhere=anywhere)
    plan, media = prepared.plan, prepared.media
    _refuse_what_cannot_be(plan, run)
    if plan.loudness:
        analysed = timed("analyze", lambda: _analyse(plan, media, run, tracker))
        plan = with_gains(plan, analysed["gains"])
    with Recognitions(plan, run) as recognitions:
        encoded = timed("encode", lambda: _encode(plan, media, run, tracker))
        results = {r["id"]: RenditionResult.from_json(r) for r in encoded["results"]}
        given_up = {name: VidengineError.from_json(e) for name, e in encoded["failures"].items()}

        reports: list[OutputReport] = []
        delivered = {"package": 0.0, "upload": 0.0}
        for output in sorted(plan.outputs, key=_waits_for_others):
            report = _base_report(output, plan.engine, results)
            report.tag, report.user_tag = spec.format[output.index].labels
            try:
                if output.error:
                    raise InputError(output.error["code"], output.error["message"])
                for rendition in output.renditions:
                    if rendition in given_up:
                        raise given_up[rendition]
                deliver = Delivery(
                    spec,
                    output,
                    plan.engine,
                    results,
                    run=run,
                    tracker=tracker,
                    anywhere=anywhere,
                    recognitions=recognitions,
                )
                if output.output == "vmaf":
                    timed(f"measure {output.index}", deliver.measure)
                packaged = timed(f"package {output.index}", deliver.package)
                uploaded = timed(f"upload {output.index}", partial(deliver.upload, packaged))
            except Cancelled:
                raise
            except VidengineError as error:
                if not output.allow_soft_fail:
                    raise
                report.status, report.error = (
                    "failed",
                    {"code": error.code, "message": error.message},
                )
                tracker.output_done(output.index, "failed")
            else:
                report.status, report.progress = "completed", 100.0
                report.files = uploaded["files"]
                report.destinations = uploaded["destinations"]
                named = [f["url"] for f in uploaded["files"] if f["key"].endswith(output.entries)]
                # Without a playlist every file counts.
                report.urls = named[-len(output.entries) :] if output.name else named
                report.size = sum(f["size"] for f in uploaded["files"])
                report.warnings += uploaded["warnings"]
                vars(report).update(packaged["facts"])
                if output.scores and output.output != "vmaf":
                    scored = partial(_scored, output, deliver)
                    _add_scores(report, timed(f"measure {output.index}", scored))
                delivered["package"] += packaged["seconds"]
                delivered["upload"] += uploaded["seconds"]
                tracker.output_done(output.index, "completed")
            reports.append(report)
    reports.sort(key=lambda report: report.index)
    failed = [r for r in reports if r.status == "failed"]
    everything = len(failed) == len(reports)
    return Report(
        status="failed" if everything else "completed",
        partial=not everything and any(map(_is_wanting, reports)),
        outputs=reports,
        warnings=list(plan.warnings),
        error=failed[0].error if everything else None,
        source_info=prepared.source_info,
        timings={
            **prepared.seconds,
            "encode": encoded["seconds"],
            **{stage: round(seconds, 3) for stage, seconds in delivered.items()},
        },
        duration=float(media.duration_s),
        size=sum(r.size for r in reports),
        raw_size=media.size_bytes,
        stats=encoded["stats"],
        payload=spec.payload,
    )


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A job just before its encode. ``seconds`` were spent by stage, ``media`` is what is shown."""

    plan: JobPlan
    media: MediaInfo
    source_info: dict[str, Any]
    seconds: dict[str, float]


def prepare(spec: JobSpec, run: Run, tracker: Tracker, *, anywhere: bool = False) -> Prepared:
    """Fetch and probe what the job names, and plan it. Outputs that cannot be carry an ``error``.

    Raises:
        VidengineError: the source cannot be had or read.
        Cancelled: ``run.cancelled()`` said so.
    """
    timed = partial(_timed, run)
    ingested = timed("ingest", lambda: fetch_sources(spec, run, tracker, anywhere=anywhere))
    sources = [Path(path) for path in ingested["paths"]]
    assets: dict[AssetSource, Asset] = {}
    if places := named_assets(spec):
        subtitles = named_subtitles(spec)
        fetched = timed(
            "assets", lambda: fetch_assets(places, run, anywhere=anywhere, subtitles=subtitles)
        )
        assets = dict(zip(places, map(_asset, fetched["assets"]), strict=True))
    probed = timed("probe", lambda: _probe(sources, run, tracker))
    film = _film(spec, sources, [MediaInfo.from_json(facts) for facts in probed["media"]])
    return Prepared(
        plan=_plan(spec, film, sources[0], assets, run),
        media=film.media,
        source_info=probed["media"][0],
        seconds={"download": ingested["seconds"], "probe": probed["seconds"]},
    )


def _timed(run: Run, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do ``work`` as a step; its result tells the seconds that it took."""

    def measured() -> dict[str, Any]:
        _stop_if_cancelled(run)
        began = time.monotonic()
        return {**work(), "seconds": round(time.monotonic() - began, 3)}

    result: dict[str, Any] = run.step(name, measured)
    return result


def _waits_for_others(output: OutputPlan) -> bool:
    """Whether an output would hold up those behind it: it comes last."""
    return output.speech is not None or bool(output.scores)


def _scored(output: OutputPlan, deliver: Delivery) -> dict[str, Any]:
    """The scores of an output's renditions. The output is there already: a failure is a warning."""
    path = f"format[{output.index}].metrics"
    warnings = [
        {"path": path, "code": "not_comparable", "message": plan.reason}
        for plan in output.scores
        if plan.reason
    ]
    try:
        return {**deliver.measure(), "warnings": warnings}
    except (EncoderUnavailable, WorkerLost) as error:
        warnings.append({"path": path, "code": error.code, "message": error.message})
        return {"scores": {}, "warnings": warnings}


def _add_scores(report: OutputReport, measured: dict[str, Any]) -> None:
    report.warnings += measured["warnings"]
    for row in report.renditions:
        if scores := measured["scores"].get(row["id"]):
            row |= {"vmaf": scores["vmaf"]["mean"], "psnr": scores["psnr_y"]["mean"]}


def _is_wanting(report: OutputReport) -> bool:
    """Whether an output failed, or did at one of its destinations."""
    return "failed" in (report.status, *(fate["status"] for fate in report.destinations))


def _stop_if_cancelled(run: Run) -> None:
    if run.cancelled():
        raise Cancelled


def _asset(fetched: dict[str, Any]) -> Asset:
    path = fetched["path"]
    return Asset(path=Path(path) if path else None, error=fetched["error"])


def _probe(sources: list[Path], run: Run, tracker: Tracker) -> dict[str, Any]:
    tracker.stage("probing", 0.0)
    return {"media": [engine.probe(path, stop=run.cancelled).to_json() for path in sources]}


def _film(spec: JobSpec, sources: list[Path], media: list[MediaInfo]) -> Reel:
    """What the outputs are made of: the one source, or the clips in a row."""
    if spec.stitch is None:
        return Reel(media=media[0], clips=())
    return splice(spec.stitch, media, [str(path) for path in sources])


def _plan(spec: JobSpec, film: Reel, source: Path, assets: Assets, run: Run) -> JobPlan:
    """Plan the job; pure, so a second run of the flow finds the same plan."""
    plan = plan_job(
        spec,
        film.media,
        source_path=str(source),
        assets=assets,
        work_dir=str(run.scratch),
        default_preset=run.settings.default_preset,
        gif_max_s=Fraction(str(run.settings.gif_max_seconds)),
        cores=os.cpu_count() or 1,
    )
    for warning in plan.warnings:
        run.warn(warning)
    return replace(plan, engine=film.in_plan(plan.engine))


def _refuse_what_cannot_be(plan: JobPlan, run: Run) -> None:
    """Raise a failure that no output forgives before anything is encoded."""
    for output in plan.outputs:
        if output.error and not output.allow_soft_fail:
            raise InputError(output.error["code"], output.error["message"])
        if output.speech and not output.allow_soft_fail:
            model_folder(run.settings, output.speech.mode)


def _analyse(job: JobPlan, media: MediaInfo, run: Run, tracker: Tracker) -> dict[str, Any]:
    """Hear how loud sounds are that are to have a certain loudness."""
    length_s = float(media.duration_s) or 1.0
    tracker.stage("analyzing", 0.0)
    gains = measure_gains(
        job.engine,
        job.loudness,
        warn=run.warn,
        progress=lambda time_s: tracker.stage("analyzing", min(time_s / length_s, 1.0)),
        stop=run.cancelled,
        timeout_s=run.settings.job_timeout_s,
    )
    return {"gains": gains}


def _encode(job: JobPlan, media: MediaInfo, run: Run, tracker: Tracker) -> dict[str, Any]:
    """Make all renditions. One that fails ends the job at once if a hard output needs it.

    Outputs with ``allow_soft_fail`` fail alone, later. Renditions of two passes run first, alone:
    their first pass decodes the source once more.
    """
    plan = job.engine
    first = first_pass(plan)
    done, share = 0.0, 0.5 if first else 1.0  # of the work, before and in a run
    failures: dict[str, Any] = {}
    stats = {"decodes": 0, "encodes": 0, "frames": 0}
    length_s = float(media.duration_s) or 1.0

    def on_event(event: dict[str, Any]) -> None:
        match event["event"]:
            case "progress":
                tracker.stage("encoding", done + share * event["time_s"] / length_s)
            case "rendition_failed":
                failures.setdefault(event["id"], event["error"])  # the first pass knows why
                if any(
                    event["id"] in output.renditions and not output.allow_soft_fail
                    for output in job.outputs
                ):
                    raise VidengineError.from_json(event["error"])
            case "warning":
                run.warn(Fault(path="source", code=event["code"], message=event["message"]))
            case "finished":
                stats.update({name: stats[name] + event[name] for name in stats})

    if not plan.makes_something:
        return {"results": [], "failures": {}, "stats": stats}
    tracker.stage("encoding", 0.0)
    timeout_s = run.settings.job_timeout_s
    if first:
        engine.transcode(first, on_event=on_event, stop=run.cancelled, timeout_s=timeout_s)
        done = share
    results = engine.transcode(plan, on_event=on_event, stop=run.cancelled, timeout_s=timeout_s)
    return {"results": [r.to_json() for r in results], "failures": failures, "stats": stats}


def _base_report(
    output: OutputPlan, plan: Plan, results: dict[str, RenditionResult]
) -> OutputReport:
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
