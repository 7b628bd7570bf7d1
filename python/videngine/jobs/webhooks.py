"""Delivers events: signed, in order for each job, again and again until taken or given up.

At least once: a worker that dies between a receiver's answer and our note of it sends the same
``webhook-id`` again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from videngine.errors import VidengineError
from videngine.jobs.database import Database, DatabaseGone, now
from videngine.jobs.store import open_request
from videngine.jobs.tables import jobs, webhooks
from videngine.keyring import Keyring
from videngine.settings import Settings
from videngine.spec import parse_job

log = logging.getLogger(__name__)

WAITS_S = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
"""Pauses between tries; after the last try the event is given up."""

_POLL_S = 0.5
_GONE = 410


class Poster(Protocol):
    """Sends a POST to an address that a stranger chose."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> int:
        """The status of the answer. Raises `VidengineError` when there is none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One event that is due."""

    id: str
    job_id: str
    body: bytes
    attempts: int  # tries so far
    time_s: float
    url: str
    headers: dict[str, str]
    secret: str | None


def signed_headers(delivery: Delivery) -> dict[str, str]:
    """The receiver's own headers and those of Standard Webhooks; signed if there is a secret."""
    timestamp = str(int(delivery.time_s))
    headers = {
        "content-type": "application/json",
        **{name.lower(): value for name, value in delivery.headers.items()},
        "webhook-id": delivery.id,
        "webhook-timestamp": timestamp,
    }
    if delivery.secret:
        signed = b".".join((delivery.id.encode(), timestamp.encode(), delivery.body))
        digest = hmac.digest(_key(delivery.secret), signed, hashlib.sha256)
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def _key(secret: str) -> bytes:
    """Bytes of a ``whsec_`` secret; any other text stands for its own bytes."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


class Deliverer:
    """Sends what is due. Several may run on one database: each claims what it sends.

    Args:
        settings: time limits, and whether plain http is allowed.
        database: holds the events.
        keyring: opens the receivers' headers and secrets.
        client: does the sending.
    """

    def __init__(
        self, settings: Settings, *, database: Database, keyring: Keyring, client: Poster
    ) -> None:
        self._settings = settings
        self._database = database
        self._keyring = keyring
        self._client = client

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop. The try under way is finished first."""
        while not stop.is_set():
            try:
                while not stop.is_set() and self.deliver_one():
                    pass
            except DatabaseGone as error:
                log.warning("webhooks wait for the database: %s", error)
            except Exception:
                log.exception("a webhook could not be handled")
            stop.wait(_POLL_S)

    def deliver_one(self) -> bool:
        """Try the event that has been due for longest; False if none is."""
        delivery = self._claim()
        if delivery is None:
            return False
        if isinstance(delivery, str):
            self._note(delivery, 0, give_up=True)
            return True
        try:
            status = self._post(delivery)
        except VidengineError as error:
            log.info("webhook %s: %s", delivery.id, error.code)
            status = 0
        if 200 <= status < 300:
            self._note(delivery.id, status, delivered=True)
        else:
            self._note(
                delivery.id, status, give_up=status == _GONE or delivery.attempts >= len(WAITS_S)
            )
        return True

    def _post(self, delivery: Delivery) -> int:
        if not self._settings.webhook_allow_http and not delivery.url.lower().startswith("https:"):
            raise VidengineError("source_forbidden", "webhooks must use https on this server")
        return self._client.post(
            delivery.url,
            delivery.body,
            signed_headers(delivery),
            timeout_s=self._settings.webhook_timeout_s,
        )

    def _claim(self) -> Delivery | str | None:
        """Take one event for long enough to send it; just its id if its receiver is forgotten."""
        before = webhooks.alias()
        first_of_its_job = ~sa.exists().where(
            before.c.job_id == webhooks.c.job_id,
            before.c.seq < webhooks.c.seq,
            before.c.status == "pending",
        )
        due = (
            sa.select(webhooks)
            .where(
                webhooks.c.status == "pending",
                webhooks.c.next_at <= now(),
                webhooks.c.claimed_until <= now(),
                first_of_its_job,
            )
            .order_by(webhooks.c.next_at)
            .limit(1)
        )
        with (
            self._database.read() as connection
        ):  # most looks find nothing: no need for the write lock
            if connection.execute(due).first() is None:
                return None
        with self._database.write() as connection:
            row = connection.execute(due.with_for_update(skip_locked=True)).mappings().first()
            if row is None:
                return None
            time_s = connection.scalar(sa.select(now())) or 0.0
            connection.execute(
                webhooks.update()
                .where(webhooks.c.seq == row["seq"])
                .values(claimed_until=time_s + 2 * self._settings.webhook_timeout_s)
            )
            job = (
                connection.execute(sa.select(jobs).where(jobs.c.id == row["job_id"]))
                .mappings()
                .one()
            )
            try:
                request = open_request(connection, self._keyring, job)
            except KeyError:
                return str(row["id"])
        config = parse_job(request).spec.webhook_config
        if config is None:
            return str(row["id"])
        return Delivery(
            id=row["id"],
            job_id=row["job_id"],
            body=row["body"].encode(),
            attempts=row["attempts"],
            time_s=time_s,
            url=config.url.get_secret_value(),
            headers={k: v.get_secret_value() for k, v in (config.headers or {}).items()},
            secret=None if config.secret is None else config.secret.get_secret_value(),
        )

    def _note(
        self, event_id: str, status: int, *, delivered: bool = False, give_up: bool = False
    ) -> None:
        with self._database.write() as connection:
            row = connection.execute(
                sa.select(webhooks.c.attempts).where(webhooks.c.id == event_id)
            ).first()
            if row is None:
                return
            values: dict[str, Any] = {
                "attempts": row.attempts + 1,
                "last_status": status,
                "claimed_until": 0.0,
            }
            if delivered:
                values["status"] = "delivered"
            elif give_up:
                values["status"] = "failed"
            else:
                wait_s = WAITS_S[min(row.attempts, len(WAITS_S) - 1)]
                jitter = 1 + secrets.randbelow(1000) / 10_000
                values["next_at"] = now() + wait_s * jitter
            connection.execute(webhooks.update().where(webhooks.c.id == event_id).values(**values))
