"""What drives the flow: the service's worker (`jobs/run.py`), or the command line (`local.py`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from videngine.children import OnEvent, Stop
from videngine.errors import Cancelled, Fault
from videngine.plan import Plan, RenditionResult
from videngine.report import Progress
from videngine.settings import Settings

JSON = Any


class RunPlan(Protocol):
    """Runs one plan of the engine to its end: `engine.transcode`, or what does as it does."""

    def __call__(
        self, plan: Plan, *, on_event: OnEvent, stop: Stop, timeout_s: float | None = None
    ) -> list[RenditionResult]:
        """As `engine.transcode`."""
        ...


class Run(Protocol):
    """One run of a job, as the flow sees it."""

    job_id: str
    run_plan: RunPlan
    settings: Settings
    scratch: Path  # the job's own folder; survives a crash

    def step(self, name: str, work: Callable[[], JSON]) -> JSON:
        """Do ``work`` once in the life of the job and return its result."""
        ...

    def report(self, progress: Progress) -> None:
        """Tell how far the job is. Any thread."""
        ...

    def cancelled(self) -> bool:
        """Whether to stop. Cheap, any thread."""
        ...

    def warn(self, fault: Fault) -> None:
        """Add something to the job's warnings."""
        ...


def output_folder(run: Run, index: int) -> Path:
    """Where the packaged files of one output lie until they are brought away."""
    return run.scratch / f"output_{index}"


def timed(run: Run, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do ``work`` as a step; its result tells the seconds that it took."""

    def measured() -> dict[str, Any]:
        stop_if_cancelled(run)
        began = time.monotonic()
        return {**work(), "seconds": round(time.monotonic() - began, 3)}

    result: dict[str, Any] = run.step(name, measured)
    return result


def stop_if_cancelled(run: Run) -> None:
    """Raise `Cancelled` if somebody wants the job to end."""
    if run.cancelled():
        raise Cancelled
