"""Watching a transfer: progress and cancelling for the caller, an end for what is too slow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from videngine.storage.base import Moved

MIN_SPEED_BYTES_S = 1024
"""A transfer below this, over the settings' stall time, is given up."""

_POLL_S = 0.1

T = TypeVar("T")


class TransferTooSlow(Exception):
    """The transfer took too long in all, or moved too little for too long."""


class TransferStopped(Exception):
    """Ends work whose watcher has given it up. Nobody sees it but the layers in between."""


class Transfer:
    """What running work tells its watcher. Written by the work's threads, read by the watcher."""

    def __init__(self) -> None:
        self.total_bytes: int | None = None
        self.bytes_moved = 0
        """Bytes of the file that are through; falls when a part has to be sent again."""
        self.bytes_seen = 0
        """All bytes that ever moved, repetitions included: what speed is measured by."""
        self.patient = False
        """Set while no bytes can be expected, such as in a pause before another try."""
        self.stopped = threading.Event()
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Count bytes; a negative count takes back what has to be moved again."""
        with self._lock:
            self.bytes_moved += count
            self.bytes_seen += max(count, 0)

    def pause(self, seconds: float) -> None:
        """Sleep, but not longer than until the watcher ends the transfer."""
        self.patient = True
        self.stopped.wait(seconds)
        self.patient = False


def watch(
    work: Callable[[Transfer], T],
    *,
    cut: Callable[[], None],
    moved: Moved,
    total_s: float,
    stall_s: float,
) -> T:
    """Run ``work`` in a thread of its own and watch it from this one until it has ended.

    A thread, because a blocking read can neither be cancelled nor be held to a minimum speed from
    within.

    Args:
        work: moves the bytes and counts them.
        cut: makes blocked calls in ``work`` fail at once; called once, after ``stopped`` is set.
        moved: called from this thread ten times a second; what it raises ends the transfer.
        total_s: longest duration, seconds.
        stall_s: longest time without a minimum of movement, seconds.

    Raises:
        TransferTooSlow: one of the two times ran out.
    """
    transfer = Transfer()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(transfer))
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=run, name="videngine-transfer", daemon=True)
    started = window = time.monotonic()
    seen = 0
    worker.start()
    try:
        while True:
            worker.join(_POLL_S)
            moved(transfer.bytes_moved, transfer.total_bytes)
            if not worker.is_alive():
                break
            now = time.monotonic()
            if now - started > total_s:
                raise TransferTooSlow(f"it was not done in {total_s:g} s")
            if transfer.patient:
                window, seen = now, transfer.bytes_seen
            elif now - window > stall_s:
                if transfer.bytes_seen - seen < MIN_SPEED_BYTES_S * stall_s:
                    raise TransferTooSlow(f"hardly anything moved for {stall_s:g} s")
                window, seen = now, transfer.bytes_seen
    except BaseException:
        transfer.stopped.set()
        cut()
        worker.join()
        raise
    if errors:
        raise errors[0]
    return results[0]
