"""Opens the database and brings its tables up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from .errors import StoreError
from .transaction import WRITE_OPTION, translated

BUSY_TIMEOUT_MS = 10_000
MIGRATIONS = Path(__file__).with_name("migrations")


def open_database(url: str) -> Engine:
    """Open the database and migrate it to the newest tables.

    Args:
        url: SQLAlchemy URL; an SQLite file and its folder are made when missing.

    Raises:
        StoreError: The URL is wrong, or the database cannot be opened, written or migrated.
    """
    engine = create_store_engine(url)
    try:
        upgrade(engine)
    except StoreError:
        engine.dispose()
        raise
    return engine


def create_store_engine(url: str) -> Engine:
    """Make an engine; on SQLite with WAL, foreign keys and a busy timeout.

    Raises:
        StoreError: The URL is wrong, or its folder cannot be made.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise StoreError("the database URL cannot be read: see the setting database_url") from exc
    with translated():
        if parsed.get_backend_name() != "sqlite":
            return _create(parsed)
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("an SQLite database needs a file: sqlite:///PATH")
        path = Path(parsed.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # NOTE: records hold arguments as they are, secrets included
        engine = _create(parsed)
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "begin", _begin)
    return engine


def upgrade(engine: Engine) -> None:
    """Run the migrations that the database lacks; safe with several processes on SQLite.

    Raises:
        StoreError: The database cannot be written, or is newer than this opsbot.
    """
    if _is_newest(engine):
        return
    # Imported here: only a new or old database needs them, and they take half a second.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    writer = engine.execution_options(**{WRITE_OPTION: True})
    try:
        with translated(), writer.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as exc:
        raise StoreError(
            "the database was made by a newer opsbot: upgrade opsbot or use another database"
        ) from exc


def _is_newest(engine: Engine) -> bool:
    newest = max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("*.py"))
    with translated(), engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        return found.scalars().all() == [newest]


def _create(url: URL) -> Engine:
    try:
        return create_engine(url)
    except ModuleNotFoundError as exc:
        raise StoreError(f"the database needs the Python package {exc.name!r}") from exc


# The driver's own connection type is not known here: it depends on the URL.
def _set_up_connection(connection: Any, _record: object) -> None:  # noqa: ANN401
    connection.isolation_level = None  # NOTE: the driver must not begin transactions; `_begin` does
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at the start of a writing transaction, where waiting is possible."""
    is_write = connection.get_execution_options().get(WRITE_OPTION, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
