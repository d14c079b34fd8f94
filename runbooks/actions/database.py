"""One connection for one statement, in a transaction that the database itself keeps read-only."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ..errors import ProposalError
from .kinds import SqlAction

_CONNECT_S = 10
_BATCH_ROWS = 500
_STREAMED = ("select", "with", "values", "table")
_FAMILIES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a statement gave.

    Attributes:
        rows: The first ones, as many as were asked for.
        n_rows: All of them; for a statement without rows, how many it changed (None: unknown).
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    n_rows: int | None


@dataclass(slots=True, kw_only=True)
class Database:
    """Runs one statement in the calling thread; `cancel` ends it from another one."""

    url: str
    action: SqlAction
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _cancel: Callable[[], object] | None = None

    def run(self) -> Rows:
        """Run the statement.

        Raises:
            ProposalError: The URL is none, its driver is missing, or it cannot be held read-only.
            SQLAlchemyError: The database refused, or cannot be reached.
        """
        url = _parsed(self.url)
        engine = _engine(url, self.action)
        try:
            with engine.connect() as connection, self._cancellable(connection):
                _prepare(connection, _FAMILIES[url.get_backend_name()], self.action)
                return self._execute(connection)
        finally:
            engine.dispose()

    def cancel(self) -> None:
        """End the statement; what it did is rolled back."""
        self._cancelled.set()
        cancel = self._cancel
        if cancel is not None:
            with contextlib.suppress(Exception):
                cancel()

    def _execute(self, connection: Connection) -> Rows:
        action = self.action
        first = action.statement.split(None, 1)[0].lower() if action.statement.split() else ""
        streams = not action.writes and first in _STREAMED
        result = connection.execute(
            text(action.statement).execution_options(stream_results=streams), dict(action.values)
        )
        if not result.returns_rows:
            n_changed = result.rowcount if result.rowcount >= 0 else None
            connection.commit()
            return Rows(columns=(), rows=(), n_rows=n_changed)
        shown: list[tuple[object, ...]] = []
        n_rows = 0
        for batch in result.partitions(_BATCH_ROWS):
            self._check()
            shown.extend(tuple(row) for row in batch[: action.max_rows - len(shown)])
            n_rows += len(batch)
        columns = tuple(result.keys())
        if action.writes:
            connection.commit()
        return Rows(columns=columns, rows=tuple(shown), n_rows=n_rows)

    @contextlib.contextmanager
    def _cancellable(self, connection: Connection) -> Generator[None]:
        raw = connection.connection.dbapi_connection
        self._cancel = getattr(raw, "interrupt", None) or getattr(raw, "cancel", None)
        self._check()
        try:
            yield
        finally:
            self._cancel = None

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise SQLAlchemyError("cancelled")


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as exc:
        raise ProposalError("the target's url is not a database URL") from exc


def _engine(url: URL, action: SqlAction) -> Engine:
    family = _FAMILIES.get(url.get_backend_name())
    if family is None:
        raise ProposalError(
            f"statements cannot be held read-only on {url.get_backend_name()}: not supported"
        )
    if family == "sqlite":
        return create_engine("sqlite://", creator=lambda: _sqlite(url, action), poolclass=NullPool)
    arguments: dict[str, object] = {"connect_timeout": _CONNECT_S}
    if url.get_backend_name() == "postgresql":
        mode = "off" if action.writes else "on"
        limit_ms = int(action.timeout_s * 1000)
        arguments["options"] = (
            f"-c default_transaction_read_only={mode} -c statement_timeout={limit_ms}"
        )
        arguments["application_name"] = "opsbot"
    try:
        # A single statement is its own transaction; some (VACUUM) cannot be within another one.
        level = {"isolation_level": "AUTOCOMMIT"} if action.writes else {}
        return create_engine(url, poolclass=NullPool, connect_args=arguments, **level)
    except (NoSuchModuleError, ModuleNotFoundError) as exc:
        raise ProposalError(f"the driver of {url.drivername} is not installed") from exc


def _sqlite(url: URL, action: SqlAction) -> sqlite3.Connection:
    if url.database in {None, "", ":memory:"}:
        raise sqlite3.OperationalError("the target's url names no file")
    mode = "rw" if action.writes else "ro"
    path = quote(str(url.database))
    connection = sqlite3.connect(
        f"file:{path}?mode={mode}", uri=True, check_same_thread=False, timeout=action.timeout_s
    )
    if not action.writes:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _prepare(connection: Connection, family: str, action: SqlAction) -> None:
    """Have the database refuse writes, and end a statement that takes too long."""
    if family == "mysql":
        limit = (
            f"max_statement_time = {action.timeout_s:.3f}"
            if getattr(connection.dialect, "is_mariadb", False)
            else f"max_execution_time = {int(action.timeout_s * 1000)}"
        )
        connection.exec_driver_sql(f"SET SESSION {limit}")
        connection.rollback()
    if family == "mysql" and not action.writes:
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        connection.rollback()
    if family == "postgresql" and not action.writes:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
