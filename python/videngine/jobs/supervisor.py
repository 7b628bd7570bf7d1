"""Keeps one worker process running: one that dies is followed by another that takes over."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

_STEADY_S = 60
_LONGEST_WAIT_S = 30


class Supervisor:
    """Starts a worker, and again whenever it ends without having been told to. Has its own thread.

    Args:
        command: the worker's command line.
        environment: its whole environment.
        patience_s: how long it may take to end once it was told to; then it is killed.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, patience_s: float
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the worker to end and wait until it has handed back its jobs."""
        with self._lock:
            self._stopping.set()
            if self._process is not None:
                self._process.terminate()
        self._thread.join(self._patience_s)
        if self._thread.is_alive() and self._process is not None:
            log.error("the worker does not end and is killed")
            self._process.kill()  # its jobs are not lost: the next worker takes them up
            self._thread.join()

    def _keep(self) -> None:
        wait_s = 1.0
        while (process := self._launch()) is not None:
            began = time.monotonic()
            status = process.wait()
            if self._stopping.is_set():
                return
            # One that dies at once would do so again: give whatever is wrong time to be put right.
            wait_s = (
                1.0 if time.monotonic() - began > _STEADY_S else min(2 * wait_s, _LONGEST_WAIT_S)
            )
            log.error("the worker ended (status %d); another one starts in %g s", status, wait_s)
            self._stopping.wait(wait_s)

    def _launch(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(self._command, env=self._environment)
            return self._process
