"""What a worker does with a job: begin an attempt, run the flow, settle the job."""

from __future__ import annotations

import errno
import logging
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from videngine.errors import Cancelled, ResourceError, VidengineError
from videngine.jobs.attempts import Attempt, Attempts, Fenced
from videngine.jobs.database import DatabaseGone
from videngine.jobs.queue import JSON, Abandon, HistoryChanged, Queue
from videngine.jobs.run import ServiceRun, StopReason, remembered
from videngine.settings import Settings
from videngine.spec import parse_job

if TYPE_CHECKING:
    from videngine.report import Report
    from videngine.spec import JobSpec

    RunJob = Callable[[JobSpec, ServiceRun], Report]

log = logging.getLogger(__name__)
Result = TypeVar("Result")

_DATABASE_RETRY_S = 1.0


class JobRunner:
    """Runs jobs, several at a time, each on the thread that calls it.

    Args:
        settings: the operator's.
        attempts: what may be done with jobs.
        queue: where checkpoints are.
        worker: this worker's id.
        run_job: the flow, `videngine.flow.run_job`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        attempts: Attempts,
        queue: Queue,
        worker: str,
        run_job: RunJob,
    ) -> None:
        self._settings = settings
        self._attempts = attempts
        self._queue = queue
        self._worker = worker
        self._run_job = run_job
        self._lock = threading.Lock()
        self._active: dict[int, ServiceRun] = {}

    def active(self) -> list[ServiceRun]:
        """The runs of this moment."""
        with self._lock:
            return list(self._active.values())

    def stop_all(self, reason: StopReason) -> None:
        """Have every run stopped."""
        for run in self.active():
            run.stop(reason)

    def __call__(self, job_id: str, run_number: int) -> None:
        """Work on one run of a job until it is settled, queued again, or not ours any more.

        Raises:
            Abandon: to leave the workflow to whoever holds the job now.
        """
        scratch = self._settings.scratch_dir / job_id
        attempt = self._insist(
            lambda: self._attempts.begin(
                job_id, run_number, self._worker, scratch_exists=scratch.is_dir()
            )
        )
        if attempt is None:
            return
        folder = scratch / str(attempt.first_run)
        folder.mkdir(parents=True, exist_ok=True)
        earlier = [run for run in attempt.resumes if run != attempt.run]
        run = ServiceRun(
            attempt,
            settings=self._settings,
            scratch=folder,
            remembered=self._remembered(attempt, earlier),
            hold=self._hold,
        )
        with self._lock:
            self._active[attempt.id] = run
        try:
            keep_scratch = self._work(run)
        except Fenced:
            raise Abandon from None
        finally:
            with self._lock:
                del self._active[attempt.id]
        if not keep_scratch:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                scratch.rmdir()  # stays if the job has been started anew by now

    def _remembered(self, attempt: Attempt, earlier: list[int]) -> dict[str, JSON]:
        """What earlier runs have finished; of those before a retry, only what is whole."""
        before = [run for run in earlier if run < attempt.retry_run]
        since = [run for run in earlier if run >= attempt.retry_run]
        checkpoints = self._queue.checkpoints
        return remembered(
            self._insist(lambda: checkpoints(attempt.job_id, before)), whole_only=True
        ) | remembered(self._insist(lambda: checkpoints(attempt.job_id, since)))

    def _work(self, run: ServiceRun) -> bool:
        """Run the flow and settle the job; True if its files will be needed again."""
        attempt = run.attempt
        try:
            report = self._run_job(parse_job(attempt.request).spec, run).to_json()
        except (Cancelled, Abandon) as stopped:
            return self._stopped(run, stopped)
        except DatabaseGone:
            # What was done is on record up to the last step; nobody is to blame.
            self._insist(lambda: self._attempts.release(attempt))
            raise Abandon from None
        except HistoryChanged as error:
            log.warning("job %s starts over: %s", run.job_id, error)
            self._insist(lambda: self._attempts.start_over(attempt))
            return False
        except Exception as error:  # nothing that a job does may take the worker down
            if run.stop_reason is not None:
                return self._stopped(run, error)
            return self._failed(run, error)
        self._insist(lambda: self._attempts.finish(attempt, report, run.beat()))
        whole = report["status"] == "completed" and not report["partial"]
        return not whole and _is_worth_keeping(run)

    def _stopped(self, run: ServiceRun, error: BaseException) -> bool:
        attempt = run.attempt
        if run.stop_reason == "canceled":
            self._clear_store(run.job_id)  # nothing of a canceled job is to be found
            self._insist(lambda: self._attempts.cancel(attempt))
            return False
        if run.stop_reason == "released":
            self._insist(lambda: self._attempts.release(attempt))
            raise Abandon from None
        if run.stop_reason == "fenced" or isinstance(error, Abandon):
            raise Abandon from None
        return self._failed(run, error)

    def _failed(self, run: ServiceRun, error: BaseException) -> bool:
        failure = as_failure(error)
        if failure.code == "internal_error":
            log.error("job %s failed", run.job_id, exc_info=error)
        else:
            log.warning("job %s: %s: %s", run.job_id, failure.code, failure.message)
        for line in failure.log:
            log.info("job %s: %s", run.job_id, line)
        again = self._insist(lambda: self._attempts.fail(run.attempt, failure, run.beat()))
        keep = again or _is_worth_keeping(run)
        if not keep:
            self._clear_store(run.job_id)
        return keep

    def _clear_store(self, job_id: str) -> None:
        """Outputs that are in no report would be found by nobody."""
        shutil.rmtree(self._settings.store_dir / job_id, ignore_errors=True)

    def _hold(self, run: ServiceRun) -> None:
        held = self._insist(lambda: self._attempts.beat(self._worker, [run.beat()]), run)
        if run.attempt.id not in held:
            run.stop("fenced")

    def _insist(self, work: Callable[[], Result], run: ServiceRun | None = None) -> Result:
        """Do ``work`` in the database, however long that is away: a finished encode is worth it.

        Raises:
            Abandon: ``run`` was stopped meanwhile.
        """
        while True:
            try:
                return work()
            except DatabaseGone as error:
                log.warning("the database is away: %s", error)
                if run is not None and run.cancelled():
                    raise Abandon from None
                time.sleep(_DATABASE_RETRY_S)


def _is_worth_keeping(run: ServiceRun) -> bool:
    """Whether a retry would go on with what is there: the encode is done."""
    return "encode" in run.done


def as_failure(error: BaseException) -> VidengineError:
    """Any exception as one that the API knows; what it does not say stays in the log."""
    if isinstance(error, VidengineError):
        return error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ResourceError(
            "disk_full", "The worker's disk is full. Free space and retry the job."
        )
    return VidengineError(
        "internal_error",
        f"The worker failed unexpectedly ({type(error).__name__}); its log says more.",
        retryable=True,
    )
