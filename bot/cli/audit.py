"""`opsbot audit ...`: check the audit trail, or hand it out."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import FAILED, WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from runbooks.audit import AuditTrail

app = typer.Typer(no_args_is_help=True, help="Check and export the audit trail.")

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to this new file, not to the screen.")
]


@app.command()
def verify(as_json: _Json = False) -> None:
    """Find every edit, deletion and reordering of the trail."""
    with _trail() as trail:
        report = trail.verify()
    if as_json:
        emit_json({"intact": report.intact, "n_rows": report.n_rows, "faults": report.faults})
    elif report.intact:
        console.print(f"{report.n_rows} rows, nothing was changed", highlight=False)
    else:
        for fault in report.faults:
            console.print(fault, style="red", markup=False, highlight=False)
    if not report.intact:
        raise typer.Exit(FAILED)


@app.command()
def export(output: _Output = None, as_json: _Json = False) -> None:
    """Print the trail, oldest first: one JSON object a line, or with --json one list."""
    import json

    with _trail() as trail:
        lines = trail.export()
        if as_json:
            emit_json([json.loads(line) for line in lines])
        elif output is None:
            for line in lines:
                typer.echo(line)
        else:
            _write(output, lines)


@app.command()
def prune(
    before: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Remove what is older, in UTC."
        ),
    ],
    as_json: _Json = False,
) -> None:
    """Remove old rows; what is left can still be verified, and the removal is a row itself."""
    from bot.cli.local_user import local_user
    from bot.runbook_wiring import utc_now

    limit, now = before.replace(tzinfo=UTC), utc_now()
    if limit > now:
        fail(f"{limit:%Y-%m-%d %H:%M} UTC lies in the future", WRONG_USE)
    with _opened() as (trail, engine):
        report = trail.prune(limit, now, local_user(), _open_subjects(engine, trail, now))
    if as_json:
        emit_json(report)
    else:
        console.print(f"{report.n_removed} rows removed, {report.n_left} left", highlight=False)


def _open_subjects(engine: Engine, trail: AuditTrail, now: datetime) -> frozenset[str]:
    """What is not over: proposals that wait or run, a break-glass that is open."""
    from bot.store.proposals import SqlProposals
    from runbooks.break_glass import SUBJECT, grants_in
    from runbooks.lifecycle import ProposalState, is_final

    store = SqlProposals(engine)
    states = [state for state in ProposalState if not is_final(state)]
    waiting = [row.proposal_id for state in states for row in store.in_state(state)]
    glass = {SUBJECT} if grants_in(trail, now) else set[str]()
    return frozenset({*(f"proposal:{proposal_id}" for proposal_id in waiting), *glass})


def _write(output: Path, lines: Iterator[str]) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            n_rows = sum(1 for line in lines if file.write(f"{line}\n"))
    except FileExistsError:
        fail(f"{output} exists already: name a new file", WRONG_USE)
    except OSError as exc:
        fail(f"{output} cannot be written: {exc.strerror}")
    console.print(f"{n_rows} rows written to {output}", markup=False, highlight=False)


@contextmanager
def _trail() -> Generator[AuditTrail]:
    with _opened() as (trail, _):
        yield trail


@contextmanager
def _opened() -> Generator[tuple[AuditTrail, Engine]]:
    from bot.runbook_wiring import build_audit
    from bot.settings import SettingsError, load_settings
    from bot.store.engine import open_database
    from bot.store.errors import StoreError
    from runbooks.errors import AuditError, ProposalError

    try:
        settings = load_settings()
        engine = open_database(settings.effective_database_url)
    except SettingsError as exc:
        fail(str(exc), WRONG_USE)
    except StoreError as exc:
        fail(str(exc))
    try:
        yield build_audit(settings, engine), engine
    except (AuditError, ProposalError) as exc:
        fail(str(exc))
    finally:
        engine.dispose()
