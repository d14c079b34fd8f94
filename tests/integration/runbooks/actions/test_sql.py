"""SQL: the database itself keeps a statement from writing, and a value from becoming a statement."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import SQLAlchemyError

from runbooks.actions.base import ActionContext, ActionResult, collect
from runbooks.actions.database import Database
from runbooks.actions.kinds import SqlAction
from runbooks.actions.sql import SqlRunner
from runbooks.targets import SqlTarget, Targets

from .conftest import Postgres

TABLE = "create table orders (id integer primary key, state varchar(99))"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    path = tmp_path / "orders.db"
    connection = sqlite3.connect(path)
    connection.execute(TABLE)
    connection.execute("insert into orders values (1, 'paid'), (2, null), (3, 'x y')")
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    with psycopg.connect(postgres.url().replace("+psycopg", "")) as connection:
        connection.execute("drop table if exists orders")
        connection.execute(TABLE)
        connection.execute("insert into orders values (1, 'paid'), (2, null), (3, 'x y')")
    return postgres.url()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(f"{request.param}_url")


def act(statement: str, *, writes: bool = False, max_rows: int = 100, **values: str) -> SqlAction:
    return SqlAction(
        target="db",
        statement=statement,
        values=values,
        writes=writes,
        max_rows=max_rows,
        timeout_s=20,
    )


async def run(url: str, action: SqlAction) -> ActionResult:
    runner = SqlRunner(Targets(by_name={"db": SqlTarget(url=url)}))
    return await collect(runner, action, ActionContext())


async def test_rows_are_an_aligned_table(url: str) -> None:
    result = await run(url, act("select id, state from orders order by id"))
    assert result.output.splitlines() == [
        "id  state",
        "--  -----",
        "1   paid",
        "2   NULL",
        "3   x y",
    ]
    assert result.detail == "3 rows"


async def test_further_rows_are_counted(url: str) -> None:
    result = await run(url, act("select id from orders order by id", max_rows=1))
    assert result.output.splitlines()[2:] == ["1", "… 2 more rows …"]
    assert result.detail == "3 rows"


async def test_a_declared_write_is_done(url: str) -> None:
    result = await run(
        url, act("update orders set state = :state where id = 1", writes=True, state="sent")
    )
    assert (result.ok, result.detail) == (True, "done, 1 rows changed")
    shown = await run(url, act("select state from orders where id = 1"))
    assert "sent" in shown.output


async def test_a_value_is_never_a_statement(url: str) -> None:
    evil = "x'; drop table orders; --"
    result = await run(
        url, act("update orders set state = :state where id = 1", writes=True, state=evil)
    )
    assert result.ok
    assert evil in (await run(url, act("select state from orders where id = 1"))).output


@pytest.mark.parametrize(
    "statement",
    ["delete from orders where id = 1", "select 1; delete from orders where id = 1", "vacuum"],
)
async def test_a_write_that_is_not_declared_is_not_even_sent(url: str, statement: str) -> None:
    result = await run(url, act(statement))
    assert not result.ok
    assert "statement" in result.detail
    assert (await run(url, act("select id from orders"))).detail == "3 rows"


def test_the_database_itself_refuses_to_write(url: str) -> None:
    """Below the check of the statement, which is left out here."""
    for statement in (
        "delete from orders where id = 1",
        "insert into orders values (9, 'x')",
    ):
        with pytest.raises(SQLAlchemyError, match=r"read-?only"):
            Database(url=url, action=act(statement)).run()


async def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    gone = tmp_path / "gone.db"
    for writes in (False, True):
        result = await run(f"sqlite:///{gone}", act("select 1 as one", writes=writes))
        assert "unable to open database file" in result.detail
    assert not gone.exists()


async def test_a_password_does_not_come_out(postgres: Postgres) -> None:
    url = postgres.url(user="nobody-here", password="opensesame99")
    result = await run(url, act("select 1 as one"))
    assert not result.ok
    assert "opensesame99" not in result.detail
    shown = await run(
        postgres.url(password="opensesame99"), act("select :x as echo", x="opensesame99")
    )
    assert shown.ok
    assert "opensesame99" not in shown.output


async def test_a_database_that_cannot_be_held_is_refused() -> None:
    result = await run("oracle://a@b/c", act("select 1 as one"))
    assert "cannot be held read-only on oracle" in result.detail
