"""Bearer tokens: shown once, stored as a hash. A token names the tenant whose jobs it may see."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from videngine.jobs.database import Database, DatabaseGone, now
from videngine.jobs.migration import migrate
from videngine.jobs.tables import tokens
from videngine.settings import Settings

PREFIX = "vg_"
_LAST_USED_EVERY_S = 60


def create_token(
    settings: Settings,
    name: str,
    tenant: str = "default",
    *,
    expires_in_s: float | None = None,
) -> str:
    """Make a token of 256 random bits and return it; only its hash is kept.

    Args:
        settings: whose database.
        name: for the operator's list.
        tenant: whose jobs the bearer may post and see.
        expires_in_s: life in seconds; None: until it is revoked.

    Raises:
        ValueError: an empty name or tenant, or one longer than its column.
    """
    if not 1 <= len(name) <= 100:
        raise ValueError("a token's name has 1 to 100 characters")
    if not 1 <= len(tenant) <= 64:
        raise ValueError("a tenant's name has 1 to 64 characters")
    database = Database(settings)
    try:
        migrate(database)
        token = PREFIX + secrets.token_urlsafe(32)
        with database.write() as connection:
            connection.execute(
                tokens.insert().values(
                    sha256=_sha256(token),
                    name=name,
                    tenant=tenant,
                    created_at=now(),
                    expires_at=None if expires_in_s is None else now() + expires_in_s,
                )
            )
    finally:
        database.close()
    return token


@dataclass(frozen=True, kw_only=True)
class TokenInfo:
    """One token as an operator sees it. Times are seconds since 1970."""

    name: str
    tenant: str
    created_at: float
    last_used_at: float | None
    expires_at: float | None
    revoked_at: float | None


def list_tokens(settings: Settings) -> list[TokenInfo]:
    """All tokens, oldest first."""
    database = Database(settings)
    try:
        migrate(database)
        with database.read() as connection:
            rows = connection.execute(sa.select(tokens).order_by(tokens.c.id)).mappings().all()
    finally:
        database.close()
    return [TokenInfo(**{f: row[f] for f in TokenInfo.__dataclass_fields__}) for row in rows]


def revoke_tokens(settings: Settings, name: str) -> int:
    """Revoke every live token of that name; the answer is how many there were."""
    database = Database(settings)
    try:
        migrate(database)
        with database.write() as connection:
            return connection.execute(
                tokens.update()
                .where(tokens.c.name == name, tokens.c.revoked_at.is_(None))
                .values(revoked_at=now())
            ).rowcount
    finally:
        database.close()


def authenticate(database: Database, token: str) -> str | None:
    """The tenant of a live token, or None. Raises `DatabaseGone` when nobody can tell."""
    digest = _sha256(token)
    with database.read() as connection:
        row = connection.execute(
            sa.select(tokens, now().label("now")).where(tokens.c.sha256 == digest)
        ).first()
    if row is None or not hmac.compare_digest(row.sha256, digest):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= row.now):
        return None
    if row.last_used_at is None or row.now - row.last_used_at > _LAST_USED_EVERY_S:
        # A busy database must not turn a good token away for the sake of a note.
        with suppress(DatabaseGone), database.write() as connection:
            connection.execute(
                tokens.update().where(tokens.c.id == row.id).values(last_used_at=now())
            )
    return str(row.tenant)


def _sha256(token: str) -> str:
    # A slow hash guards weak passwords; 256 random bits need none.
    return hashlib.sha256(token.encode()).hexdigest()
