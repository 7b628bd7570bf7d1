"""Packaged files → objects at one destination: as many at once as it takes, manifests last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

from videngine.children import Stop
from videngine.errors import Cancelled, VidengineError
from videngine.outputs import PackagedFile
from videngine.storage import Sink, StoredObject

_TELL_S = 0.2  # how often progress is told


def upload(
    files: Sequence[PackagedFile], sink: Sink, *, on_share: Callable[[float], None], stop: Stop
) -> list[StoredObject]:
    """Bring all files to one destination, or none of them; manifests last, one by one, in order.

    Args:
        files: those of one output.
        sink: the destination.
        on_share: told of the part of all bytes that is there, 0 to 1, on the calling thread.
        stop: polled several times a second.

    Returns:
        What was stored, in the order of ``files``.

    Raises:
        VidengineError: what the destination says; what was stored is taken back then.
        Cancelled: ``stop`` said so; likewise.
    """
    return _Upload(files, sink, on_share, stop).run()


def take_back(sink: Sink, keys: Iterable[str]) -> None:
    """Delete what was stored, as far as the destination lets us."""
    for key in keys:
        with suppress(VidengineError):  # the first failure is the one to tell of
            sink.delete(key)


class _Upload:
    def __init__(
        self,
        files: Sequence[PackagedFile],
        sink: Sink,
        on_share: Callable[[float], None],
        stop: Stop,
    ) -> None:
        self._files = files
        self._sink = sink
        self._on_share = on_share
        self._stop = stop
        self._total_bytes = sum(Path(file.path).stat().st_size for file in files) or 1
        # Of every file, so that none is added while they are summed up.
        self._moved_bytes = dict.fromkeys((file.key for file in files), 0)
        self._stored: dict[str, StoredObject] = {}
        self._given_up = threading.Event()

    def run(self) -> list[StoredObject]:
        try:
            with ThreadPoolExecutor(self._sink.at_once, "videngine-upload") as pool:
                self._put_all(pool, [file for file in self._files if not file.manifest])
                for manifest in [file for file in self._files if file.manifest]:
                    self._put_all(pool, [manifest])
        except BaseException:
            take_back(self._sink, list(self._stored))
            raise
        return [self._stored[file.key] for file in self._files]

    def _put_all(self, pool: ThreadPoolExecutor, files: Sequence[PackagedFile]) -> None:
        futures = [pool.submit(self._put, file) for file in files]
        try:
            waiting = True
            while waiting:
                found = wait(futures, timeout=_TELL_S, return_when=FIRST_EXCEPTION)
                for future in found.done:
                    future.result()
                if self._stop():
                    raise Cancelled
                self._on_share(sum(self._moved_bytes.values()) / self._total_bytes)
                waiting = bool(found.not_done)
        except BaseException:
            self._given_up.set()
            for future in futures:
                future.cancel()
            raise

    def _put(self, file: PackagedFile) -> None:
        def moved(done: int, _: int | None) -> None:
            if self._given_up.is_set():
                raise Cancelled
            self._moved_bytes[file.key] = done

        self._stored[file.key] = self._sink.put(
            Path(file.path), file.key, content_type=file.content_type, moved=moved
        )
