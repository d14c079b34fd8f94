"""`opsbot eval`: scores parts of the bot on labelled data that stays outside of the project."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .context import read_settings
from .evaluate_answers import answers
from .evaluate_code import code
from .evaluate_investigation import investigation
from .evaluate_kb import kb
from .evaluate_safety import safety
from .output import WRONG_USE, console, emit_json, error_console, fail

if TYPE_CHECKING:
    from ..evaluation.logs import LogsReport
    from ..evaluation.router import RouterReport

app = typer.Typer(no_args_is_help=True, help="Score the bot on labelled data.")
app.command()(safety)
app.command()(code)
app.command()(kb)
app.command()(answers)
app.command()(investigation)

_Data = Annotated[Path, typer.Option("--data", help="Folder with the data sets.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def router(data: _Data, as_json: _Json = False) -> None:
    """How often the router chooses the labelled skill, there and on its own held-back requests."""
    folder = data / "router" if (data / "router").is_dir() else data
    try:
        there, tuned, own = asyncio.run(_router(folder))
    except (OSError, ValueError, KeyError) as exc:
        fail(f"{folder} cannot be scored: {exc}", WRONG_USE)
    if as_json:
        parts = {"validation": asdict(tuned), "held_back": asdict(own)}
        emit_json({**asdict(there), "accuracy": there.total.accuracy, **parts})
        return
    for name, report in ((str(folder), there), ("validation", tuned), ("held back", own)):
        _show_router(name, report)


def _show_router(name: str, report: RouterReport) -> None:
    console.print(name, style="bold", markup=False, highlight=False)
    labels = list(report.confusion)
    matrix = Table("label", *labels, "right", "of", "accuracy", box=None)
    for label, row in report.confusion.items():
        share = report.by_intent.get(label)
        figures = (share.n_right, share.n, f"{share.accuracy:.3f}") if share else (0, 0, "")
        matrix.add_row(label, *(str(row[chosen]) for chosen in labels), *map(str, figures))
    total = report.total
    blank = ("",) * len(labels)
    matrix.add_row("all", *blank, str(total.n_right), str(total.n), f"{total.accuracy:.3f}")
    console.print(matrix)
    groups = {**report.by_language, **{f"by {k}": v for k, v in report.by_source.items()}}
    parts = [f"{group or 'no language'} {each.n_right}/{each.n}" for group, each in groups.items()]
    console.print(" · ".join(parts), highlight=False, markup=False)
    times = f"p50 {report.median_ms} ms, p95 {report.p95_ms} ms"
    console.print(f"{times}, calibration error {report.calibration_error}\n", style="dim")


async def _router(folder: Path) -> tuple[RouterReport, RouterReport, RouterReport]:
    from ..engine import open_engine
    from ..evaluation.router import evaluate, held_back, read_cases, validation
    from ..router.router import UNHURRIED_S, Router

    settings, cases = read_settings(), read_cases(folder)
    async with open_engine(settings, generator=False) as engine:
        chooser = Router(engine, encoder_name=settings.inference.encoder, patience_s=UNHURRIED_S)
        return (
            await evaluate(cases, chooser),
            await evaluate(validation(), chooser),
            await evaluate(held_back(), chooser),
        )


@app.command()
def logs(data: _Data, as_json: _Json = False) -> None:
    """How well logs are understood: templates, evidence, sessions, findings."""
    from ..evaluation.logs import evaluate
    from ..log_setup import set_up_logging
    from ..token_counter import open_counter

    settings = read_settings()
    set_up_logging("ERROR")
    try:
        with open_counter(settings.model, settings.models_dir) as counter:
            report = evaluate(data, counter, _progress)
    except (OSError, ValueError, KeyError) as exc:
        fail(f"{data} cannot be scored: {exc}", WRONG_USE)
    if as_json:
        emit_json(report)
        return
    for table in _logs_tables(report):
        console.print(table)
        console.print()
    console.print(f"tokens of {report.tokens} · {report.seconds} s", style="dim", markup=False)


def _progress(text: str) -> None:
    error_console.print(text, style="dim", markup=False, highlight=False)


def _logs_tables(report: LogsReport) -> list[Table]:
    systems = Table("system", "GA", "FGA", "purity", "completeness", "found/labelled", box=None)
    for name, each in report.grouping.items():
        shares = (each.ga, each.fga, each.purity, each.completeness)
        counts = f"{each.n_found}/{each.n_labelled}"
        systems.add_row(name, *(f"{share:.3f}" for share in shares), counts)
    systems.add_row("mean", f"{report.mean_ga:.3f}", f"{report.mean_fga:.3f}")
    scores = Table("measure", "score", "counts", box=None)
    for budget, kept in report.recall.items():
        counts = f"{kept.n_kept}/{kept.n_signals}, at most {kept.n_tokens_max:,} tokens"
        scores.add_row(f"critical signals in {budget:,} tokens", f"{kept.recall:.3f}", counts)
    for name, alerts in report.alerts.items():
        scores.add_row(f"alert tags shown, {name}", f"{alerts.n_shown}/{alerts.n}")
    for name, found in report.sessions.items():
        counts = f"{found.n_found} found, {found.n_labelled} labelled of {found.n_all:,}"
        scores.add_row(f"unusual sessions F1, {name}", f"{found.f1:.3f}", counts)
    for false in report.false_findings:
        name = f"false findings, {false.kind}"
        scores.add_row(name, str(len(false.found)), f"{false.n_splits} splits")
    for planted in report.planted:
        share = f"{planted.n_found / planted.n:.3f}" if planted.n else ""
        scores.add_row(f"planted {planted.kind} found", share, f"{planted.n_found}/{planted.n}")
    return [systems, scores]
