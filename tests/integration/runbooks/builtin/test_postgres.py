"""PostgreSQL runbooks against a real primary and a real replica, in folders of their own."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from runbooks.actions.kinds import Action, ParameterValue, SqlAction
from runbooks.binding import BoundStep, bind
from runbooks.catalog import Catalog

from .conftest import Book, holds, needs

BINARIES = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)), "")
USER = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
WAIT_S = 15.0
pytestmark = pytest.mark.skipif(
    not Path(BINARIES, "initdb").exists(), reason="not installed: PostgreSQL's server"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running PostgreSQL server, reached through a socket in its folder."""

    folder: Path
    port: int

    @property
    def engine(self) -> Engine:
        """Opens a connection each time."""
        url = f"postgresql+psycopg://postgres@/postgres?host={self.folder}&port={self.port}"
        return create_engine(url, poolclass=NullPool)

    def ask(self, statement: str) -> object:
        """One value."""
        with self.engine.connect() as connection:
            return connection.execute(text(statement)).scalar()

    def do(self, *statements: str) -> None:
        with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


def _as_user(*argv: str) -> None:
    user = USER if os.geteuid() == 0 else None
    done = subprocess.run(
        [f"{BINARIES}/{argv[0]}", *argv[1:]],
        user=user,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr + done.stdout


@contextlib.contextmanager
def _started(data: Path, folder: Path) -> Generator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = f"-p {port} -k {folder} -c listen_addresses= -c fsync=off -c autovacuum=off"
    log = str(folder / f"{data.name}.log")
    _as_user("pg_ctl", "-D", str(data), "-l", log, "-o", options, "-w", "start")
    try:
        yield Server(folder=folder, port=port)
    finally:
        _as_user("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that the server's user can reach; pytest's own is only for this user."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def primary(home: Path) -> Iterator[Server]:
    data = home / "primary"
    _as_user("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
    with _started(data, home) as server:
        yield server


@pytest.fixture(scope="module")
def replica(primary: Server, home: Path) -> Iterator[Server]:
    data = home / "replica"
    where = ("-h", str(primary.folder), "-p", str(primary.port), "-U", "postgres")
    _as_user("pg_basebackup", "-D", str(data), *where, "-R", "-c", "fast", "-X", "stream")
    with _started(data, home) as server:
        yield server


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > end:
            pytest.fail("it did not come to that")
        time.sleep(0.02)


def steps(name: str, **values: ParameterValue) -> dict[str, BoundStep]:
    """A builtin runbook's steps by id, bound as for a proposal."""
    return {step.step_id: step for step in bind(Catalog.load().get(name), values, {})}


def shown(action: Action | None, server: Server) -> str:
    """Run a SQL action, in a read-only transaction unless it declares that it writes."""
    assert isinstance(action, SqlAction)
    level = {"isolation_level": "AUTOCOMMIT"} if action.writes else {}
    with server.engine.execution_options(**level).connect() as connection:
        if not action.writes:
            connection.execute(text("SET TRANSACTION READ ONLY"))
        result = connection.execute(text(action.statement), dict(action.values))
        return "\n".join("  ".join(str(cell) for cell in row) for row in result)


def checked(step: BoundStep, server: Server) -> bool:
    assert step.verify is not None
    assert step.verify.expect is not None
    return holds(step.verify.expect, shown(step.verify.action, server))


@contextlib.contextmanager
def idle_in_transaction(server: Server, name: str) -> Generator[Connection]:
    with server.engine.connect() as connection:
        connection.execute(text(f"SET application_name = '{name}'"))
        yield connection
        with contextlib.suppress(DBAPIError):
            connection.rollback()


def test_idle_transactions_are_seen_ended_and_gone(primary: Server) -> None:
    found = steps("connection-pool-exhaustion", idle_minutes=1)
    assert shown(found["usage"].action, primary).split()[1] == "100"
    with idle_in_transaction(primary, "leaky"):
        assert "leaky" in shown(found["holders"].action, primary)
        terminate = found["terminate"]
        assert "leaky" not in shown(terminate.preview, primary), "it is idle for a moment only"
        assert checked(terminate, primary)
        old = {"idle_minutes": "0"}
        preview, run, check = (
            _with(action, old)
            for action in (terminate.preview, terminate.action, _check(terminate))
        )
        assert "leaky" in shown(preview, primary)
        assert "still there" in shown(check, primary)
        assert "leaky  True" in shown(run, primary)
        until(lambda: "none left" in shown(check, primary))


def test_the_session_that_asks_is_not_ended(primary: Server) -> None:
    terminate = steps("connection-pool-exhaustion", idle_minutes=1)["terminate"]
    assert shown(_with(terminate.action, {"idle_minutes": "0"}), primary) == ""


def _check(step: BoundStep) -> Action:
    assert step.verify is not None
    return step.verify.action


def _with(action: Action | None, values: dict[str, str]) -> SqlAction:
    """The same statement with other bound values."""
    assert isinstance(action, SqlAction)
    assert action.values.keys() == values.keys()
    return SqlAction(
        target=action.target, statement=action.statement, values=values, writes=action.writes
    )


def test_a_paused_replay_is_seen_resumed_and_can_be_paused_again(
    primary: Server, replica: Server
) -> None:
    found = steps("postgres-replication-lag")
    until(lambda: "streaming" in shown(found["senders"].action, primary))
    assert shown(found["slots"].action, primary) == ""
    resume, condition = found["resume"], found["resume"].when
    assert condition is not None
    assert condition.expect is not None
    assert not holds(condition.expect, shown(found["replay"].action, replica))
    shown(resume.rollback, replica)
    assert holds(condition.expect, shown(found["replay"].action, replica))
    assert not checked(resume, replica)
    primary.do("CREATE TABLE IF NOT EXISTS behind (x int)", "INSERT INTO behind VALUES (1)")
    until(lambda: "replay is behind" in shown(found["behind"].action, replica))
    assert shown(resume.preview, replica).startswith("True")
    shown(resume.action, replica)
    assert checked(resume, replica)
    until(lambda: "caught up" in shown(found["behind"].action, replica))


def test_a_long_query_on_the_replica_is_cancelled(replica: Server) -> None:
    cancel = steps("postgres-replication-lag", query_minutes=1)["cancel"]
    assert checked(cancel, replica)
    preview, run, check = (
        _with(action, {"query_minutes": "0"})
        for action in (cancel.preview, cancel.action, _check(cancel))
    )
    query = ["psql", "-h", str(replica.folder), "-p", str(replica.port), "-U", "postgres"]
    query += ["-X", "-c", "SELECT pg_sleep(60)"]
    with subprocess.Popen(query, stderr=subprocess.PIPE, text=True) as sleeper:
        until(lambda: "pg_sleep" in shown(preview, replica))
        assert "still there" in shown(check, replica)
        assert "True" in shown(run, replica)
        _, error = sleeper.communicate(timeout=WAIT_S)
    assert "canceling statement due to user request" in error
    assert "none left" in shown(check, replica)


@needs("psql", "vacuumdb")
async def test_a_bloated_table_is_vacuumed(book: Book, primary: Server) -> None:
    primary.do(
        "DROP TABLE IF EXISTS bloated",
        "CREATE TABLE bloated AS SELECT generate_series(1, 2000) AS x",
        "DELETE FROM bloated WHERE x > 500",
    )
    until(lambda: primary.ask(_DEAD) == 1500)
    values: dict[str, ParameterValue] = {
        "database": "postgres",
        "table": "public.bloated",
        "host": str(primary.folder),
        "port": primary.port,
    }
    ran = (await book.run("postgres-bloat", **values)).succeeded()
    assert "bloated" in ran.outputs["tables"]
    assert "1500" in ran.previews["vacuum"]
    assert 'vacuuming "postgres.public.bloated"' in ran.outputs["vacuum"]
    assert primary.ask(_DEAD) == 0
    assert await book.checks(ran, "vacuum")


_DEAD = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'bloated'"


@needs("psql", "vacuumdb")
async def test_dead_rows_that_a_transaction_holds_fail_the_check_and_are_explained(
    book: Book, primary: Server
) -> None:
    primary.do(
        "DROP TABLE IF EXISTS bloated",
        "CREATE TABLE bloated AS SELECT generate_series(1, 2000) AS x",
    )
    with primary.engine.connect() as holder:
        holder.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        holder.execute(text("SELECT count(*) FROM bloated"))
        primary.do("DELETE FROM bloated WHERE x > 500")
        until(lambda: primary.ask(_DEAD) == 1500)
        values: dict[str, ParameterValue] = {
            "database": "postgres",
            "table": "bloated",
            "host": str(primary.folder),
            "port": primary.port,
        }
        fresh = await book.propose("postgres-bloat", **values)
        assert not await book.checks(fresh, "vacuum")
        holders = fresh.step("holders").action
        assert "idle in transaction" in await book.shows(fresh, holders)
