"""A source on a web server."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from videngine.storage.base import Moved
from videngine.storage.guard import GuardedClient


class HttpSource:
    """A file behind an http(s) URL, pre-signed ones too.

    ``user:password@`` in the URL becomes basic authentication, which only the URL's own origin
    gets.

    Args:
        url: may hold secrets.
        client: reaches it.
        max_bytes: the largest file that is taken.
    """

    def __init__(self, url: str, *, client: GuardedClient, max_bytes: int) -> None:
        parts = urlsplit(url)
        user, at, host = parts.netloc.rpartition("@")
        self._url = urlunsplit(parts._replace(netloc=host))
        self._headers: dict[str, str] = {}
        if at:
            name, _, password = user.partition(":")
            token = base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode())
            self._headers = {"Authorization": f"Basic {token.decode()}"}
        self._client = client
        self._max_bytes = max_bytes

    def fetch(self, scratch: Path, moved: Moved) -> Path:
        """Download to ``scratch``; see `Source.fetch` and `GuardedClient.download`."""
        target = scratch / "source"
        self._client.download(
            self._url, target, max_bytes=self._max_bytes, moved=moved, headers=self._headers
        )
        return target
