"""Whatever a caller names as a source → a file that the engine can open as often as it needs."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from videngine.errors import InputError

_COPY_BYTES = 1 << 20

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]


class OpenedSource:
    """A path that can be opened, and what keeps it so until `close` or its own end.

    Sources without a path of their own lie in a file without a name: it is gone with the last
    descriptor of it, even after a crash.
    """

    def __init__(self, path: str, *, name: str, descriptor: int | None = None) -> None:
        self.path = path
        self.name = name
        self._end = None if descriptor is None else weakref.finalize(self, os.close, descriptor)

    def close(self) -> None:
        """Let go of it; the engine keeps what it has opened."""
        if self._end is not None:
            self._end()

    @staticmethod
    def of_file(file: IO[bytes], *, name: str) -> OpenedSource:
        """An open file, whatever its position; it may have lost its name."""
        descriptor = os.dup(file.fileno())
        return OpenedSource(f"/proc/self/fd/{descriptor}", name=name, descriptor=descriptor)


def open_source(source: Source) -> OpenedSource:
    """Make a source of any kind one that has a path.

    Files are read where they are. Bytes are copied once, into memory; so are other file-likes, from
    their start, into a temporary file: the engine never calls Python. URLs are downloaded through
    the guarded client, as those of jobs are.

    Raises:
        InputError: what the download fails with. TypeError: nothing that can be read.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return _spooled(io.BytesIO(source), name="<bytes>", in_memory=True)
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        return _downloaded(source)
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        return OpenedSource(path, name=path)
    if not callable(getattr(source, "read", None)):
        raise TypeError(
            "a source is a path, a URL, bytes or a file opened for reading bytes, "
            f"not {type(source).__name__}"
        )
    name = str(getattr(source, "name", "<file>"))
    raw = getattr(source, "raw", source)
    if isinstance(raw, io.FileIO) and Path(f"/proc/self/fd/{raw.fileno()}").is_file():
        return OpenedSource.of_file(raw, name=name)
    return _spooled(source, name=name, in_memory=False)


def _spooled(source: IO[bytes], *, name: str, in_memory: bool) -> OpenedSource:
    with (
        os.fdopen(os.memfd_create(name), "w+b") if in_memory else tempfile.TemporaryFile()
    ) as target:
        if not in_memory and source.seekable():
            source.seek(0)
        shutil.copyfileobj(_checked(source), target, _COPY_BYTES)
        target.flush()
        return OpenedSource.of_file(target, name=name)


def _checked(source: Any) -> Any:
    """The file, once it is known to give bytes."""
    if isinstance(source, io.TextIOBase):
        raise TypeError('a source is read as bytes: open the file with mode "rb"')
    return source


def _downloaded(url: str) -> OpenedSource:
    from videngine.settings import Settings
    from videngine.storage.guard import GuardedClient
    from videngine.storage.http import HttpSource

    settings = Settings()
    with tempfile.TemporaryDirectory(prefix="videngine-") as folder:
        source = HttpSource(
            url, client=GuardedClient(settings), max_bytes=settings.max_source_bytes
        )
        fetched = source.fetch(Path(folder), lambda _done, _total: None)
        with fetched.open("rb") as file:
            return OpenedSource.of_file(file, name=_without_secrets(url))


def _without_secrets(url: str) -> str:
    return url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].rpartition("@")[2]


@contextlib.contextmanager
def named_errors(source: OpenedSource) -> Iterator[None]:
    """Errors of the engine are about the source as the caller knows it."""
    try:
        yield
    except InputError as error:
        error.subject = source.name
        raise error from None
