"""`opsbot runbook test`: a runbook against recorded results; nothing is started, nothing is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .output import FAILED, WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from runbooks.rehearsal import Rehearsal
    from runbooks.schema import Runbook


def register(app: typer.Typer) -> None:
    """Add the command to the group `opsbot runbook`."""
    app.command("test")(test)


def test(
    file: Annotated[Path, typer.Argument(help="The runbook.")],
    results: Annotated[
        Path | None,
        typer.Option(help="Recorded results; default: NAME.results.yaml beside the runbook."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Run a runbook against recorded results and compare what comes of it."""
    from runbooks.catalog import RESULTS_SUFFIX
    from runbooks.errors import RunbookFileError
    from runbooks.loader import load
    from runbooks.recordings import load_cases
    from runbooks.rehearsal import rehearse

    path = results or file.with_name(f"{file.stem}{RESULTS_SUFFIX}")
    try:
        runbook = load(file)
        cases = load_cases(path, runbook)
    except RunbookFileError as exc:
        fail(str(exc), WRONG_USE)

    async def rehearse_all() -> list[Rehearsal]:
        return [await rehearse(runbook, case, path) for case in cases]

    found = asyncio.run(rehearse_all())
    emit_json(_record(runbook, found)) if as_json else _print(found)
    if any(rehearsal.faults for rehearsal in found):
        raise typer.Exit(FAILED)


def _record(runbook: Runbook, found: list[Rehearsal]) -> dict[str, object]:
    return {
        "runbook": runbook.name,
        "cases": [
            {
                "name": rehearsal.case.name,
                "passed": not rehearsal.faults,
                "state": rehearsal.state,
                "reason": rehearsal.reason,
                "steps": rehearsal.steps,
                "faults": rehearsal.faults,
            }
            for rehearsal in found
        ],
    }


def _print(found: list[Rehearsal]) -> None:
    for rehearsal in found:
        if rehearsal.faults:
            for fault in rehearsal.faults:
                _line(str(fault), "red")
        else:
            _line(f"✓ {rehearsal.case.name}: {rehearsal.state}, {rehearsal.reason}", "green")
    n_failed = sum(bool(rehearsal.faults) for rehearsal in found)
    _line(f"{len(found) - n_failed} of {len(found)} cases as expected", "red" if n_failed else "")


def _line(text: str, style: str) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
