"""The one way to reach a URL that a user named: every hop checked, bounded in bytes and in time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from ssrfguard import Resolver
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from videngine.errors import InputError
from videngine.settings import Settings
from videngine.storage import http_errors
from videngine.storage.addresses import AddressPolicy, origin
from videngine.storage.base import Moved
from videngine.storage.connections import Connections
from videngine.storage.download import Download, Downloading, blocks
from videngine.storage.partial import partial_file
from videngine.storage.transfer import Transfer, TransferTooSlow, watch

_MAX_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_CONNECT_TIMEOUT_S = 10
_POST_ANSWER_BYTES = 64 << 10
_HEADERS = {"User-Agent": "videngine", "Accept": "*/*", "Accept-Encoding": "identity"}

T = TypeVar("T")


class GuardedClient:
    """Downloads from, and posts to, addresses that strangers chose. Thread-safe.

    Nothing is kept between calls, and the caller's headers go to the URL's own origin only.
    `requests.Session` is not used: it would follow redirects, keep cookies and read bodies,
    ``.netrc`` and proxy variables by itself.

    Args:
        settings: says which addresses besides public ones may be reached, and the time limits.
        anywhere: allow all addresses, for the command line.
        resolver: stands in for `socket.getaddrinfo` (tests).
    """

    def __init__(
        self, settings: Settings, *, anywhere: bool = False, resolver: Resolver | None = None
    ) -> None:
        self._settings = settings
        self._addresses = AddressPolicy(settings.allow_addresses, anywhere=anywhere)
        self._resolver = resolver
        self._verify = str(settings.ca_bundle) if settings.ca_bundle else True

    def check(self, url: str) -> None:
        """Refuse what can be refused without the network, so that a request is answered early.

        Raises:
            InputError: ``source_forbidden``.
        """
        with http_errors.translated(url):
            self._addresses.check_url(url)

    def download(
        self,
        url: str,
        to: Path,
        *,
        max_bytes: int,
        moved: Moved,
        headers: Mapping[str, str] | None = None,
    ) -> Download:
        """Fetch ``url`` into the file ``to``, which appears when it is whole.

        ``headers`` may hold credentials: a redirect to another origin goes without them.

        Raises:
            InputError: ``source_not_found``, ``source_forbidden``, ``source_too_large``,
                ``source_corrupt`` (not retryable), ``source_timeout`` (retryable).
            ResourceError: ``disk_full``.
        """
        with partial_file(to) as partial, partial.open("wb") as out:
            return self._watched(
                url,
                lambda transfer, connections: Downloading(
                    url=url,
                    out=out,
                    path=partial,
                    max_bytes=max_bytes,
                    transfer=transfer,
                    get=lambda more: self._get(connections, url, {**(headers or {}), **more}),
                ).run(),
                moved=moved,
                total_s=self._settings.transfer_timeout_s,
            )

    def fetch_small(self, url: str, *, max_bytes: int, timeout_s: float) -> bytes:
        """Fetch something small, such as a logo or subtitles, into memory. Tried once.

        Raises:
            InputError: ``source_not_found``, ``source_forbidden``, ``source_too_large`` (not
                retryable), ``source_timeout`` (retryable).
        """

        def work(transfer: Transfer, connections: Connections) -> bytes:
            body = bytearray()
            with self._get(connections, url, {}) as response:
                if response.status_code != 200:
                    raise http_errors.from_status(url, response.status_code)
                for block in blocks(response):
                    body += block
                    transfer.add(len(block))
                    if len(body) > max_bytes:
                        raise http_errors.too_large(url, max_bytes)
            return bytes(body)

        return self._watched(url, work, moved=_nobody, total_s=timeout_s)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> int:
        """Send ``body`` and return the answer's status, whatever it is. Redirects are not followed.

        Raises:
            InputError: ``source_forbidden``, ``source_not_found`` (there is no such host),
                ``source_timeout``.
        """
        status: list[int] = []

        def work(transfer: Transfer, connections: Connections) -> None:
            with self._adapter(connections) as adapter:
                response = self._send(adapter, "POST", url, headers, body)
                if not transfer.stopped.is_set():  # half an answer is none
                    status.append(response.status_code)
                # Reading a little spares a well-behaved server a broken pipe.
                with contextlib.closing(response), contextlib.suppress(HTTPError):
                    for block in blocks(response):
                        transfer.add(len(block))
                        if transfer.bytes_seen >= _POST_ANSWER_BYTES:
                            return

        try:
            self._watched(url, work, moved=_nobody, total_s=timeout_s)
        except InputError:
            if not status:
                raise
        return status[0]

    def _watched(
        self,
        url: str,
        work: Callable[[Transfer, Connections], T],
        *,
        moved: Moved,
        total_s: float,
    ) -> T:
        connections = Connections(self._addresses, resolver=self._resolver)
        try:
            with http_errors.translated(url):
                return watch(
                    lambda transfer: work(transfer, connections),
                    cut=lambda: connections.cut(for_good=True),
                    moved=moved,
                    total_s=total_s,
                    stall_s=min(self._settings.stall_timeout_s, total_s),
                )
        except TransferTooSlow as slow:
            raise http_errors.timed_out(url, str(slow)) from None

    @contextlib.contextmanager
    def _get(
        self, connections: Connections, url: str, headers: Mapping[str, str]
    ) -> Iterator[requests.Response]:
        """The first answer that is no redirect."""
        with self._adapter(connections) as adapter:
            for _ in range(_MAX_REDIRECTS + 1):
                response = self._send(adapter, "GET", url, headers)
                with contextlib.closing(response):
                    location = response.headers.get("Location", "")
                    if response.status_code not in _REDIRECTS or not location:
                        yield response
                        return
                target = _next(url, location)
                if origin(target) != origin(url):
                    headers = {}  # they may hold credentials
                url = target
        raise http_errors.forbidden(url, f"More than {_MAX_REDIRECTS} redirects are not followed.")

    def _send(
        self,
        adapter: HTTPAdapter,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> requests.Response:
        self._addresses.check_url(url)
        request = requests.Request(method, url, headers={**_HEADERS, **headers}, data=body)
        return adapter.send(
            request.prepare(),
            stream=True,
            timeout=(_CONNECT_TIMEOUT_S, self._settings.stall_timeout_s),
            verify=self._verify,
        )

    @staticmethod
    @contextlib.contextmanager
    def _adapter(connections: Connections) -> Iterator[HTTPAdapter]:
        with contextlib.closing(_GuardedAdapter(connections)) as adapter:
            yield adapter


class _GuardedAdapter(HTTPAdapter):
    """requests' transport, on guarded connections."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._connections.pool_classes(
            HTTPConnectionPool, HTTPSConnectionPool
        )


def _next(url: str, location: str) -> str:
    """Where a redirect leads.

    Raises:
        InputError: to no URL, or from https to http, where anybody on the way could change the
            file.
    """
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")  # header bytes arrive as latin-1
    try:
        target = urljoin(url, location)
        scheme, _, _ = origin(target)
    except ValueError:
        raise http_errors.forbidden(url, "A redirect leads to what is not a URL.") from None
    if scheme == "http" and urlsplit(url).scheme == "https":
        raise http_errors.forbidden(url, "Redirects from https to http are not followed.")
    return target


def _nobody(_bytes: int, _total: int | None) -> None:
    """For transfers whose progress nobody watches."""
