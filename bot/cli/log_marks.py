"""`opsbot logs ignored`: what people chose to ignore or called known, and taking it back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from .context import terminal_settings
from .output import console, emit_json, fail

if TYPE_CHECKING:
    from ..store.log_marks import LogMarks, Mark


def ignored(
    take_back: Annotated[
        int | None, typer.Option(min=1, help="End the mark with this number.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List ignored templates and known issues, with who, when and why."""
    from ..store.engine import open_database
    from ..store.errors import StoreError
    from ..store.log_marks import LogMarks

    try:
        database = open_database(terminal_settings().effective_database_url)
        try:
            marks = LogMarks(database)
            if take_back is not None:
                _take_back(marks, take_back)
            found = marks.all()
        finally:
            database.dispose()
    except StoreError as exc:
        fail(str(exc))
    if as_json:
        emit_json([asdict(mark) for mark in found])
        return
    _show(found)


def _take_back(marks: LogMarks, mark_id: int) -> None:
    import getpass

    if marks.take_back(mark_id, getpass.getuser(), datetime.now(UTC)) is None:
        fail(f"there is no mark {mark_id}; `opsbot logs ignored` lists them")


def _show(marks: tuple[Mark, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    if not marks:
        console.print("nothing is ignored, and no issue is known")
        return
    table = Table("number", "kind", "service", "message", "why", "who", "when", box=None)
    for mark in marks:
        table.add_row(
            str(mark.mark_id),
            mark.kind.value,
            Text(mark.service or "texts"),
            Text(mark.pattern),
            Text(mark.reason),
            Text(mark.name),
            f"{mark.created_at.astimezone():%Y-%m-%d %H:%M}",
        )
    console.print(table)
