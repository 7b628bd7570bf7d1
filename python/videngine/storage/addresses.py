"""Which addresses a user's URL may reach: public ones on ports 80 and 443, and opened ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from ssrfguard import (
    DEFAULT_DENIED,
    AddressTable,
    Block,
    BlockedURLError,
    Policy,
    Reach,
    Target,
)

_DEFAULT_PORTS = {"http": 80, "https": 443}
_USUAL_PORTS = {"http": {80, 443}, "https": {80, 443}, "ftp": {21, 990}, "sftp": {22}}

_DENIED = AddressTable(
    (
        *DEFAULT_DENIED.blocks,
        # The one metadata service with a public address; the shipped table has the others.
        Block(ip_network("168.63.129.16/32"), "Cloud metadata (Azure)", "", Reach.DENIED),
    )
)
_ALL_DENIED = AddressTable(
    (
        Block(ip_network("0.0.0.0/0"), "Any address on this port", "", Reach.DENIED),
        Block(ip_network("::/0"), "Any address on this port", "", Reach.DENIED),
    )
)
_NONE_DENIED = AddressTable(())


@dataclass(frozen=True)
class _Opening:
    """One entry of ``allow_addresses``; ``port`` None opens every port."""

    network: IPv4Network | IPv6Network
    port: int | None


class AddressPolicy:
    """Decides, for an origin, which addresses may be connected to. Immutable, so safe to share.

    Args:
        allow: entries of ``Settings.allow_addresses``.
        trusted: URLs of origins (``http://minio:9000``) that the operator vouches for, wherever
            they resolve.
        anywhere: allow everything; for the command line, whose user could reach it all anyway.

    Raises:
        ValueError: an entry cannot be read or would open an address translation prefix.
    """

    def __init__(
        self, allow: Iterable[str] = (), *, trusted: Iterable[str] = (), anywhere: bool = False
    ) -> None:
        self._openings = tuple(_opening(entry) for entry in allow)
        self._trusted = frozenset(_trusted(url) for url in trusted)
        self._anywhere = anywhere
        # Refuses entries such as 64:ff9b::/96 at start-up, not at the first request.
        Policy(denied_networks=_DENIED, allowed_networks=tuple(o.network for o in self._openings))

    def for_origin(self, scheme: str, host: str, port: int) -> Policy:
        """The policy for one origin: openings and trust hold for one port only."""
        if self._anywhere or (scheme, host.rstrip(".").lower(), port) in self._trusted:
            return Policy(denied_networks=_NONE_DENIED, allowed_ports=frozenset({port}))
        return Policy(
            denied_networks=_DENIED if port in _USUAL_PORTS.get(scheme, ()) else _ALL_DENIED,
            allowed_networks=tuple(o.network for o in self._openings if o.port in (None, port)),
            allowed_ports=frozenset({port}),
        )

    def check_url(self, url: str) -> Target:
        """Decide all that can be decided about a URL without the network.

        Raises:
            ssrfguard.SSRFGuardError: its scheme, user info, port, form of the host or literal
                address is not allowed.
        """
        try:
            scheme, host, port = origin(url)
        except ValueError as bad:
            raise BlockedURLError(url, f"cannot be parsed as a URL: {bad}") from bad
        return self.for_origin(scheme, host, port).check_url(url)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL, in lower case and with the port filled in.

    Raises:
        ValueError: the URL cannot be split.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(scheme, 443)


def _opening(entry: str) -> _Opening:
    """Read ``10.0.0.0/8``, ``127.0.0.1:8333``, ``fd00::/8`` or ``[::1]:8333``."""
    network, port = entry, ""
    if entry.startswith("["):
        network, _, port = entry[1:].partition("]")
        port = port.removeprefix(":")
    elif entry.count(":") == 1:
        network, _, port = entry.partition(":")
    try:
        number = int(port) if port else None
        if number is not None and not 1 <= number <= 65535:
            raise ValueError(f"{number} is not a port")
        return _Opening(ip_network(network), number)
    except ValueError as bad:
        raise ValueError(
            f"allow_addresses: {entry!r} is neither an address nor network/bits, with or without "
            f":port ({bad})"
        ) from bad


def _trusted(url: str) -> tuple[str, str, int]:
    try:
        scheme, host, port = origin(url)
    except ValueError:
        scheme = host = ""
    if scheme not in _DEFAULT_PORTS or not host:
        raise ValueError(f"s3_endpoints: {url!r} is not a URL such as https://host:port")
    return scheme, host, port
