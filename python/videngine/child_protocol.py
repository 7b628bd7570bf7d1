"""How a child process is given one piece of work: both ends of the conversation.

The child reads one request as JSON from its standard input and answers with JSON lines on its
standard output: events, then ``{"result": ...}`` or ``{"error": ...}``. `call_child` is the
parent's end, `answer_parent` the child's. Children hold no credentials and open no connections;
killing a child's process group stops all native work at once, and a crash costs one attempt of one
piece of work.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any

from videngine.child_environment import child_environment
from videngine.errors import Cancelled, ResourceError, VidengineError, WorkerLost

OnEvent = Callable[[dict[str, Any]], None]
"""Told of every event of the child:

``{"event": "progress", "time_s": 3.2, "frames": 80, "fps": 41.0}`` and others.
"""

Stop = Callable[[], bool]
"""Asked several times a second whether the work is to be given up."""

# Tests set this to have a child die in the ways that native code dies.
CRASH_SWITCH = "VIDENGINE_TEST_CRASH"

_PR_SET_PDEATHSIG = 1
_POLL_S = 0.1
_END_S = 5.0


def call_child(
    module: str,
    request: dict[str, Any],
    *,
    stop: Stop = lambda: False,
    on_event: OnEvent = lambda _: None,
    timeout_s: float | None = None,
) -> Any:
    """Send one request to a fresh ``python -m module`` and return its result.

    Raises:
        VidengineError: what the child raised, as the class that it was.
        WorkerLost: the child died; the message says how.
        ResourceError: ``timeout``: no result within ``timeout_s``.
        Cancelled: ``stop`` said so.
    """
    with tempfile.TemporaryFile() as stderr:
        child = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=child_environment(),
            start_new_session=True,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            try:
                with child.stdin:
                    json.dump(request, child.stdin)
            except BrokenPipeError:
                pass  # it died at once: its exit status says why
            return _listen(child, on_event=on_event, stop=stop, timeout_s=timeout_s, stderr=stderr)
        finally:
            _kill(child)
            child.stdout.close()


def _listen(
    child: subprocess.Popen[str],
    *,
    on_event: OnEvent,
    stop: Stop,
    timeout_s: float | None,
    stderr: IO[bytes],
) -> Any:
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    stdout = child.stdout
    assert stdout is not None

    def read() -> None:
        for line in stdout:
            lines.put(line)
        lines.put(None)

    reader = threading.Thread(target=read, name="child", daemon=True)
    reader.start()
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    try:
        while True:
            try:
                line = lines.get(timeout=_POLL_S)
            except queue.Empty:
                line = ""
            if stop():
                raise Cancelled
            if line is None:
                raise _death(child, stderr)
            if deadline is not None and time.monotonic() > deadline:
                raise ResourceError("timeout", f"The work took more than {timeout_s:g} s.")
            if not line:
                continue
            message = json.loads(line)
            if "event" in message:
                on_event(message)
                continue
            with suppress(subprocess.TimeoutExpired):
                child.wait(_END_S)  # its answer is its last word
            if "error" in message:
                raise VidengineError.from_json(message["error"])
            return message["result"]
    finally:
        _kill(child)
        reader.join()


def _death(child: subprocess.Popen[str], stderr: IO[bytes]) -> WorkerLost:
    status = child.wait()
    how = f"exit status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
    stderr.seek(0)
    lines = stderr.read().decode(errors="replace").splitlines()
    return WorkerLost("worker_lost", f"The process died ({how}).", log=tuple(lines[-20:]))


def _kill(child: subprocess.Popen[str]) -> None:
    """End the child and all that it started; nothing happens when it has gone."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def answer_parent(operations: Mapping[str, Callable[[dict[str, Any]], Any]]) -> int:
    """Do the one request on standard input; exit status 0 also when it failed in an orderly way."""
    _harden()
    request = json.load(sys.stdin)
    try:
        if crash := os.environ.get(CRASH_SWITCH):
            os.kill(os.getpid(), signal.Signals[crash])
        send({"result": operations[request["operation"]](request)})
    except VidengineError as error:
        send({"error": error.to_json()})
    except Exception as error:  # a plan that cannot be, or a fault of ours: not to be retried
        told = VidengineError("internal_error", f"The work was refused: {error}.")
        send({"error": told.to_json()})
    return 0


def send(message: dict[str, Any]) -> None:
    """Tell the parent something."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _harden() -> None:
    """Die with the worker, leave no core dump, leave Ctrl-C to the parent."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
