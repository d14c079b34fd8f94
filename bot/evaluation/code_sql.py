"""SQL answers: run on a SQLite database, transpiled from their dialect; or compared as trees."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

from bot.skills.code.languages import Language
from bot.skills.code.validators.sql import GLOT_NAMES
from bot.skills.code.validators.sqlite_statements import split_statements

from .code_case import Outcome

_TIMEOUT_S = 5.0
_N_STEPS = 10_000
_REFUSED = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})


def check_sql(code: str, check: Mapping[str, Any], language: Language) -> Outcome:
    """Run an answer on a fixture and compare rows, or compare its tree.

    Args:
        check: `accept`, answers of which one must have the same tree; or `schema` (SQLite), and
            `rows` of the last statement (`ordered` if their order matters), or `then` with `rows`:
            a query to run afterwards.
    """
    dialect = GLOT_NAMES.get(language, "postgres")
    accepted = [str(each) for each in check.get("accept", [])]
    if accepted:
        trees = {_tree(each, dialect) for each in accepted}
        if _tree(code, dialect) in trees:
            return Outcome(passed=True)
        if "schema" not in check:
            return Outcome(passed=False, reason="the statement is none of the accepted ones")
    database = _database(str(check["schema"]))
    try:
        rows = _execute(database, code, dialect)
        database.set_authorizer(None)
        if "then" in check:
            rows = database.execute(str(check["then"])).fetchall()
    except (sqlite3.Error, SqlglotError, ValueError) as exc:
        return Outcome(passed=False, reason=str(exc).splitlines()[0][:200])
    finally:
        database.close()
    return _compare(rows, check)


def _tree(code: str, dialect: str) -> str:
    try:
        statements = [each for each in sqlglot.parse(code, read=dialect) if each is not None]
    except SqlglotError:
        return ""
    normal = (normalize_identifiers(each, dialect=dialect) for each in statements)
    return ";".join(each.sql(dialect, comments=False) for each in normal)


def _database(schema: str) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(schema)
    ends_at = time.monotonic() + _TIMEOUT_S
    database.set_progress_handler(lambda: int(time.monotonic() > ends_at), _N_STEPS)
    database.set_authorizer(_allowed)
    return database


def _allowed(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_DENY if action in _REFUSED else sqlite3.SQLITE_OK


def _execute(database: sqlite3.Connection, code: str, dialect: str) -> list[Any]:
    if dialect == "sqlite":
        statements = split_statements(code)
    else:
        parsed = [each for each in sqlglot.parse(code, read=dialect) if each is not None]
        statements = [each.transform(_for_sqlite).sql("sqlite") for each in parsed]
    rows: list[Any] = []
    for statement in statements:
        cursor = database.execute(statement)
        rows = cursor.fetchall() if cursor.description else rows
    return rows


def _for_sqlite(node: exp.Expr) -> exp.Expr:
    """Dates with intervals, and schemas, as SQLite has them."""
    if isinstance(node, exp.Table):
        node.set("db", None)
        node.set("catalog", None)
        return node
    is_plus = isinstance(node, (exp.Add, exp.DateAdd, exp.TimestampAdd, exp.DatetimeAdd))
    is_minus = isinstance(node, (exp.Sub, exp.DateSub, exp.TimestampSub, exp.DatetimeSub))
    if not (is_plus or is_minus):
        return node
    span, amount = node.expression, node.expression
    unit = node.args.get("unit")
    if isinstance(span, exp.Interval):
        amount, unit = span.this, span.args.get("unit")
    if unit is None:
        return node
    sign = "+" if is_plus else "-"
    words = f"{sign}{amount.name} {unit.name.lower()}"
    return exp.Anonymous(this="DATETIME", expressions=[node.this, exp.Literal.string(words)])


def _compare(rows: Sequence[Sequence[Any]], check: Mapping[str, Any]) -> Outcome:
    wanted = [_plain(row) for row in check["rows"]]
    # More columns than were asked for are a help, other values are not.
    width = len(wanted[0]) if wanted else 0
    got = [_plain(row) for row in rows]
    exact = not check.get("more_columns", False)
    if not exact:
        got = [[value for value in row if any(value in w for w in wanted)][:width] for row in got]
    same = got == wanted if check.get("ordered") else sorted(got) == sorted(wanted)
    return Outcome(passed=same, reason="" if same else f"rows {got[:4]}, not {wanted[:4]}")


def _plain(row: Sequence[Any]) -> list[str]:
    return [
        f"{value:g}"
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else str(value)
        for value in row
    ]
