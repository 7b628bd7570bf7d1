"""How a child process is given work, and its end of the conversation; `children.py` has the other.

The child reads requests as JSON lines from its standard input and answers each with JSON lines on
its standard output: events, then ``{"result": ...}`` or ``{"error": ...}``. Children hold no
credentials and open no connections; killing a child's process group stops all native work at once,
and a crash costs one attempt of one piece of work.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from videngine.errors import VidengineError

# Tests set this to have a child die in the ways that native code dies.
CRASH_SWITCH = "VIDENGINE_TEST_CRASH"

_PR_SET_PDEATHSIG = 1


def answer_parent(operations: Mapping[str, Callable[[dict[str, Any]], Any]]) -> int:
    """Do what standard input asks for, to its end; exit status 0 also when work has failed."""
    libc = ctypes.CDLL(None)
    _harden(libc)
    for line in sys.stdin:
        _answer(json.loads(line), operations)
        if hasattr(libc, "malloc_trim"):  # glibc's: what was freed would stay with this process
            libc.malloc_trim(0)
    return 0


def _answer(
    request: dict[str, Any], operations: Mapping[str, Callable[[dict[str, Any]], Any]]
) -> None:
    try:
        if crash := os.environ.get(CRASH_SWITCH):
            os.kill(os.getpid(), signal.Signals[crash])
        send({"result": operations[request["operation"]](request)})
    except VidengineError as error:
        send({"error": error.to_json()})
    except Exception as error:  # a plan that cannot be, or a fault of ours: not to be retried
        told = VidengineError("internal_error", f"The work was refused: {error}.")
        send({"error": told.to_json()})


def send(message: dict[str, Any]) -> None:
    """Tell the parent something."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _harden(libc: ctypes.CDLL) -> None:
    """Die with the worker, leave no core dump, leave Ctrl-C to the parent."""
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
