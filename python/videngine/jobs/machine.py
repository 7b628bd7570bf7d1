"""Which machine and process this is, so that others can tell whether a worker is still there."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path


def _here() -> str:
    # Two containers may share a host name and must not judge each other's process ids.
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = 0
    return f"{socket.gethostname()[:100]}.{namespace:x}"


def new_worker_id() -> str:
    """A name for this process that no other start of a process ever has: ``machine/pid/uuid``."""
    return f"{_here()}/{os.getpid()}/{uuid.uuid4().hex}"


def is_here(worker_id: str) -> bool:
    """Whether that worker runs, or ran, on this machine: its scratch files are ours to see."""
    return worker_id.partition("/")[0] == _here()


def is_gone(worker_id: str) -> bool:
    """Whether that worker ran on this machine and has ended. False when nobody can tell."""
    machine, _, rest = worker_id.partition("/")
    pid = rest.partition("/")[0]
    if machine != _here() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
