"""The flow with no service: `transcode` for Python programs and the command line."""

from __future__ import annotations

import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from videngine import engine
from videngine.errors import Fault
from videngine.flow import run_job
from videngine.limits import require_within_limits
from videngine.media import MediaInfo
from videngine.report import Progress, Report
from videngine.run import RunPlan
from videngine.settings import Settings
from videngine.spec import parse_job


class LocalRun:
    """A run that remembers nothing: when it dies, its work is gone."""

    def __init__(
        self,
        *,
        settings: Settings,
        scratch: Path,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        run_plan: RunPlan = engine.transcode,
    ) -> None:
        self.run_plan = run_plan
        self.job_id = str(uuid.uuid4())
        self.settings = settings
        self.scratch = scratch
        self.warnings: list[Fault] = []
        self._on_progress = on_progress
        self._cancelled = cancelled

    def step(self, name: str, work: Callable[[], Any]) -> Any:  # noqa: ARG002  nothing is remembered
        """Do ``work``."""
        return work()

    def report(self, progress: Progress) -> None:
        """Pass it on."""
        self._on_progress(progress)

    def cancelled(self) -> bool:
        """Whatever the caller says."""
        return self._cancelled()

    def warn(self, fault: Fault) -> None:
        """Keep it for the report."""
        if fault not in self.warnings:
            self.warnings.append(fault)


def transcode(
    job: Mapping[str, Any] | str | bytes,
    *,
    settings: Settings | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    strict: bool = False,
) -> Report:
    """Make every output of a job in this process's name, with no service.

    ``file`` sources and destinations may be anywhere the user may read and write. Outputs without a
    destination go to ``outputs/<id>`` in the state folder. Needs a main module that may be imported
    anew only in so far as any program does that starts child processes; the engine runs in one.

    Args:
        job: the request of ``POST /jobs``, as a mapping or as JSON text.
        settings: the operator's choices; by default from the environment.
        on_progress: told of progress several times a second, on the calling thread.
        cancelled: polled several times a second; True stops the work within moments.
        strict: refuse what would otherwise be mended with a warning.

    Returns:
        The report; ``status`` is ``completed``, or ``failed`` when every output failed softly.

    Raises:
        SpecError: the request is wrong; ``faults`` names every place.
        VidengineError: the job failed; see `videngine.errors`.
    """
    return run_here(
        job,
        settings=settings,
        on_progress=on_progress,
        cancelled=cancelled,
        strict=strict,
        run_plan=engine.transcode,
    )


def run_here(
    job: Mapping[str, Any] | str | bytes,
    *,
    settings: Settings | None,
    on_progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
    strict: bool,
    run_plan: RunPlan,
) -> Report:
    """`transcode`, with the encoding itself done by ``run_plan``."""
    body = job if isinstance(job, str | bytes) else json.dumps(dict(job))
    parsed = parse_job(body, strict=strict)
    settings = settings or Settings()
    require_within_limits(parsed.spec, settings)
    parent = settings.scratch_dir
    parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="local-", dir=parent))
    run = LocalRun(
        settings=settings,
        scratch=scratch,
        on_progress=on_progress,
        cancelled=cancelled,
        run_plan=run_plan,
    )
    try:
        report = run_job(parsed.spec, run, anywhere=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    report.warnings = [*parsed.warnings, *run.warnings]
    return report


def probe(path: str | Path) -> MediaInfo:
    """Facts about a local media file.

    Raises:
        InputError: ``source_not_found``, ``source_forbidden``, ``source_corrupt``,
        ``source_no_streams``.
    """
    return engine.probe(Path(path))
