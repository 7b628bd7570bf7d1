"""The stages before the encode: what a job names is fetched and probed, and the job is planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from videngine import engine
from videngine.ingest import fetch_assets, fetch_sources
from videngine.media import MediaInfo
from videngine.planning import JobPlan, Reel, plan_job, splice
from videngine.planning.assets import Asset, Assets, AssetSource, named_assets, named_subtitles
from videngine.planning.per_title import Curves
from videngine.run import Run, timed
from videngine.spec import JobSpec
from videngine.tracker import Tracker


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A job just before its encode. ``seconds`` were spent by stage, ``media`` is what is shown."""

    plan: JobPlan
    media: MediaInfo
    source_info: dict[str, Any]
    seconds: dict[str, float]
    planned: Callable[..., JobPlan]

    def knowing(self, curves: Curves, *, seconds: float) -> Prepared:
        """The same, planned once more with what trials of the title came to, in so much time."""
        spent = {**self.seconds, "analyze": seconds}
        return replace(self, plan=self.planned(curves=curves), seconds=spent)


def prepare(spec: JobSpec, run: Run, tracker: Tracker, *, anywhere: bool = False) -> Prepared:
    """Fetch and probe what the job names, and plan it. Outputs that cannot be carry an ``error``.

    Raises:
        VidengineError: the source cannot be had or read.
        Cancelled: ``run.cancelled()`` said so.
    """
    step = partial(timed, run)
    ingested = step("ingest", lambda: fetch_sources(spec, run, tracker, anywhere=anywhere))
    sources = [Path(path) for path in ingested["paths"]]
    assets: dict[AssetSource, Asset] = {}
    if places := named_assets(spec):
        subtitles = named_subtitles(spec)
        fetched = step(
            "assets", lambda: fetch_assets(places, run, anywhere=anywhere, subtitles=subtitles)
        )
        assets = dict(zip(places, map(_asset, fetched["assets"]), strict=True))
    probed = step("probe", lambda: _probe(sources, run, tracker))
    film = _film(spec, sources, [MediaInfo.from_json(facts) for facts in probed["media"]])
    planned = partial(_plan, spec, film, sources[0], assets, run=run)
    return Prepared(
        plan=planned(curves={}),
        planned=planned,
        media=film.media,
        source_info=probed["media"][0],
        seconds={"download": ingested["seconds"], "probe": probed["seconds"]},
    )


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


def _plan(
    spec: JobSpec, film: Reel, source: Path, assets: Assets, *, run: Run, curves: Curves
) -> JobPlan:
    """Plan the job; pure, so a second run of the flow finds the same plan."""
    plan = plan_job(
        spec,
        film.media,
        source_path=str(source),
        assets=assets,
        work_dir=str(run.scratch),
        default_preset=run.settings.default_preset,
        gif_max_s=Fraction(str(run.settings.gif_max_seconds)),
        cores=run.settings.usable_cores,
        curves=curves,
    )
    return replace(plan, engine=film.in_plan(plan.engine))
