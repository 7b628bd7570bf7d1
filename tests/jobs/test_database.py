"""The database: what is committed is on disk, who finds none is told so."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from videngine.jobs.database import Database, DatabaseGone, now
from videngine.jobs.migration import migrate
from videngine.jobs.tables import MIGRATIONS, metadata, migrations, workers
from videngine.settings import Settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    found = Database(settings, busy_timeout_s=0.2)
    migrate(found)
    yield found
    found.close()


def test_commits_survive_a_power_cut(database: Database) -> None:
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_only_its_owner_may_read_the_file(database: Database) -> None:
    assert database.path.stat().st_mode & 0o077 == 0


def test_the_clock_is_the_databases(database: Database) -> None:
    with database.read() as connection:
        assert connection.scalar(sa.select(now())) == pytest.approx(time.time(), abs=1)
        assert connection.scalar(sa.select(now() + 60 > now())) == 1


def test_migrating_again_changes_nothing_and_keeps_everything(
    database: Database, settings: Settings
) -> None:
    with database.write() as connection:
        connection.execute(workers.insert().values(id="w", started_at=1, beat_until=2))
    again = Database(settings)
    migrate(again)
    with again.read() as connection:
        assert connection.execute(sa.select(workers.c.id)).all() == [("w",)]
        versions = connection.scalars(sa.select(migrations.c.version)).all()
        assert versions == list(range(1, len(MIGRATIONS) + 1))
    again.close()


def test_many_processes_may_migrate_a_new_database_at_once(settings: Settings) -> None:
    def tables_made(_: int) -> int:
        database = Database(settings)
        migrate(database)
        with database.read() as connection:
            tables = sa.inspect(connection).get_table_names()
        database.close()
        return len({*metadata.tables} & {*tables})

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(tables_made, range(6))) == {len(metadata.tables)}


def test_a_database_of_a_newer_version_is_left_alone(
    database: Database, settings: Settings
) -> None:
    with database.write() as connection:
        connection.execute(migrations.insert().values(version=99, applied_at=now()))
    older = Database(settings)
    with pytest.raises(RuntimeError, match="version 99"):
        migrate(older)
    older.close()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(workers.insert().values(id="w", started_at=1, beat_until=2))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as connection:
        assert connection.execute(sa.select(workers)).all() == []


def test_writers_exclude_each_other_from_the_first_statement_on(database: Database) -> None:
    with database.write():
        with pytest.raises(DatabaseGone, match="locked"), database.write():
            raise AssertionError
        with database.read() as connection:
            connection.execute(sa.select(workers)).all()


def test_to_wait_for_other_threads_is_no_failure(database: Database) -> None:
    def write(number: int) -> None:
        with database.write() as connection:
            time.sleep(0.1)  # a slow disk: the last of eight waits seven times the busy timeout
            connection.execute(workers.insert().values(id=f"w{number}", started_at=1, beat_until=2))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(workers)) == 8


@pytest.mark.alone
def test_a_locked_database_fails_all_who_wait_at_once(
    database: Database, settings: Settings
) -> None:
    def write(_: int) -> float:
        began = time.monotonic()
        with pytest.raises(DatabaseGone, match="locked"), database.write():
            raise AssertionError
        return time.monotonic() - began

    other_process = Database(settings)
    with other_process.write(), ThreadPoolExecutor(30) as pool:
        took = list(pool.map(write, range(30)))
    other_process.close()
    assert max(took) < 30 * 0.1 / 2  # one after the other, they would wait for 0.1 s each
    with database.write() as connection:
        connection.execute(workers.insert().values(id="w", started_at=1, beat_until=2))


def test_a_database_that_was_replaced_is_not_written_to_through_an_old_handle(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as connection:
        connection.execute(workers.insert().values(id="w", started_at=1, beat_until=2))
    copy = tmp_path / "copy.db"
    source, target = sqlite3.connect(database.path), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()
    for suffix in ("", "-wal", "-shm"):
        database.path.with_name(database.path.name + suffix).unlink(missing_ok=True)
    copy.rename(database.path)

    with database.write() as connection:
        connection.execute(workers.insert().values(id="new", started_at=1, beat_until=2))

    reader = sqlite3.connect(database.path)
    assert reader.execute("SELECT id FROM tc_workers ORDER BY id").fetchall() == [("new",), ("w",)]
    reader.close()


def test_a_missing_database_is_an_error_and_not_created_empty(database: Database) -> None:
    for suffix in ("", "-wal", "-shm"):
        database.path.with_name(database.path.name + suffix).unlink(missing_ok=True)
    with pytest.raises(DatabaseGone), database.read():
        raise AssertionError
    assert not database.path.exists()


def test_errors_show_no_values(database: Database) -> None:
    row = {"id": "w", "started_at": 1, "beat_until": 2}
    with database.write() as connection:
        connection.execute(workers.insert().values(**row))
    with pytest.raises(sa.exc.IntegrityError) as caught, database.write() as connection:
        connection.execute(workers.insert().values(**{**row, "started_at": 424242}))
    assert "424242" not in str(caught.value)


def test_a_path_with_odd_characters_is_a_path(settings: Settings, tmp_path: Path) -> None:
    odd = tmp_path / "a?b=c%20d#e;f é&'"
    database = Database(settings.model_copy(update={"state_dir": odd}))
    migrate(database)
    database.close()
    assert (odd / "videngine.db").is_file()
