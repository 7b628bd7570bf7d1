"""One file over HTTP, taken up again where a connection broke."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import requests

from videngine.errors import InputError
from videngine.storage import http_errors
from videngine.storage.partial import disk_full
from videngine.storage.transfer import Transfer

_BLOCK_BYTES = 256 << 10
_MAX_BREAKS = 5
_PAUSE_S = 0.5

Get = Callable[[dict[str, str]], AbstractContextManager[requests.Response]]
"""Makes one request with the given headers."""


@dataclass(frozen=True, kw_only=True)
class Download:
    """Facts about a file that was downloaded."""

    size_bytes: int
    content_type: str
    etag: str


class Downloading:
    """A download in progress. Used by one thread, once.

    The connection may break any number of times as long as each brings something new; five in a row
    that do not, or an error that will not go away, end it. It goes on where it broke if the server
    gave the file a strong ETag, which the rest must have too, and starts again otherwise.

    Args:
        url: for messages.
        out: an empty file, open for writing.
        path: where ``out`` is, to look at the room on its disk.
        max_bytes: the most that is taken.
        transfer: told of every byte.
        get: makes a request.
    """

    def __init__(
        self,
        *,
        url: str,
        out: BinaryIO,
        path: Path,
        max_bytes: int,
        transfer: Transfer,
        get: Get,
    ) -> None:
        self._url = url
        self._out = out
        self._path = path
        self._max_bytes = max_bytes
        self._transfer = transfer
        self._get = get
        self._offset = 0
        self._etag = ""

    def run(self) -> Download:
        """Download to the end.

        Raises:
            InputError: ``source_not_found``, ``source_forbidden``, ``source_too_large``,
                ``source_corrupt``, ``source_timeout``.
            ResourceError: ``disk_full``.
        """
        breaks = furthest = 0
        while True:
            try:
                with http_errors.translated(self._url), self._get(self._range()) as response:
                    return self._take(response)
            except InputError as error:
                breaks = 1 if self._offset > furthest else breaks + 1
                furthest = max(furthest, self._offset)
                if not error.retryable or self._transfer.stopped.is_set() or breaks >= _MAX_BREAKS:
                    raise
                pause_s = _PAUSE_S * 2 ** (breaks - 1)
                self._transfer.pause(random.uniform(pause_s / 2, pause_s))  # noqa: S311 jitter

    def _range(self) -> dict[str, str]:
        if not (self._offset and self._etag):
            return {}
        return {"Range": f"bytes={self._offset}-", "If-Range": self._etag}

    def _take(self, response: requests.Response) -> Download:
        """Write the body of one answer behind what is there already."""
        if response.status_code == 206 and self._goes_on(response):
            pass
        elif response.status_code == 200:
            self._start_over(response.headers.get("ETag", ""))
        elif self._range():
            self._start_over("")
            raise http_errors.timed_out(self._url, "it did not go on where the connection broke")
        else:
            raise http_errors.from_status(self._url, response.status_code)
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            raise InputError(
                "source_corrupt",
                f"{http_errors.host_of(self._url)} sent the file compressed ({encoding[:20]}) "
                "though it was asked not to.",
                subject=http_errors.subject_of(self._url),
            )
        self._make_room(response.headers.get("Content-Length", ""))
        for block in blocks(response):
            self._out.write(block)
            self._offset += len(block)
            self._transfer.add(len(block))
            if self._offset > self._max_bytes:
                raise http_errors.too_large(self._url, self._max_bytes)
        return Download(
            size_bytes=self._offset,
            content_type=response.headers.get("Content-Type", ""),
            etag=self._etag,
        )

    def _goes_on(self, response: requests.Response) -> bool:
        """Whether the answer is the rest of the same file."""
        span = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        same = response.headers.get("ETag", "") == self._etag
        return bool(self._range() and same and span and int(span[1]) == self._offset)

    def _start_over(self, etag: str) -> None:
        if self._offset:
            self._out.seek(0)
            self._out.truncate()
            self._transfer.add(-self._offset)
            self._offset = 0
        self._etag = etag if etag.startswith('"') else ""  # a weak one does not name the bytes

    def _make_room(self, content_length: str) -> None:
        """Refuse at once what is too large for the limit or for the disk."""
        if not content_length.isdecimal():
            self._transfer.total_bytes = None
            return
        rest = int(content_length)
        self._transfer.total_bytes = self._offset + rest
        if self._offset + rest > self._max_bytes:
            raise http_errors.too_large(self._url, self._max_bytes)
        if rest > shutil.disk_usage(self._path.parent).free:
            raise disk_full(self._path)


def blocks(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives, in blocks of no fixed size, undecoded."""
    while block := response.raw.read1(_BLOCK_BYTES, decode_content=False):
        yield block
