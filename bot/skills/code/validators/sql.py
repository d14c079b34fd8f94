"""SQL, parsed by sqlglot."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ..verdict import Verdict

_TOOL = "sqlglot"
_DIALECTS = (("postgres", "PostgreSQL"), ("mysql", "MySQL"))
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
    """Parse all statements, as PostgreSQL if possible, and say whether they change data."""
    # sqlglot logs statements that it takes as they are; the verdict says so instead.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    problem = ""
    for dialect, name in _DIALECTS:
        try:
            parsed = sqlglot.parse(code, read=dialect)
        except (SqlglotError, RecursionError) as exc:
            problem = problem or _first_line(str(exc))
            continue
        return _verdict([statement for statement in parsed if statement is not None], name)
    return Verdict(tool=_TOOL, problem=problem)


def _first_line(message: str) -> str:
    # sqlglot underlines the place with terminal codes on the lines that follow.
    return _TOKEN.sub(r"'\1'", message.strip().splitlines()[0])


def _verdict(statements: Sequence[exp.Expr], dialect: str) -> Verdict:
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
        checked=(f"parsed as {dialect} by {_TOOL}", *_effect(statements)),
        unchecked=(*opaque, "whether the tables and columns exist"),
    )


def _is_query(statement: exp.Expr) -> bool:
    return isinstance(statement, exp.Query)


def _effect(statements: Sequence[exp.Expr]) -> tuple[str, ...]:
    """What the statements do, as far as their own verbs say; nothing where that is not known."""
    nodes = [node for statement in statements for node in statement.walk()]
    changing = {node.key.upper() for node in nodes if isinstance(node, _CHANGING)}
    if changing:
        return (f"changes data: {', '.join(sorted(changing))}",)
    calls = sorted({node.name for node in nodes if isinstance(node, exp.Anonymous)})
    if calls:
        return (f"what it does depends on {', '.join(calls)}()",)
    return () if any(isinstance(node, exp.Command) for node in nodes) else ("only reads",)


def _doubts(statements: Sequence[exp.Expr]) -> list[str]:
    return [
        f"{statement.key.upper()} has no WHERE and hits every row"
        for statement in statements
        if isinstance(statement, (exp.Update, exp.Delete)) and statement.args.get("where") is None
    ]
