"""Who asks: a bearer token names a tenant, and there is no other way in."""

from __future__ import annotations

from flask import g, request

from videngine.errors import VidengineError
from videngine.jobs.tokens import authenticate
from videngine.server.service import service


def require_token() -> None:
    """Note the tenant of the current request.

    Raises:
        VidengineError: ``unauthorized``, without saying whether the token is unknown, expired or
        revoked.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    tenant = None
    if scheme.lower() == "bearer" and token.strip():
        tenant = authenticate(service().database, token.strip())
    if tenant is None:
        raise VidengineError(
            "unauthorized",
            "Send `Authorization: Bearer <token>` with a valid token "
            "(`videngine token create` makes one).",
        )
    g.tenant = tenant


def tenant() -> str:
    """The tenant of the current request."""
    return str(g.tenant)
