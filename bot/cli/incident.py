"""`opsbot incident list|show|export`: incidents and their timelines at a terminal."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .context import terminal_settings
from .output import console, emit_json, fail

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Engine

    from ..incidents.timeline import Event
    from ..store.incidents import Incident

app = typer.Typer(no_args_is_help=True, help="Incidents that were declared in Slack.")

_Number = Annotated[int, typer.Argument(help="The incident's number; `list` shows them.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_incidents(as_json: _Json = False) -> None:
    """List incidents, newest first."""
    from ..incidents.status import heading, standing_line
    from ..store.incidents import Incidents

    with _database() as database:
        found = Incidents(database).all()
    if as_json:
        emit_json([_record(incident) for incident in found])
        return
    if not found:
        console.print("no incident was declared")
    now = datetime.now(UTC)
    for incident in found:
        console.print(heading(incident, "en"), style="bold", markup=False, highlight=False)
        place = f"  {standing_line(incident, now, 'en')} · channel {incident.thread.channel_id}"
        console.print(place, style="dim", markup=False, highlight=False)


@app.command()
def show(number: _Number, as_json: _Json = False) -> None:
    """Show an incident's whole timeline."""
    from ..incidents.status import heading, standing_line

    with _database() as database:
        incident, events = asyncio.run(_events(database, number))
    if as_json:
        emit_json(_record(incident) | {"timeline": [asdict(event) for event in events]})
        return
    console.print(heading(incident, "en"), style="bold", markup=False, highlight=False)
    console.print(standing_line(incident, datetime.now(UTC), "en"), style="dim", highlight=False)
    for event in events:
        line = f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}  {event.text}"
        console.print(line, markup=False, highlight=False)
        if event.url:
            console.print(f"    {event.url}", style="dim", markup=False, highlight=False)


@app.command()
def export(
    number: _Number,
    to: Annotated[
        Path | None, typer.Option("--to", "-o", help="A file; printed without one.")
    ] = None,
) -> None:
    """Write the draft of an incident's post-mortem as Markdown."""
    from ..incidents.post_mortem import draft, title

    with _database() as database:
        incident, events = asyncio.run(_events(database, number))
    text = f"# {title(incident, 'en')}\n\n{draft(incident, events, datetime.now(UTC), 'en')}\n"
    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as exc:
        fail(f"{to} cannot be written: {exc.strerror or exc}")
    console.print(f"{to}: {len(events)} lines of the timeline", highlight=False)


@contextmanager
def _database() -> Generator[Engine]:
    from ..store.engine import open_database
    from ..store.errors import StoreError

    try:
        database = open_database(terminal_settings().effective_database_url)
        try:
            yield database
        finally:
            database.dispose()
    except StoreError as exc:
        fail(str(exc))


async def _events(database: Engine, number: int) -> tuple[Incident, tuple[Event, ...]]:
    from runbooks.errors import ProposalError

    from ..card_links import ArchiveLinks, CardLinks
    from ..incidents.desk import IncidentDesk
    from ..incidents.stored_cases import StoredCases
    from ..store.incidents import Incidents
    from ..store.message_refs import MessageRefs
    from ..store.proposals import SqlProposals

    incidents = Incidents(database)
    incident = await asyncio.to_thread(incidents.find, number)
    if incident is None:
        fail(f"there is no incident {number}; `opsbot incident list` shows them")
    links = CardLinks(MessageRefs(database), ArchiveLinks(incident.url))
    desk = IncidentDesk(incidents, StoredCases(SqlProposals(database)), links)
    try:
        return incident, await desk.events(incident, "en")
    except ProposalError as exc:
        fail(str(exc))


def _record(incident: Incident) -> dict[str, object]:
    return asdict(incident)
