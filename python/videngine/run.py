"""What drives the flow: the service's worker (`jobs/run.py`), or the command line (`local.py`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from videngine.errors import Fault
from videngine.report import Progress
from videngine.settings import Settings

JSON = Any


class Run(Protocol):
    """One run of a job, as the flow sees it."""

    job_id: str
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
