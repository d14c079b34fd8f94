"""`opsbot eval investigation`: simulated incidents, told and held back, in figures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .output import console, emit_json, error_console, fail

if TYPE_CHECKING:
    from ..evaluation.investigation import InvestigationReport, SetReport


def investigation(
    held_back: Annotated[
        int, typer.Option(min=0, max=500, help="How many incidents chance makes.")
    ] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Of chance; another seed, other incidents.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How often simulated incidents are explained, and healthy systems are left in peace."""
    from ..evaluation.investigation import evaluate
    from ..log_setup import set_up_logging

    set_up_logging("ERROR")
    try:
        report = asyncio.run(evaluate(n_held_back=held_back, seed=seed, progress=_progress))
    except OSError as exc:
        fail(f"the incidents cannot be simulated: {exc}")
    if as_json:
        emit_json(report)
        return
    console.print(_table(report))
    for case in (*report.told.cases, *report.held_back.cases):
        if not case.is_right:
            expected = case.expected or "nothing"
            console.print(f"{case.name}: expected {expected}, said {case.said or 'nothing'}")


def _progress(text: str) -> None:
    error_console.print(text, style="dim", markup=False, highlight=False)


def _table(report: InvestigationReport) -> Table:
    table = Table("measure", "told", f"held back (seed {report.seed})", box=None)
    rows = zip(_rows(report.told), _rows(report.held_back), strict=True)
    for (name, told), (_, held_back) in rows:
        table.add_row(name, told, held_back)
    return table


def _rows(each: SetReport) -> tuple[tuple[str, str], ...]:
    return (
        ("right", f"{each.n_right}/{each.n}"),
        ("false causes", str(each.n_false)),
        ("healthy left in peace", f"{each.n_healthy_right}/{each.n_healthy}"),
        ("red herrings not blamed", f"{each.n_seen_through}/{each.n_herrings}"),
        ("red herrings ruled out by name", f"{each.n_said}/{each.n_herrings}"),
        ("true causes ruled out", str(each.n_truth_ruled_out)),
        ("steps, median", f"{each.median_steps:g}"),
        ("seconds, median and most", f"{each.median_seconds:.2f}, {each.max_seconds:.2f}"),
    )
