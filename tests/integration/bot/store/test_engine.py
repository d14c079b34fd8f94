"""The database file: how it is made, migrated, and what its faults sound like."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.store.compare import differences
from bot.store.engine import open_database, upgrade
from bot.store.errors import StoreError
from bot.store.transaction import reading, writing


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'deep' / 'opsbot.db'}")
    yield engine
    engine.dispose()


def scalar(engine: Engine, statement: str) -> object:
    with reading(engine) as session:
        return session.scalar(text(statement))


def test_the_migrations_make_exactly_the_tables(engine: Engine) -> None:
    assert differences(engine) == ()


def test_a_missing_column_is_a_difference(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE digests DROP COLUMN words"))
    assert "words" in differences(engine)[0]


def test_the_table_of_the_scheduler_is_no_difference(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE apscheduler_jobs (id TEXT PRIMARY KEY)"))
    assert differences(engine) == ()


def test_migrating_twice_changes_nothing_and_keeps_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO messages VALUES ('answer', 'r1', 'C1', '1.0')"))
    upgrade(engine)
    assert scalar(engine, "SELECT count(*) FROM messages") == 1


def test_sqlite_is_set_up_for_several_writers(engine: Engine) -> None:
    assert scalar(engine, "PRAGMA journal_mode") == "wal"
    assert scalar(engine, "PRAGMA foreign_keys") == 1
    assert scalar(engine, "PRAGMA busy_timeout") == 10_000


def test_only_the_owner_can_read_the_file(engine: Engine, tmp_path: Path) -> None:
    mode = (tmp_path / "deep" / "opsbot.db").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_failed_transaction_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(StoreError), writing(engine) as session:
        session.execute(text("INSERT INTO messages VALUES ('answer', 'r1', 'C1', '1.0')"))
        session.execute(text("INSERT INTO no_such_table VALUES (1)"))
    assert scalar(engine, "SELECT count(*) FROM messages") == 0


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "setting database_url"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql+no_such_driver://h/d", "cannot be used"),
    ],
)
def test_a_wrong_url_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        open_database(url)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)
    with pytest.raises(StoreError, match="no SQLite database"):
        open_database(f"sqlite:///{path}")
    assert path.read_text().startswith("not a database")


def test_a_folder_in_place_of_the_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path}")


def test_a_database_of_a_newer_opsbot_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer opsbot"):
        upgrade(engine)
