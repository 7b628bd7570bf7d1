"""The whole flow of a job on one page: ingest → probe → plan → encode → package → upload.

A title that is to be suited is tried before it is encoded, and planned once more with what that
came to.

Every stage is a step whose result is small JSON: in the service a finished step is remembered, so
that after a crash the job goes on behind it. Media stays in the job's scratch folder. `local.py`
runs the same flow with no service.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from videngine.children import kept_children
from videngine.delivery import Delivery
from videngine.encoding import analyse, curves_of, encode, try_title
from videngine.errors import Cancelled, EncoderUnavailable, InputError, VidengineError, WorkerLost
from videngine.outputs import OutputPlan, OutputReport
from videngine.packaging.beside import PackagingBeside
from videngine.plan import RenditionResult
from videngine.planning import JobPlan, with_gains
from videngine.preparation import prepare
from videngine.report import Report, add_scores, begin_report, complete_report
from videngine.run import Run, output_folder, timed
from videngine.spec import JobSpec
from videngine.speech.recognition import Recognitions, model_folder
from videngine.tracker import Tracker


@kept_children()
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
    step = partial(timed, run)
    prepared = prepare(spec, run, tracker, anywhere=anywhere)
    media = prepared.media
    _refuse_what_cannot_be(prepared.plan, run)
    if prepared.plan.trials:
        tried = step("try", lambda: try_title(prepared.plan, media, run, tracker))
        curves = curves_of(prepared.plan, tried)
        prepared = prepared.knowing(curves, seconds=tried["seconds"])
    plan = prepared.plan
    for warning in plan.warnings:
        run.warn(warning)
    if plan.loudness:
        analysed = step("analyze", lambda: analyse(plan, media, run, tracker))
        plan = with_gains(plan, analysed["gains"])
    beside = PackagingBeside(
        plan, folder_of=lambda o: output_folder(run, o.index), cancelled=run.cancelled
    )
    with Recognitions(plan, run) as recognitions, beside as packaging:
        encoded = step("encode", lambda: encode(plan, media, run, tracker, packaging.begin))
        results = {r["id"]: RenditionResult.from_json(r) for r in encoded["results"]}
        packaging.finish(results)
        given_up = {name: VidengineError.from_json(e) for name, e in encoded["failures"].items()}

        reports: list[OutputReport] = []
        delivered = {"package": 0.0, "upload": 0.0}
        for output in sorted(plan.outputs, key=_waits_for_others):
            report = begin_report(output, plan.engine, results)
            report.tag, report.user_tag = spec.format[output.index].labels
            try:
                _require_renditions(output, given_up)
                deliver = Delivery(
                    spec,
                    output,
                    plan.engine,
                    results,
                    run=run,
                    tracker=tracker,
                    anywhere=anywhere,
                    recognitions=recognitions,
                    packaging=packaging,
                )
                if output.output == "vmaf":
                    step(f"measure {output.index}", deliver.measure)
                packaged = step(f"package {output.index}", deliver.package)
                uploaded = step(f"upload {output.index}", partial(deliver.upload, packaged))
            except Cancelled:
                raise
            except VidengineError as error:
                if not output.allow_soft_fail:
                    raise
                report.status = "failed"
                report.error = {"code": error.code, "message": error.message}
                tracker.output_done(output.index, "failed")
            else:
                complete_report(report, output, packaged, uploaded)
                if output.scores and output.output != "vmaf":
                    scored = partial(_scored, output, deliver)
                    add_scores(report, step(f"measure {output.index}", scored))
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


def _require_renditions(output: OutputPlan, given_up: dict[str, VidengineError]) -> None:
    """Raise why an output cannot be: its plan, or a rendition of it that failed."""
    if output.error:
        raise InputError(output.error["code"], output.error["message"])
    for rendition in output.renditions:
        if rendition in given_up:
            raise given_up[rendition]


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


def _is_wanting(report: OutputReport) -> bool:
    """Whether an output failed, or did at one of its destinations."""
    return "failed" in (report.status, *(fate["status"] for fate in report.destinations))


def _refuse_what_cannot_be(plan: JobPlan, run: Run) -> None:
    """Raise a failure that no output forgives before anything is encoded."""
    for output in plan.outputs:
        if output.error and not output.allow_soft_fail:
            raise InputError(output.error["code"], output.error["message"])
        if output.speech and not output.allow_soft_fail:
            model_folder(run.settings, output.speech.mode)
