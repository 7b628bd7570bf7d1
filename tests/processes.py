"""Processes that tests start."""

from __future__ import annotations

import subprocess


def ended(process: subprocess.Popen[bytes], timeout_s: float = 60) -> int:
    """The exit status of a process that was told to end; killed, and a failure, if it does not."""
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
