"""What every kind of storage offers: a `Source` to fetch, a `Sink` that takes objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Moved = Callable[[int, int | None], None]
"""Told of progress: bytes so far, and in all if known. May raise `Cancelled` to stop."""


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """One object in its place. ``url`` never holds credentials."""

    key: str
    size_bytes: int
    content_type: str
    url: str

    def to_json(self) -> dict[str, str | int]:
        """The object as the API lists it."""
        return {
            "key": self.key,
            "size": self.size_bytes,
            "content_type": self.content_type,
            "url": self.url,
        }


class Secret(Protocol):
    """A credential that does not print."""

    def get_secret_value(self) -> str:
        """The credential itself."""
        ...


class Source(Protocol):
    """A place that holds the one source of a job."""

    def fetch(self, scratch: Path, moved: Moved) -> Path:
        """Make the source readable as a local file and return its path.

        A ``file`` source is returned in place, others are downloaded to ``scratch`` under a
        temporary name and renamed when whole.

        Raises:
            InputError: ``source_not_found``, ``source_forbidden``, ``source_too_large`` (not
                retryable), ``source_timeout`` (retryable).
            ResourceError: ``disk_full``.
        """
        ...


class Sink(Protocol):
    """A place that takes outputs. Objects become visible whole or not at all.

    ``warnings`` holds what the destination did not take as asked, each once: ``{"code": ...,
    "message": ...}``. So many threads may ``put`` ``at_once``.
    """

    warnings: list[dict[str, str]]
    at_once: int

    def put(self, local: Path, key: str, *, content_type: str, moved: Moved) -> StoredObject:
        """Store one file under ``key`` (relative to the destination), replacing what stood there.

        Raises:
            OutputError: ``destination_forbidden``, ``destination_not_found`` (not retryable),
                ``destination_timeout``, ``upload_failed`` (retryable).
        """
        ...

    def delete(self, key: str) -> None:
        """Remove one object; nothing happens when there is none."""
        ...
