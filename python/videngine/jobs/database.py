"""The one database: our ``tc_*`` tables beside the queue's own, for transactions that cover both.

SQLite by default, PostgreSQL by URL. All times are seconds since 1970 on the database's clock.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry

from videngine.settings import Settings

FILE_NAME = "videngine.db"
_HANGS_AFTER_S = 30  # a transaction: far more than a slow disk takes


class _Now(sa.sql.functions.FunctionElement[float]):
    type = sa.Float()
    inherit_cache = True


def now() -> _Now:
    """SQL: the database's clock, in seconds since 1970. No machine's own clock decides a lease."""
    return _Now()


@compiles(_Now, "sqlite")
def _now_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(_Now, "postgresql")
def _now_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::float8"


class DatabaseGone(Exception):
    """The database cannot be reached, is locked for longer than we wait, or was replaced."""


class Database:
    """Two ways in: `write` takes the write lock at once, `read` never waits for a writer.

    Owns its engines; `close` gives them back. Safe to use from several threads.

    Args:
        settings: which database.
        busy_timeout_s: how long a statement waits for another writer before it fails.
    """

    def __init__(self, settings: Settings, *, busy_timeout_s: float = 30) -> None:
        # Not by way of text where there is none: a path may hold what means something in a URL.
        self.url = (
            sa.make_url(settings.database_url)
            if settings.database_url
            else sa.URL.create("sqlite", database=str(settings.state_dir.resolve() / FILE_NAME))
        )
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._busy_timeout_s = busy_timeout_s / 2
        # SQLite lets waiting writers sleep and starves some of them: let one thread at a time ask.
        self._turn = threading.RLock()
        self._times_gone = 0
        if self.sqlite:
            self.path = Path(str(self.url.database)).resolve()
            self.engine = self._sqlite_engine("BEGIN IMMEDIATE")
            self._reader = self._sqlite_engine("BEGIN")
        else:
            self.url = self.url.set(drivername="postgresql+psycopg")
            self.engine = self._reader = sa.create_engine(
                self.url,
                hide_parameters=True,
                pool_pre_ping=True,
                pool_timeout=self._busy_timeout_s,
                connect_args={"connect_timeout": max(1, round(self._busy_timeout_s))},
            )

    def _sqlite_engine(self, begin: str) -> sa.Engine:
        def connect() -> sqlite3.Connection:
            # mode=rw: a database that has vanished must be an error, not a fresh empty file.
            return sqlite3.connect(
                f"{self.path.as_uri()}?mode=rw",
                uri=True,
                check_same_thread=False,
                timeout=self._busy_timeout_s,
                isolation_level=None,  # we say BEGIN ourselves
            )

        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(self.path)),
            creator=connect,
            hide_parameters=True,  # they would end in logs
            pool_timeout=self._busy_timeout_s,
            pool_size=8,
            max_overflow=56,
        )

        @sa.event.listens_for(engine, "connect")
        def _set_up(connection: Any, entry: ConnectionPoolEntry) -> None:
            for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            entry.info["file"] = _identity(self.path)

        @sa.event.listens_for(engine, "checkout")
        def _same_file(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
            # A deleted file stays writable through an open handle: such a commit would be lost.
            if entry.info["file"] != _identity(self.path):
                raise sa.exc.DisconnectionError("the database file was replaced")

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that may write; commits at the end, rolls back on an exception.

        Raises:
            DatabaseGone: the database did not answer in time.
        """
        with self._my_turn(), unreachable_is_gone(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        # To wait for other threads is no failure of the database, however slow its disk is. When it
        # fails one thread, all that wait behind that one are told too: none waits twice in vain.
        if not self.sqlite:
            yield
            return
        times_gone = self._times_gone
        if not self._turn.acquire(timeout=_HANGS_AFTER_S):
            raise DatabaseGone("another thread's transaction does not end")
        try:
            if self._times_gone != times_gone:
                raise DatabaseGone("database is locked")
            try:
                yield
            except DatabaseGone:
                self._times_gone += 1
                raise
        finally:
            self._turn.release()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One transaction that only reads, from one snapshot.

        Raises:
            DatabaseGone: the database did not answer in time.
        """
        with unreachable_is_gone(), self._reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._reader.dispose()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def unreachable_is_gone() -> Iterator[None]:
    """Every way in which a database does not answer, as `DatabaseGone`."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.TimeoutError, sa.exc.InterfaceError) as error:
        # The statement's parameters may hold ciphertext or a user's words: only the cause goes on.
        raise DatabaseGone(str(getattr(error, "orig", error))) from None
    except sa.exc.DatabaseError as error:
        if type(error) is not sa.exc.DatabaseError:
            raise
        raise DatabaseGone(str(error.orig)) from None  # "file is not a database" and the like
