"""What one API process works with; made once by `create_app`."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from videngine.jobs.database import Database
from videngine.jobs.migration import migrate
from videngine.jobs.queue import Queue
from videngine.jobs.store import JobStore
from videngine.keyring import Keyring
from videngine.settings import Settings

_BUSY_TIMEOUT_S = 1.5
"""Below the two seconds in which a client is told that the database is away."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """Settings, database, queue, keys and the store over them. Thread-safe; owns the database."""

    settings: Settings
    database: Database
    queue: Queue
    keyring: Keyring
    store: JobStore

    @staticmethod
    def open(settings: Settings) -> Service:
        """Reach the database, bringing it to this version first."""
        database = Database(settings, busy_timeout_s=_BUSY_TIMEOUT_S)
        migrate(database)
        queue = Queue(database)
        keyring = Keyring.load(settings)
        store = JobStore(settings, database=database, queue=queue, keyring=keyring)
        return Service(
            settings=settings, database=database, queue=queue, keyring=keyring, store=store
        )

    def close(self) -> None:
        """Let go of everything."""
        self.queue.close()
        self.database.close()


def service() -> Service:
    """The service of the current application."""
    found = current_app.extensions["videngine"]
    assert isinstance(found, Service)
    return found
