"""Track files that still grow, as a program reads them that takes a file's end for the end."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import select
import termios
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_PIPE_BYTES = 1 << 20
_LOOK_S = 0.05  # how often it looks whether a track has grown


class Feed:
    """Named pipes through which a program gets files that are being written. Linux only.

    Used as a context: the pipes are there in it. A thread of its own fills them; each ends when its
    file is whole and has been read to the end.

    Args:
        sources: the pipes to make, and the file that comes through each. It may not be there yet.
        whole: whether the files grow no more.
    """

    def __init__(self, sources: Mapping[Path, Path], *, whole: Callable[[], bool]) -> None:
        self._sources = sources
        self._whole = whole
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="videngine-feed")

    def __enter__(self) -> Self:
        """Make the pipes and begin to fill them."""
        for pipe in self._sources:
            os.mkfifo(pipe, 0o600)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; nothing comes through the pipes any more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        with contextlib.ExitStack() as opened:
            open_pipes = [
                opened.enter_context(contextlib.closing(_Pipe(pipe, file)))
                for pipe, file in self._sources.items()
            ]
            while open_pipes and not self._stopped.is_set():
                whole = self._whole()  # asked first: what is there then is all
                waiting = [pipe.descriptor for pipe in open_pipes if pipe.fill()]
                select.select([], waiting, [], _LOOK_S)
                if whole:
                    for pipe in [pipe for pipe in open_pipes if pipe.drained]:
                        pipe.close()
                        open_pipes.remove(pipe)


class _Pipe:
    """One pipe and how far its file has gone through it."""

    def __init__(self, pipe: Path, file: Path) -> None:
        # Opened for reading too: else it would have to wait for the reader.
        self.descriptor = os.open(pipe, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(PermissionError):  # beyond the user's limit: smaller serves too
            fcntl.fcntl(self.descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._file = file
        self._source: int | None = None
        self._taken = 0

    def fill(self) -> bool:
        """Move what the pipe takes. Whether there is more to move."""
        if self._source is None:
            try:
                self._source = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return False
        try:
            while moved := os.sendfile(self.descriptor, self._source, self._taken, _PIPE_BYTES):
                self._taken += moved
        except BlockingIOError:
            return True
        return False

    @property
    def drained(self) -> bool:
        """Whether all of the file as it is now has been read."""
        if self._source is None or self._taken < os.fstat(self._source).st_size:
            return False
        unread = array.array("i", [0])
        fcntl.ioctl(self.descriptor, termios.FIONREAD, unread)
        return unread[0] == 0

    def close(self) -> None:
        """Let the reader see the end."""
        for descriptor in (self.descriptor, self._source):
            if descriptor is not None and descriptor >= 0:
                os.close(descriptor)
        self.descriptor, self._source = -1, None
