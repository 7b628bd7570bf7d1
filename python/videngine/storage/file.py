"""Files of this machine as source and sink, below the folders that the operator named."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from videngine.errors import InputError, OutputError
from videngine.storage.base import Moved, StoredObject
from videngine.storage.partial import disk_errors, partial_file
from videngine.storage.transfer import Transfer, watch

_BLOCK_BYTES = 1 << 20
_OUTSIDE = (
    "The path is not below a folder that this server may use; its operator can add one with "
    "VIDENGINE_FILE_ROOTS."
)


class FileSource:
    """A file that is read where it is.

    Args:
        path: as the user named it.
        roots: folders it must be in once all symbolic links are followed; None allows any.
        max_bytes: the largest that is taken.
    """

    def __init__(self, path: str, *, roots: Sequence[Path] | None, max_bytes: int) -> None:
        self._path = path
        self._roots = roots
        self._max_bytes = max_bytes

    def fetch(self, scratch: Path, moved: Moved) -> Path:  # noqa: ARG002  nothing is copied
        """The file's real path.

        Raises:
            InputError: ``source_not_found``, ``source_forbidden``, ``source_too_large``.
        """
        path = _real(self._path)
        if path is None or not _is_below(path, self._roots):
            raise InputError("source_forbidden", _OUTSIDE, subject=self._path)
        try:
            # Opened, not only looked at: what cannot be read has to say so here.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if isinstance(error, PermissionError):
                message = "This server has no right to read the file."
                raise InputError("source_forbidden", message, subject=self._path) from error
            message = "There is no such file on this server."
            raise InputError("source_not_found", message, subject=self._path) from error
        try:
            facts = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise InputError("source_not_found", "The path is not a file.", subject=self._path)
        if facts.st_size > self._max_bytes:
            raise InputError(
                "source_too_large",
                f"The file is larger than the limit of {self._max_bytes} bytes.",
                subject=self._path,
            )
        moved(facts.st_size, facts.st_size)
        return path


class FileSink:
    """A folder that takes outputs; each file appears under its name when it is whole and on disk.

    Args:
        folder: where keys start; made when it is missing.
        roots: as for `FileSource`.
        base_url: URL of ``folder``; None for ``file:`` URLs.
    """

    def __init__(
        self, folder: str | Path, *, roots: Sequence[Path] | None, base_url: str | None = None
    ) -> None:
        self.warnings: list[dict[str, str]] = []
        self.at_once = 1
        self._folder = Path(folder)
        self._roots = roots
        self._base_url = base_url

    def put(self, local: Path, key: str, *, content_type: str, moved: Moved) -> StoredObject:
        """Copy one file; see `Sink.put`.

        Raises:
            OutputError: ``destination_forbidden``, ``destination_not_found``, ``upload_failed``.
            ResourceError: ``disk_full``.
        """
        with _writing(key):
            target = self._target(key)
            self._check(target.parent, key)
            target.parent.mkdir(parents=True, exist_ok=True)
            target = self._check(target.parent, key) / target.name
            with partial_file(target, durable=True) as partial:
                _copy(local, partial, moved)
                size = partial.stat().st_size
        url = f"{self._base_url}/{quote(key)}" if self._base_url else target.as_uri()
        return StoredObject(key=key, size_bytes=size, content_type=content_type, url=url)

    def delete(self, key: str) -> None:
        """Remove one file; see `Sink.delete`."""
        with _writing(key):
            target = self._target(key)
            (self._check(target.parent, key) / target.name).unlink(missing_ok=True)

    def _target(self, key: str) -> Path:
        if key != str(PurePosixPath(key)) or key in ("", ".") or key.startswith("/"):
            raise OutputError("destination_forbidden", "This is no key.", subject=key)
        if ".." in PurePosixPath(key).parts or "\0" in key:
            raise OutputError("destination_forbidden", _OUTSIDE, subject=key)
        return self._folder / key

    def _check(self, folder: Path, key: str) -> Path:
        """The folder's real path, all of whose links are followed."""
        real = _real(folder)
        if real is None or not _is_below(real, self._roots):
            raise OutputError("destination_forbidden", _OUTSIDE, subject=key)
        return real


def _real(path: str | Path) -> Path | None:
    """The path without links, or None if there is none."""
    try:
        real = os.path.realpath(path)
        # A loop of links ends realpath's work, and there may be a link behind the loop.
        return Path(real) if os.path.realpath(real) == real else None
    except (OSError, ValueError):  # a NUL
        return None


def _is_below(path: Path, roots: Sequence[Path] | None) -> bool:
    return roots is None or any(path.is_relative_to(root.resolve()) for root in roots)


def _copy(local: Path, target: Path, moved: Moved) -> None:
    def work(transfer: Transfer) -> None:
        transfer.total_bytes = local.stat().st_size
        with local.open("rb") as source, target.open("xb") as out:
            while not transfer.stopped.is_set() and (block := source.read(_BLOCK_BYTES)):
                out.write(block)
                transfer.add(len(block))

    watch(work, cut=lambda: None, moved=moved, total_s=float("inf"), stall_s=float("inf"))


@contextlib.contextmanager
def _writing(key: str) -> Iterator[None]:
    """Turn the errors of the file system into an `OutputError`."""
    try:
        with disk_errors(Path(key)):
            yield
    except PermissionError as error:
        message = "This server has no right to write there."
        raise OutputError("destination_forbidden", message, subject=key) from error
    except (NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        message = "A file stands where a folder is needed, or the other way round."
        raise OutputError("destination_not_found", message, subject=key) from error
    except OSError as error:
        message = f"The file could not be written: {os.strerror(error.errno or 0)}."
        raise OutputError("upload_failed", message, subject=key, retryable=True) from error
