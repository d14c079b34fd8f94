"""SQL, parsed by sqlglot in its dialect; SQLite's is prepared by SQLite too."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ..languages import SQL_DIALECTS, Language
from ..verdict import Verdict
from .sqlite_statements import prepared_problem

_TOOL = "sqlglot"
GLOT_NAMES: Mapping[Language, str] = MappingProxyType(
    {Language.POSTGRESQL: "postgres", Language.MYSQL: "mysql", Language.SQLITE: "sqlite"}
)
_CHANGING = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.TruncateTable,
    exp.Kill,
    exp.Grant,
)
_TOKEN = re.compile(r"<Token [^>]*?text: ([^,>]*)[^>]*>")
_NO_STATEMENT = (exp.Alias, exp.Column, exp.Condition)


async def check(code: str) -> Verdict:
    """SQL of no named dialect: as PostgreSQL if possible, and which other dialects take it."""
    problem = ""
    for dialect in SQL_DIALECTS:
        verdict = await check_dialect(code, dialect)
        if verdict.is_valid:
            return verdict
        problem = problem or verdict.problem
    return Verdict(tool=_TOOL, problem=problem)


async def check_dialect(code: str, dialect: Language) -> Verdict:
    """Parse all statements of a dialect and say whether they change data."""
    try:
        statements = parse(code, dialect)
    except ValueError as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    verdict = _verdict(statements, dialect)
    if not verdict.is_valid or dialect is not Language.SQLITE:
        return verdict
    problem = await asyncio.to_thread(prepared_problem, code, statements)
    if problem:
        return Verdict(tool="SQLite itself", problem=problem)
    return replace(verdict, checked=(*verdict.checked, "prepared by SQLite, not run"))


def parse(code: str, dialect: Language) -> list[exp.Expr]:
    """The statements of some code.

    Raises:
        ValueError: They do not parse.
    """
    # sqlglot logs statements that it takes as they are; the verdict says so instead.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        parsed = sqlglot.parse(code, read=GLOT_NAMES[dialect])
    except (SqlglotError, RecursionError) as exc:
        raise ValueError(_first_line(str(exc))) from exc
    return [statement for statement in parsed if statement is not None]


def _first_line(message: str) -> str:
    # sqlglot underlines the place with terminal codes on the lines that follow.
    return _TOKEN.sub(r"'\1'", message.strip().splitlines()[0])


def _verdict(statements: Sequence[exp.Expr], dialect: Language) -> Verdict:
    stray = next((s for s in statements if isinstance(s, _NO_STATEMENT) and not _is_query(s)), None)
    if not statements or stray is not None:
        what = "there is no statement" if stray is None else f"{stray.sql()!r} is no statement"
        return Verdict(tool=_TOOL, problem=what)
    opaque = tuple(
        f"the inside of {s.name.upper()}, which {_TOOL} takes as it is"
        for s in statements
        if isinstance(s, exp.Command)
    )
    return Verdict(
        tool=_TOOL,
        doubts=tuple(_doubts(statements)),
        checked=(f"parsed as {dialect.label} by {_TOOL}", *_effect(statements, dialect)),
        unchecked=(*opaque, "whether the tables and columns exist"),
    )


def _is_query(statement: exp.Expr) -> bool:
    return isinstance(statement, exp.Query)


def _effect(statements: Sequence[exp.Expr], dialect: Language) -> tuple[str, ...]:
    """What the statements do, as far as their own verbs say; nothing where that is not known."""
    nodes = [node for statement in statements for node in statement.walk()]
    changing = {node.key.upper() for node in nodes if isinstance(node, _CHANGING)}
    if changing:
        return (f"changes data: {', '.join(sorted(changing))}",)
    calls = sorted({node.name for node in nodes if isinstance(node, exp.Anonymous)})
    if calls and dialect is not Language.SQLITE:
        return (f"what it does depends on {', '.join(calls)}()",)
    return () if any(isinstance(node, exp.Command) for node in nodes) else ("only reads",)


def _doubts(statements: Sequence[exp.Expr]) -> list[str]:
    return [
        f"{statement.key.upper()} has no WHERE and hits every row"
        for statement in statements
        if isinstance(statement, (exp.Update, exp.Delete)) and statement.args.get("where") is None
    ]
