"""``POST /jobs?dry_run=1``: the plan of a job, made while its caller waits. Nothing is stored."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from videngine.dry_run import preview
from videngine.errors import Cancelled, ResourceError, VidengineError
from videngine.local import LocalRun
from videngine.preparation import prepare
from videngine.settings import Settings
from videngine.spec import JobSpec
from videngine.tracker import Tracker

_slots = threading.BoundedSemaphore(2)  # so that most threads are there for other requests


def dry_run(spec: JobSpec, settings: Settings) -> dict[str, Any]:
    """Fetch the source, have a child probe it, and plan.

    Raises:
        VidengineError: ``queue_full`` while others have theirs made; ``timeout``: the source is too
            large or too slow for this; and all that a source can fail with.
    """
    if not _slots.acquire(blocking=False):
        raise VidengineError(
            "queue_full", "Two dry runs are under way. Try again in a moment.", retryable=True
        )
    deadline = time.monotonic() + settings.dry_run_timeout_s
    settings.scratch_dir.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="dry-run-", dir=settings.scratch_dir))
    run = LocalRun(
        settings=settings,
        scratch=scratch,
        on_progress=lambda _: None,
        cancelled=lambda: time.monotonic() > deadline,
    )
    try:
        prepared = prepare(spec, run, Tracker(run, outputs=len(spec.format)))
        return preview(spec, prepared.plan, prepared.media)
    except Cancelled:
        message = (
            f"The source could not be fetched and probed in {settings.dry_run_timeout_s:g} s; "
            "post the job without `dry_run`."
        )
        raise ResourceError("timeout", message, subject="source") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        _slots.release()
