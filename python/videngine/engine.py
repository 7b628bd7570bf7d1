"""The engine as the rest of Python sees it: every call runs in a child process of its own.

See ``child.py`` for the other end. No module of the service imports ``videngine._engine``: a crash
in native code costs one attempt of one job, and killing the child's process group stops all native
work at once.
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
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

from videngine.child_environment import child_environment
from videngine.errors import Cancelled, ResourceError, VidengineError, WorkerLost
from videngine.media import MediaInfo
from videngine.plan import Plan, RenditionResult

OnEvent = Callable[[dict[str, Any]], None]
"""Told of every engine event:

``{"event": "progress", "time_s": 3.2, "frames": 80, "fps": 41.0}`` and others.
"""

Stop = Callable[[], bool]
"""Asked several times a second whether the work is to be given up."""

_POLL_S = 0.1
_END_S = 5.0


def probe(path: Path, *, stop: Stop = lambda: False, timeout_s: float = 60) -> MediaInfo:
    """Facts about a local media file.

    Raises:
        InputError: ``source_not_found``, ``source_forbidden``, ``source_corrupt``,
        ``source_no_streams``. ResourceError: ``timeout``: no answer within ``timeout_s``.
    """
    request = {"operation": "probe", "path": str(path)}
    return MediaInfo.from_json(_run(request, stop=stop, timeout_s=timeout_s))


def transcode(
    plan: Plan, *, on_event: OnEvent, stop: Stop, timeout_s: float | None = None
) -> list[RenditionResult]:
    """Run one plan to its end and return its renditions in the order in which they were finished.

    Raises:
        InputError, EncoderUnavailable, ResourceError: as the engine classified the failure.
        WorkerLost: the child died; the message says how.
        Cancelled: ``stop`` said so.
    """
    results: list[RenditionResult] = []

    def take(event: dict[str, Any]) -> None:
        if event["event"] == "rendition_finished":
            facts = {name: value for name, value in event.items() if name != "event"}
            results.append(RenditionResult.from_json(facts))
        on_event(event)

    request = {"operation": "transcode", "plan": plan.to_json()}
    _run(request, on_event=take, stop=stop, timeout_s=timeout_s)
    return results


def remux_mp4(
    tracks: Sequence[Path], target: Path, *, languages: Sequence[str], stop: Stop = lambda: False
) -> None:
    """Put track files, with one language each, into one progressive MP4 with the moov first."""
    request = {
        "operation": "remux_mp4",
        "tracks": [str(t) for t in tracks],
        "languages": list(languages),
        "target": str(target),
    }
    _run(request, stop=stop)


def remux_ts(
    tracks: Sequence[Path],
    folder: Path,
    *,
    segment_s: Fraction,
    playlist: str,
    segment_pattern: str,
    stop: Stop = lambda: False,
) -> None:
    """Multiplex track files into MPEG-TS segments and one HLS media playlist in ``folder``.

    ``segment_pattern`` is printf's: ``segment_%d.ts``, counted from 1.
    """
    request = {
        "operation": "remux_ts",
        "tracks": [str(t) for t in tracks],
        "folder": str(folder),
        "segment_s": str(segment_s),
        "playlist": playlist,
        "segment_pattern": segment_pattern,
    }
    _run(request, stop=stop)


def _run(
    request: dict[str, Any],
    *,
    stop: Stop,
    on_event: OnEvent = lambda _: None,
    timeout_s: float | None = None,
) -> Any:
    """Send one request to a fresh child and return its result."""
    with tempfile.TemporaryFile() as stderr:
        child = subprocess.Popen(
            [sys.executable, "-m", "videngine.child"],
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

    reader = threading.Thread(target=read, name="engine-child", daemon=True)
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
                raise ResourceError("timeout", f"The engine took more than {timeout_s:g} s.")
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
    return WorkerLost("worker_lost", f"The engine's process died ({how}).", log=tuple(lines[-20:]))


def _kill(child: subprocess.Popen[str]) -> None:
    """End the child and all that it started; nothing happens when it has gone."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
