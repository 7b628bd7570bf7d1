"""The first stage: the sources, and the small files that outputs name, become local files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from videngine import engine
from videngine.errors import Cancelled, InputError
from videngine.languages import language_tag
from videngine.planning.assets import AssetSource
from videngine.run import Run
from videngine.spec import JobSpec
from videngine.storage import open_source
from videngine.subtitles import read_cues
from videngine.tracker import Tracker


def fetch_sources(spec: JobSpec, run: Run, tracker: Tracker, *, anywhere: bool) -> dict[str, Any]:
    """Fetch the source, or every clip, in their order: ``{"paths": [...]}``.

    Clips that are parts of one file are fetched once.

    Raises:
        InputError, ResourceError: as `videngine.storage.base.Source.fetch`.
    """
    paths: list[str] = []
    fetched: list[Any] = []  # the places of these paths; they hold secrets

    def moved(done: int, total: int | None) -> None:
        _stop_if_cancelled(run)
        share = done / total if total else 0.0
        tracker.stage("downloading", (len(paths) + share) / len(spec.sources))

    for number, place in enumerate(spec.sources):
        whole = place.model_dump(exclude={"start_time", "duration"})
        if whole in fetched:
            paths.append(paths[fetched.index(whole)])
        else:
            folder = run.scratch / f"source_{number}"
            folder.mkdir(exist_ok=True)
            source = open_source(place, settings=run.settings, anywhere=anywhere)
            paths.append(str(source.fetch(folder, moved)))
        fetched.append(whole)
    return {"paths": paths}


def fetch_assets(
    places: Sequence[AssetSource],
    run: Run,
    *,
    anywhere: bool,
    subtitles: Mapping[AssetSource, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Fetch subtitle files and logos, each within the operator's limits.

    A place that has none fails the outputs that name it, not the job, so it is written down; so are
    subtitles that cannot be read, before anything is encoded.

    Args:
        places: what to fetch.
        run: the job.
        anywhere: as for `open_source`.
        subtitles: the places that hold subtitles, with their languages.

    Returns:
        ``{"assets": [{"path": ..., "error": ""}, ...]}`` in the order of ``places``, which are not
        in it: they may hold secrets. See `Asset`.

    Raises:
        ResourceError: ``disk_full``.
    """

    def moved(_done: int, _total: int | None) -> None:
        _stop_if_cancelled(run)

    settings = run.settings
    limited = settings.model_copy(
        update={
            "max_source_bytes": settings.max_asset_bytes,
            "transfer_timeout_s": settings.asset_timeout_s,
        }
    )
    fetched: list[dict[str, str | None]] = []
    for number, place in enumerate(places):
        folder = run.scratch / f"asset_{number}"
        folder.mkdir(exist_ok=True)
        try:
            source = open_source(place, settings=limited, anywhere=anywhere)
            path = source.fetch(folder, moved)
        except InputError as error:
            fetched.append({"path": None, "error": error.message})
            continue
        if place in subtitles:
            fault = _fault_of_subtitles(path, subtitles[place])
        else:
            fault = _fault_of_logo(path, run)
        fetched.append({"path": str(path), "error": fault})
    return {"assets": fetched}


def _fault_of_logo(path: Path, run: Run) -> str:
    try:
        engine.check_logo(path, stop=run.cancelled)
    except InputError as error:
        return error.message
    return ""


def _fault_of_subtitles(path: Path, language: str) -> str:
    try:
        read_cues(path, language_tag(language))
    except InputError as error:
        return error.message
    return ""


def _stop_if_cancelled(run: Run) -> None:
    if run.cancelled():
        raise Cancelled
