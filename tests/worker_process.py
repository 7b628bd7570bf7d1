"""A worker with the test flow as a process of its own; settings come from the environment."""

from __future__ import annotations

import signal
import threading

from flows import run_job
from videngine.jobs.redaction import set_up_logging
from videngine.jobs.worker import run_process
from videngine.settings import Settings

if __name__ == "__main__":
    set_up_logging()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_process(Settings(), stop=stop, run_job=run_job)
