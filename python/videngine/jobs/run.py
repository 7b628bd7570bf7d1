"""One attempt as the transcoding flow sees it: remembered steps, progress, the wish to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from videngine import engine
from videngine.errors import Cancelled, Fault, VidengineError
from videngine.jobs.attempts import Attempt, Beat
from videngine.jobs.queue import JSON, Abandon, Executor
from videngine.settings import Settings

if TYPE_CHECKING:
    from videngine.report import Progress
    from videngine.run import RunPlan

StopReason = Literal["canceled", "released", "fenced"]
_PROGRESS_EVENT_EVERY_S = 10


class ServiceRun:
    """Implements `videngine.run.Run` for the service.

    The flow calls `step`, `report`, `cancelled` and `warn` on the workflow's thread (`report` and
    `cancelled` on any); the heart calls `beat` and `stop` on its own.

    Args:
        attempt: what holds the job.
        settings: the operator's.
        scratch: the job's folder.
        hold: called before every piece of work, and after it before its result is recorded: waits
            while the database is away, stops the run if the job is not its own any more.
        remembered: results of steps that earlier runs of the job have finished.

    ``done`` are the steps that are finished, now or earlier.
    """

    def __init__(
        self,
        attempt: Attempt,
        *,
        settings: Settings,
        scratch: Path,
        remembered: dict[str, JSON],
        hold: Callable[[ServiceRun], None],
    ) -> None:
        self.attempt = attempt
        self.job_id = attempt.job_id
        self.run_plan: RunPlan = engine.transcode
        self.settings = settings
        self.scratch = scratch
        self.stop_reason: StopReason | None = None
        self._remembered = remembered
        self._hold = hold
        self._taken: set[str] = set()
        self.done: set[str] = set()
        self._lock = threading.Lock()
        self._phase = ""
        self._progress = attempt.progress
        self._outputs: list[tuple[int, str, float]] = []
        self._warnings: list[dict[str, str]] = list(attempt.warnings)
        self._events: list[tuple[str, JSON | None]] = []
        self._told_at = time.monotonic()

    def step(self, name: str, work: Callable[[], JSON]) -> JSON:
        """Do ``work`` once in the life of the job and remember its result, which must be JSON.

        A failure is remembered too, for this run: after a crash the flow goes the same way again.

        Raises:
            VidengineError: what ``work`` raised, now or before the crash.
        """
        if name in self._taken:
            raise ValueError(f"the step {name} was taken before; names are unique within a run")
        self._taken.add(name)
        if name in self._remembered:
            self.done.add(name)
            return self._remembered[name]
        self._hold(self)
        outcome = Executor.step(name, lambda: self._outcome(work))
        if "failed" in outcome:
            raise VidengineError.from_json(outcome["failed"])
        self.done.add(name)
        return outcome["done"]

    def _outcome(self, work: Callable[[], JSON]) -> JSON:
        outcome = self._try(work)
        self._hold(self)
        if self.stop_reason == "fenced":
            raise Abandon
        return outcome

    def _try(self, work: Callable[[], JSON]) -> JSON:
        try:
            return {"done": work()}
        except Cancelled as error:
            if self.stop_reason is None:
                return {"failed": error.to_json()}
            raise Abandon from error  # nothing is to be remembered of a step that was cut short
        except VidengineError as error:
            return {"failed": error.to_json()}

    def report(self, progress: Progress) -> None:
        """Take note of how far the job is; it never goes back, whatever is done again."""
        with self._lock:
            self._phase = progress.phase
            self._progress = min(1.0, max(self._progress, progress.fraction))
            self._outputs = list(progress.outputs)

    def cancelled(self) -> bool:
        """Whether to stop, for whatever reason. Costs nothing."""
        return self.stop_reason is not None

    def warn(self, fault: Fault) -> None:
        """Add a warning to the job, once however often the flow is run again."""
        with self._lock:
            if fault.to_json() not in self._warnings:
                self._warnings.append(fault.to_json())

    def stop(self, reason: StopReason) -> None:
        """Have the work stopped; the first reason counts."""
        if self.stop_reason is None:
            self.stop_reason = reason

    def beat(self) -> Beat:
        """What there is to say since the last time."""
        with self._lock:
            events: list[tuple[str, Any]] = []
            if time.monotonic() - self._told_at >= _PROGRESS_EVENT_EVERY_S:
                self._told_at = time.monotonic()
                events.append(("job.progress", None))
            return Beat(
                attempt=self.attempt,
                phase=self._phase,
                progress=self._progress,
                outputs=list(self._outputs),
                warnings=list(self._warnings),
                events=events,
            )


def remembered(checkpoints: list[tuple[str, JSON]], *, whole_only: bool = False) -> dict[str, JSON]:
    """Results of the steps that were finished, by name.

    ``whole_only`` leaves out steps in which something failed softly, for a retry.
    """
    return {
        name: outcome["done"]
        for name, outcome in checkpoints
        if isinstance(outcome, dict)
        and "done" in outcome
        and not (whole_only and _is_wanting(outcome["done"]))
    }


def _is_wanting(result: JSON) -> bool:
    """Whether a rendition, or one of several destinations, failed in a step that went on."""
    if not isinstance(result, dict):
        return False
    fates = result.get("destinations") or []
    return bool(result.get("failures")) or any(fate["status"] == "failed" for fate in fates)
