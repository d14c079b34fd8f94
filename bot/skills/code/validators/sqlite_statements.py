"""SQLite statements, prepared by SQLite in an empty database of their own and never stepped."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

# What an empty database cannot tell: whose column it is where made-up tables have all of them.
_UNKNOWABLE = re.compile(
    r"ambiguous column|no such (table|column|index|view|trigger)|already exists|"
    r"values for \d+ columns|columns but \d+ values|ON CONFLICT clause does not match|"
    r"cannot (commit|rollback)|no such savepoint|has no column"
)

_EXPLAINED = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*EXPLAIN(?:\s+QUERY\s+PLAN)?\b", re.IGNORECASE | re.DOTALL
)


def prepared_problem(code: str, statements: Sequence[exp.Expr]) -> str:
    """What SQLite itself says against statements, with tables made up of the names in them.

    Args:
        code: The statements as they are written.
        statements: The same, parsed, for the names.

    Returns:
        SQLite's words; empty when it says nothing that an empty database can judge.
    """
    database = sqlite3.connect(":memory:")
    try:
        for statement in statements:
            _make_tables(database, _explained(statement))
        for text in split_statements(code):
            try:
                database.execute(f"EXPLAIN {_EXPLAINED.sub('', text, count=1)}")
            except sqlite3.Error as exc:
                if not _UNKNOWABLE.search(str(exc)):
                    return str(exc)
    finally:
        database.close()
    return ""


def split_statements(code: str) -> list[str]:
    """The statements of some SQLite code, as SQLite tells where each ends."""
    found: list[str] = []
    text = ""
    for piece in re.split(r"(;)", code):
        text += piece
        if piece == ";" and sqlite3.complete_statement(text):
            found.append(text.strip())
            text = ""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL).strip()
    return [*found, text.strip()] if bare else found


def _explained(statement: exp.Expr) -> exp.Expr:
    """What an EXPLAIN is about, which sqlglot keeps as a text; any other statement as it is."""
    if not isinstance(statement, exp.Command) or statement.name.upper() != "EXPLAIN":
        return statement
    try:
        return sqlglot.parse_one(_EXPLAINED.sub("", statement.sql(), count=1), read="sqlite")
    except SqlglotError:
        return statement


def _make_tables(database: sqlite3.Connection, statement: exp.Expr) -> None:
    if isinstance(statement, (exp.Create, exp.Drop, exp.Alter)):
        return
    own = {each.alias_or_name for each in statement.find_all(exp.CTE)}
    columns = {each.name for each in statement.find_all(exp.Column) if each.name}
    listed = ", ".join(_quoted(name) for name in sorted({name.lower() for name in columns}))
    for table in statement.find_all(exp.Table):
        if table.name and table.name not in own and not table.name.startswith("sqlite_"):
            name = _quoted(table.name)
            try:
                database.execute(f"CREATE TABLE IF NOT EXISTS {name} ({listed or 'made_up'})")
            except sqlite3.Error:
                continue


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
