"""``webhook_config``: whom to tell what becomes of a job."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from videngine.spec.faults import invalid, show
from videngine.spec.model import Model
from videngine.spec.private import REDACTED, Credential, PrivateUrl, SecretText, WebUrl
from videngine.spec.values import Scalar

EVENTS = (
    "job.queued",
    "job.processing",
    "job.progress",
    "output.completed",
    "output.failed",
    "job.completed",
    "job.failed",
    "job.canceled",
)
DEFAULT_EVENTS = ("job.queued", "job.processing", "job.completed", "job.failed", "job.canceled")

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_OURS = {
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
}


def _event(value: object) -> str:
    if value not in EVENTS:
        raise invalid(f"must be one of {', '.join(EVENTS)}, not {show(value)}")
    return str(value)


Event = Annotated[str, Scalar(_event, {"enum": list(EVENTS)})]


class WebhookConfig(Model):
    """Where events are posted, with which headers, and which events."""

    url: WebUrl = Field(
        description="Receives a POST for each event; without `user:password@`. Required."
    )
    headers: dict[str, SecretText] | None = Field(
        None,
        max_length=50,
        description="Headers to send along, kept secret. Not those that belong to the connection "
        "(`Host`, "
        "`Content-Length`, `Transfer-Encoding` …) or to the signature. Default: none.",
    )
    events: tuple[Event, ...] | None = Field(
        None,
        description=f"Which events are posted: {', '.join(EVENTS)}. Default: "
        f"{', '.join(DEFAULT_EVENTS)}.",
    )
    secret: SecretText | None = Field(
        None, description="Signs each delivery (Standard Webhooks). Default: no signature."
    )

    @property
    def effective_events(self) -> tuple[str, ...]:
        """The events to post, with the default."""
        return DEFAULT_EVENTS if self.events is None else self.events

    @field_validator("url")
    @classmethod
    def _no_user(cls, url: PrivateUrl) -> PrivateUrl:
        if "@" in urlsplit(url.get_secret_value()).netloc:
            raise invalid("must not hold `user:password@`; send credentials in `headers`")
        return url

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, Credential] | None) -> dict[str, Credential] | None:
        seen: set[str] = set()
        for name, value in (headers or {}).items():
            if not _NAME.fullmatch(name):
                raise invalid(f"{show(name)} is not the name of a header")
            if name.lower() in _OURS:
                raise invalid(f"must not set {name}: it belongs to the delivery itself")
            if name.lower() in seen:
                raise invalid(f"sets {name} twice", code="conflicting_fields")
            if not value.get_secret_value().isascii():
                raise invalid(f"the value of {name} must be ASCII")
            seen.add(name.lower())
        return headers

    def echo(self) -> dict[str, Any]:
        """The configuration as responses print it: header values and secret redacted."""
        out: dict[str, Any] = {
            "url": str(self.url),
            "headers": dict.fromkeys(self.headers or {}, REDACTED),
        }
        if self.events is not None:
            out["events"] = list(self.events)
        if self.secret is not None:
            out["secret"] = REDACTED
        return out
