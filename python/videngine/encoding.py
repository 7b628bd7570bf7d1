"""The stages in which the engine works: what must be known beforehand, then all renditions."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from videngine import engine
from videngine.errors import Cancelled, Fault, ResourceError, VidengineError
from videngine.media import MediaInfo
from videngine.plan import first_pass
from videngine.planning import JobPlan
from videngine.planning.curves import Curve
from videngine.planning.per_title import Curves
from videngine.run import Run
from videngine.tracker import Tracker


def try_title(job: JobPlan, media: MediaInfo, run: Run, tracker: Tracker) -> dict[str, Any]:
    """Try short windows of the title. Nothing depends on it: where it fails there is a warning."""
    from videngine.planning.trials import trial_runs
    from videngine.quality.vmaf import ffmpeg_with_vmaf
    from videngine.sampling import sample

    tracker.stage("analyzing", 0.0)
    folder = run.scratch / "trials"
    folder.mkdir(exist_ok=True)
    assert media.video, "planning tries pictures only"
    try:
        curves = sample(
            trial_runs(job.trials, job.engine, media.video, folder=str(folder)),
            program=ffmpeg_with_vmaf(run.settings),
            progress=lambda done: tracker.stage("analyzing", done),
            stop=run.cancelled,
            timeout_s=run.settings.job_timeout_s,
        )
    except (Cancelled, ResourceError):
        raise
    except VidengineError as error:
        message = f"The title was not tried, usual CRFs are used: {error.message}"
        run.warn(Fault(path="source", code="title_not_analysed", message=message))
        return {"curves": {}}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"curves": {str(number): curve.to_json() for number, curve in curves.items()}}


def curves_of(job: JobPlan, tried: dict[str, Any]) -> Curves:
    """What `try_title` found, by the trials of the plan that it tried."""
    found = {int(number): Curve.from_json(points) for number, points in tried["curves"].items()}
    return {job.trials[number]: curve for number, curve in found.items()}


def analyse(job: JobPlan, media: MediaInfo, run: Run, tracker: Tracker) -> dict[str, Any]:
    """Hear how loud sounds are that are to have a certain loudness."""
    from videngine.loudness import measure_gains

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


def encode(
    job: JobPlan, media: MediaInfo, run: Run, tracker: Tracker, begun: Callable[[], None]
) -> dict[str, Any]:
    """Make all renditions. One that fails ends the job at once if a hard output needs it.

    ``begun`` is told when their files begin to grow.

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
    begun()
    results = run.run_plan(plan, on_event=on_event, stop=run.cancelled, timeout_s=timeout_s)
    return {"results": [r.to_json() for r in results], "failures": failures, "stats": stats}
