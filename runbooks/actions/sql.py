"""Run one SQL statement; its rows come as an aligned table."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ..commands.checks.sql import judge_one
from ..commands.spec import CommandClass
from ..errors import ProposalError
from ..targets import SqlTarget, Targets
from .base import ActionContext, ActionEvent
from .database import Database, Rows
from .kinds import Action, SqlAction
from .output import safe_text
from .pump import Emitter, Ending, failed, pumped

_MAX_CELL_CHARS = 200
_GRACE_S = 5.0


class SqlRunner:
    """Runs SQL actions."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; without `writes` the database itself refuses to write."""
        if not isinstance(action, SqlAction):
            raise TypeError(f"no statement: {type(action).__name__}")
        try:
            target = self._targets.get(action.target, SqlTarget)
        except ProposalError as exc:
            yield failed(str(exc))
            return
        fault = statement_fault(action)
        if fault is not None:
            yield failed(fault)
            return
        password = unquote(urlsplit(target.url).password or "")
        query = _Query(target=target, action=action, secrets=(password,) if password else ())
        async with contextlib.aclosing(
            pumped(query.work, action.timeout_s, query.secrets)
        ) as events:
            async for event in events:
                yield event


def statement_fault(action: SqlAction) -> str | None:
    """Why a statement is not run, before a database is asked; None when nothing speaks against it."""
    finding = judge_one(action.statement)
    if finding is None:
        return None
    if finding.command_class is CommandClass.FORBIDDEN:
        return f"the statement is not run: {finding.reason}"
    return None if action.writes else f"the statement may only read: {finding.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    target: SqlTarget
    action: SqlAction
    secrets: tuple[str, ...]

    async def work(self, emitter: Emitter) -> Ending:
        database = Database(url=self.target.url, action=self.action)
        running = asyncio.create_task(asyncio.to_thread(database.run))
        try:
            rows = await asyncio.shield(running)
        except asyncio.CancelledError:
            database.cancel()
            emitter.aftermath = await _aftermath(running)
            raise
        except ProposalError as exc:
            return Ending(ok=False, detail=str(exc))
        except SQLAlchemyError as exc:
            return Ending(ok=False, detail=f"the database said: {self._fault(exc)}")
        for line in table(rows, self.action.max_rows):
            emitter.feed(line.encode() + b"\n")
        return Ending(ok=True, detail=_detail(rows))

    def _fault(self, exc: SQLAlchemyError) -> str:
        cause = exc.orig if isinstance(exc, DBAPIError) else exc
        words = " ".join(str(cause).split()) or type(exc).__name__
        return safe_text(words, self.secrets)


async def _aftermath(running: asyncio.Task[Rows]) -> str:
    await asyncio.wait({running}, timeout=_GRACE_S)
    if not running.done():
        return ", and it is not known whether it ended in the database"
    running.exception()
    return ", cancelled in the database"


def _detail(rows: Rows) -> str:
    if rows.columns:
        return f"{rows.n_rows} row{'' if rows.n_rows == 1 else 's'}"
    return "done" if rows.n_rows is None else f"done, {rows.n_rows} rows changed"


def table(rows: Rows, max_rows: int) -> Iterator[str]:
    """Rows as lines of text with aligned columns; says how many more there are."""
    if not rows.columns:
        return
    lines = [rows.columns, *([_cell(value) for value in row] for row in rows.rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(rows.columns))]
    for number, line in enumerate(lines):
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)
    if rows.n_rows is not None and rows.n_rows > max_rows:
        yield f"… {rows.n_rows - max_rows} more rows …"


def _cell(value: object) -> str:
    if value is None:
        return "NULL"
    words = " ".join(str(value).split())
    return words if len(words) <= _MAX_CELL_CHARS else f"{words[:_MAX_CELL_CHARS]}…"
