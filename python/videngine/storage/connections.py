"""The sockets of guarded clients: opened to checked addresses only, and cut from any thread.

Every client that follows a user's URL (requests in `guard`, botocore in `s3`) takes its connection
pools from here, so there is one place in which an address is chosen.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from http.client import HTTPResponse
from typing import ClassVar

from ssrfguard import ProxyUnsupportedError, Resolver, connect, resolve
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from videngine.storage.addresses import AddressPolicy


class Connections:
    """All sockets of one client. Thread-safe.

    A name is resolved once, every answer is checked, and the socket is connected to one of the
    checked answers: there is no second look-up that could answer otherwise.

    Args:
        addresses: what may be reached.
        resolver: stands in for `socket.getaddrinfo` (tests).
    """

    def __init__(self, addresses: AddressPolicy, *, resolver: Resolver | None = None) -> None:
        self._addresses = addresses
        self._resolver = resolver
        self._lock = threading.Lock()
        self._handles: set[socket.socket] = set()
        self._cuts = 0
        self._over = False

    def pool_classes(
        self, http: type[HTTPConnectionPool], https: type[HTTPConnectionPool]
    ) -> dict[str, type[HTTPConnectionPool]]:
        """Pool classes by scheme: like the given ones, but with guarded sockets."""
        return {"http": self._guarded("http", http), "https": self._guarded("https", https)}

    def cut(self, *, for_good: bool = False) -> None:
        """End every open connection, also those that are being opened.

        Args:
            for_good: whether no new ones may follow. It has to be so for a transfer that is over:
                what has arrived of an answer may look like an answer, say like a redirect.
        """
        with self._lock:
            self._cuts += 1
            self._over = self._over or for_good
            for handle in self._handles:
                with contextlib.suppress(OSError):  # the peer may have gone first
                    handle.shutdown(socket.SHUT_RDWR)

    def release(self, handle: socket.socket) -> None:
        """Forget a socket that is closed."""
        with self._lock:
            self._handles.discard(handle)
        handle.close()

    def open(self, connection: HTTPConnection, scheme: str) -> tuple[socket.socket, socket.socket]:
        """Connect for ``connection``; returns the socket and a duplicate by which `cut` ends it.

        The duplicate is needed because TLS takes the socket's descriptor away from its object.

        Raises:
            ssrfguard.SSRFGuardError: no address of the host may be reached.
            urllib3.exceptions.HTTPError: what urllib3 itself raises when it cannot connect.
        """
        # urllib3 resolves _dns_host (it keeps a trailing dot), so that is what must be checked.
        host, port = connection._dns_host, connection.port
        if connection._tunnel_host is not None:
            raise ProxyUnsupportedError(f"{host}:{port}")
        if self._over:
            raise NewConnectionError(connection, "the transfer is over")
        cuts = self._cuts
        policy = self._addresses.for_origin(scheme, host, port)
        literal = f"[{host}]" if ":" in host else host
        target = policy.check_url(f"{scheme}://{literal}:{port}/")
        timeout = connection.timeout if isinstance(connection.timeout, int | float) else None
        try:
            opened = connect(
                resolve(target, policy=policy, resolver=self._resolver),
                policy=policy,
                timeout=timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except socket.gaierror as error:
            raise NameResolutionError(host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"no connection in {timeout} s") from error
        except OSError as error:
            raise NewConnectionError(connection, str(error)) from error
        sys.audit("http.client.connect", connection, host, port)
        handle = opened.dup()
        with self._lock:
            self._handles.add(handle)
            late = self._over or self._cuts != cuts
        if late:
            opened.close()
            self.release(handle)
            raise NewConnectionError(connection, "cut while it was opened")
        return opened, handle

    def _guarded(self, scheme: str, pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
        connection = type(
            "GuardedConnection",
            (_GuardedConnection, pool.ConnectionCls),
            {"connections": self, "scheme": scheme},
        )
        return type("GuardedPool", (pool,), {"ConnectionCls": connection})


class _GuardedConnection(HTTPConnection):
    """Mixed into urllib3's connection classes: the socket comes from `Connections`.

    Only `_new_conn` chooses an address; the host name stays what it was for TLS and ``Host``.
    """

    connections: ClassVar[Connections]
    scheme: ClassVar[str]
    _handle: socket.socket | None = None
    _answering = False

    def _new_conn(self) -> socket.socket:
        self._release()
        opened, self._handle = self.connections.open(self, self.scheme)
        return opened

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3 returns its own
        # http.client closes the connection in here when the server will ("Connection: close"),
        # though the body is still to be read through it: the handle has to live on.
        self._answering = True
        try:
            return super().getresponse()  # type: ignore[return-value]  # as above
        finally:
            self._answering = False

    def close(self) -> None:
        super().close()
        if not self._answering:
            self._release()

    def _release(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            self.connections.release(handle)
