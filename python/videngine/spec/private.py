"""Values that must never be printed: credentials, and URLs that may carry them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BeforeValidator, Secret, WithJsonSchema

from videngine.spec.faults import invalid
from videngine.spec.values import has_control_characters

REDACTED = "********"
MAX_URL = 4000


class Credential(Secret[str]):
    """A key, password or header value; prints as ``********``."""

    def _display(self) -> str:
        return REDACTED


class PrivateUrl(Secret[str]):
    """A URL that prints without its user information and the values of its query."""

    def _display(self) -> str:
        return redact_url(self.get_secret_value())

    @property
    def has_secrets(self) -> bool:
        """Whether there is something in it that does not print."""
        return self._display() != self.get_secret_value()


def redact_url(url: str) -> str:
    """A URL with user information and every query value replaced; the fragment goes."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{REDACTED}@{host}" if at and user else host
    query = "&".join(
        f"{name}={REDACTED}" if equals else REDACTED
        for name, equals, _ in (p.partition("=") for p in parts.query.split("&") if p)
    )
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))


def with_user(url: str, user: str, password: str) -> str | None:
    """A URL with this user and password in it; None if it has a user already."""
    scheme, mark, rest = url.strip().partition("://")
    if not mark or "@" in rest.split("/")[0]:
        return None
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def _credential(value: Any) -> Any:
    if not isinstance(value, str):
        raise invalid("must be text")
    if len(value) > 4096 or has_control_characters(value):
        raise invalid("must be text of at most 4096 characters without control characters")
    return Credential(value)


def _web_url(value: object) -> PrivateUrl:
    """An http or https URL with a host."""
    if not isinstance(value, str):
        raise invalid("must be a URL")
    url = value.strip()
    if len(url) > MAX_URL:
        raise invalid(f"must have at most {MAX_URL} characters, not {len(url)}")
    if has_control_characters(url) or " " in url:
        raise invalid("must not hold blanks or control characters; write them as %20 and the like")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise invalid("is not a URL that can be read") from None
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise invalid("must be an http:// or https:// URL with a host")
    return PrivateUrl(url)


SecretText = Annotated[
    Credential,
    BeforeValidator(_credential),
    WithJsonSchema({"type": "string", "maxLength": 4096, "writeOnly": True}),
]
WebUrl = Annotated[
    PrivateUrl,
    BeforeValidator(_web_url),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": MAX_URL}),
]
