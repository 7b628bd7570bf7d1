"""Child processes that work for this one: how they are asked, kept and ended.

See ``child_protocol.py`` for what is said.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from videngine.child_environment import child_environment
from videngine.errors import Cancelled, ResourceError, VidengineError, WorkerLost

OnEvent = Callable[[dict[str, Any]], None]
"""Told of every event of the child:

``{"event": "progress", "time_s": 3.2, "frames": 80, "fps": 41.0}`` and others.
"""

Stop = Callable[[], bool]
"""Asked several times a second whether the work is to be given up."""

ENGINE = "videngine.child"
"""The module whose process does all native work."""

_POLL_S = 0.1
_END_S = 5.0


_kept = threading.local()


def call_child(
    module: str,
    request: dict[str, Any],
    *,
    stop: Stop = lambda: False,
    on_event: OnEvent = lambda _: None,
    timeout_s: float | None = None,
) -> Any:
    """Send one request to a ``python -m module`` and return its result.

    The child is a fresh one, but see `kept_children`.

    Raises:
        VidengineError: what the child raised, as the class that it was.
        WorkerLost: the child died; the message says how.
        ResourceError: ``timeout``: no result within ``timeout_s``.
        Cancelled: ``stop`` said so.
    """
    kept: dict[str, _Child] | None = getattr(_kept, "children", None)
    child = kept.pop(module, None) if kept is not None else None
    if child is not None and child.has_died:
        child.kill()
        child = None
    child = child or _Child(module)
    try:
        result = child.ask(request, stop=stop, on_event=on_event, timeout_s=timeout_s)
    except BaseException:
        child.kill()
        raise
    if kept is None:
        child.end()
    else:
        kept[module] = child
    return result


@contextmanager
def kept_children(*ahead: str) -> Iterator[None]:
    """Within this block a child that gave a result gets this thread's next request, too.

    To start one takes longer than most of what is asked of it. One that failed is not asked again.
    Those of the modules ``ahead`` start at once, beside what is done before they are asked. A block
    within another keeps nothing of its own.
    """
    if getattr(_kept, "children", None) is not None:
        yield
        return
    children = {module: _Child(module) for module in ahead}
    _kept.children = children
    try:
        yield
    finally:
        _kept.children = None
        for child in children.values():
            child.end()


class _Child:
    """A running ``python -m module``. One thread asks it; `end` or `kill` must be called."""

    def __init__(self, module: str) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  closed with the child
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=child_environment(),
            start_new_session=True,
            text=True,
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="child", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    @property
    def has_died(self) -> bool:
        """Whether it can answer no more."""
        return self._process.poll() is not None

    def ask(
        self, request: dict[str, Any], *, stop: Stop, on_event: OnEvent, timeout_s: float | None
    ) -> Any:
        """As `call_child`."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it died at once: its exit status says why
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=_POLL_S)
            except queue.Empty:
                line = ""
            if stop():
                raise Cancelled
            if line is None:
                raise self._death()
            if deadline is not None and time.monotonic() > deadline:
                raise ResourceError("timeout", f"The work took more than {timeout_s:g} s.")
            if not line:
                continue
            message = json.loads(line)
            if "event" in message:
                on_event(message)
            elif "error" in message:
                raise VidengineError.from_json(message["error"])
            else:
                return message["result"]

    def _death(self) -> WorkerLost:
        status = self._process.wait()
        how = f"exit status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").splitlines()
        return WorkerLost("worker_lost", f"The process died ({how}).", log=tuple(lines[-20:]))

    def end(self) -> None:
        """Let it go: there is nothing more to ask."""
        self._hang_up()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started, and let go of what it said."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._hang_up()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._stderr.close()

    def _hang_up(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # of what it did not read
            self._process.stdin.close()
