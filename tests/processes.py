"""Processes that tests start."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import requests

# How long a test waits for what must come: on a busy machine much is late, and only a hang
# takes this long.
HANG_S = 120


def until(right: Callable[[], bool], *, hint: Callable[[], object] = str) -> None:
    """Wait until this is so. The hint says how things stand if it never is."""
    deadline = time.monotonic() + HANG_S
    while not right():
        assert time.monotonic() < deadline, hint()
        time.sleep(0.05)


def until_served(url: str, process: subprocess.Popen[bytes], log: Callable[[], str] = str) -> None:
    """Wait until the service of this process answers that it is well."""

    def well() -> bool:
        assert process.poll() is None, log()
        try:
            return requests.get(f"{url}/healthz", timeout=10).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    until(well, hint=log)


def ended(process: subprocess.Popen[bytes], timeout_s: float = 60) -> int:
    """The exit status of a process that was told to end; killed, and a failure, if it does not."""
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def open_files() -> int:
    """How many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))
