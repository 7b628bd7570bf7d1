"""Bringing the database to this version: the queue's own tables, then ours."""

from __future__ import annotations

import fcntl
import os

import sqlalchemy as sa

from videngine.jobs.database import Database, now
from videngine.jobs.queue import migrate_queue
from videngine.jobs.tables import MIGRATIONS, migrations


def migrate(database: Database) -> None:
    """Create the tables or bring them to this version; safe to run from many processes at once.

    Raises:
        DatabaseGone: the database did not answer in time.
        RuntimeError: the database was written by a newer version of this program.
    """
    if not database.sqlite:
        _migrate(database)
        return
    path = database.path
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(f"{path}.migrate", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        # Once for the life of the file: readers never wait for the writer.
        with database.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA journal_mode=WAL")
        _migrate(database)
    finally:
        os.close(lock)


def _migrate(database: Database) -> None:
    migrate_queue(database.url)
    with database.write() as connection:
        if not database.sqlite:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7062365)"))
        migrations.create(connection, checkfirst=True)
        done = connection.scalar(sa.select(sa.func.max(migrations.c.version))) or 0
        if done > len(MIGRATIONS):
            raise RuntimeError(
                f"the database is at version {done}, this program knows {len(MIGRATIONS)}: "
                "start the newer videngine again, or restore a backup"
            )
        for version, apply in enumerate(MIGRATIONS[done:], done + 1):
            apply(connection)
            connection.execute(migrations.insert().values(version=version, applied_at=now()))
