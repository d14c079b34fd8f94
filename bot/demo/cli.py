"""`opsbot demo orders ...` and `opsbot demo break`: look at the demo's database, or break it.

These start in a fraction of a second, because runbooks run them: nothing heavy is imported.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output import emit_json, fail

from .errors import DemoError
from .places import Places, read_port
from .protocol import ask_once

orders = typer.Typer(no_args_is_help=True, help="Administer the demo's orders database.")

_Home = Annotated[
    Path | None, typer.Option(help="The demo's data directory; default: demo/ under OPSBOT_HOME.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_OlderThan = Annotated[
    float, typer.Option(min=0.0, help="Only sessions idle in a transaction longer, in seconds.")
]


def _home(given: Path | None) -> Path:
    if given is not None:
        return given.absolute()
    from bot.settings import SettingsError, load_settings

    from .running import demo_home

    try:
        return demo_home(load_settings().home)
    except SettingsError as exc:
        fail(str(exc), 2)


def _ask(home: Path | None, process: str, hello: str, line: str) -> str:
    try:
        port = read_port(Places(_home(home)), process)
        return asyncio.run(ask_once(port, hello, line))
    except DemoError as exc:
        fail(str(exc))


def _show_sessions(rows: list[dict[str, object]]) -> None:
    typer.echo(f"{'ID':>5}  {'CLIENT':<9} {'STATE':<20} {'FOR':>8}  LAST QUERY")
    for row in rows:
        age = f"{row['age_s']} s"
        typer.echo(
            f"{row['session_id']:>5}  {row['client']:<9} {row['state']:<20} "
            f"{age:>8}  {row['last_query']}"
        )


@orders.command()
def sessions(home: _Home = None, as_json: _Json = False) -> None:
    """List who is connected to orders and what every session does. Changes nothing."""
    listing = json.loads(_ask(home, "orders", "ADMIN", "SESSIONS"))
    if as_json:
        emit_json(listing)
        return
    rows = listing["sessions"]
    n_stuck = sum(row["state"] == "idle in transaction" for row in rows)
    typer.echo(
        f"{listing['n_used']} of {listing['n_slots']} slots in use, {n_stuck} idle in transaction"
    )
    _show_sessions(rows)


@orders.command("terminate-idle")
def terminate_idle(
    older_than: _OlderThan = 5.0, home: _Home = None, as_json: _Json = False
) -> None:
    """End the sessions that hold a transaction open without working."""
    listing = json.loads(_ask(home, "orders", "ADMIN", f"TERMINATE-IDLE {older_than:g}"))
    if as_json:
        emit_json(listing)
        return
    rows = listing["sessions"]
    typer.echo(f"terminated {len(rows)} sessions idle in transaction for {older_than:g} s or more")
    if rows:
        _show_sessions(rows)


def break_checkout(home: _Home = None, as_json: _Json = False) -> None:
    """Start the failure again: reports begins another full export."""
    answer = _ask(home, "reports", "CONTROL", "START-EXPORT")
    if as_json:
        emit_json({"answer": answer})
    else:
        typer.echo(answer)
