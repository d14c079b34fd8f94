"""`opsbot doctor`: what this machine has, what is missing, what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, cast

import typer

from .output import FAILED, console, emit_json

if TYPE_CHECKING:
    from ..doctor import Check
    from ..settings import Settings

_STYLES = {"ok": "green", "warning": "yellow", "problem": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check machine, models, folders and Slack; ends with 1 if something cannot work."""
    from ..doctor import Status, examine
    from ..machine import read_machine
    from .context import read_settings

    settings = read_settings()
    machine = read_machine()
    checks = examine(settings, machine)
    if as_json:
        emit_json({"checks": checks, "machine": machine, "settings": masked(settings)})
    else:
        _show(checks)
        _show_settings(masked(settings))
    if any(check.status is Status.PROBLEM for check in checks):
        raise typer.Exit(FAILED)


def masked(settings: Settings) -> dict[str, object]:
    """All settings as plain values; tokens and a password in the database URL are not shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    values: dict[str, object] = settings.model_dump(mode="json")
    try:
        url = make_url(settings.effective_database_url)
        values["database_url"] = url.render_as_string(hide_password=True)
    except ArgumentError:
        values["database_url"] = "**********"
    return values


def _show(checks: tuple[Check, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for check in checks:
        style = _STYLES[check.status.value]
        text = Text(check.detail)
        if check.advice:
            text.append(f"\n{check.advice}", style=style)
        table.add_row(Text(check.status.value, style=style), Text(check.name, style="bold"), text)
    console.print(table)


def _show_settings(values: Mapping[str, object]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, value in _flat("", values):
        table.add_row(Text(name, style="dim"), Text(json.dumps(value, ensure_ascii=False)))
    console.print("\nSettings", style="bold")
    console.print(table)


def _flat(prefix: str, values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Settings by dotted name; an empty table is shown as one value."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{prefix}{name}.", cast("dict[str, object]", value))
        else:
            yield f"{prefix}{name}", value
