"""`opsbot runbook`: what there is, and (from `runbook_runs`) what is proposed and run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import runbook_propose, runbook_runs, runbook_test
from .output import FAILED, console, emit_json, error_console, fail

if TYPE_CHECKING:
    from runbooks.catalog import Catalog
    from runbooks.schema import Parameter, Runbook, Step

app = typer.Typer(no_args_is_help=True, help="Runbooks: declared procedures.")
runbook_runs.register(app)
runbook_propose.register(app)
runbook_test.register(app)

AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every runbook, builtin and yours."""
    from rich.table import Table

    catalog = _catalog()
    if as_json:
        emit_json([_summary(runbook) for runbook in catalog.all])
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=True, overflow="ignore")
    for heading in ("title", "risk", "must be given"):
        table.add_column(heading)
    for runbook in catalog.all:
        needed = ", ".join(item.name for item in runbook.parameters if item.default is None)
        table.add_row(runbook.name, runbook.title, runbook.risk.value.replace("_", " "), needed)
    console.print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="the runbook's name")], as_json: AsJson = False
) -> None:
    """Show one runbook: its parameters, and per step what runs and what surrounds it."""
    from runbooks.errors import UnknownRunbookError

    try:
        runbook = _catalog().get(name)
    except UnknownRunbookError as exc:
        fail(str(exc))
    if as_json:
        emit_json(runbook)
        return
    _print(f"{runbook.name} v{runbook.version}: {runbook.title}", style="bold")
    _print(runbook.summary)
    _print(f"{runbook.source}  sha256 {runbook.digest[:12]}", style="dim")
    if runbook.alerts:
        _print(f"alerts: {', '.join(runbook.alerts)}")
    for parameter in runbook.parameters:
        _print(f"  {_parameter(parameter)}")
    for number, step in enumerate(runbook.steps, start=1):
        _print_step(number, step)


@app.command()
def lint(
    paths: Annotated[list[Path], typer.Argument(help="runbook files, or folders of them")],
    strict: Annotated[bool, typer.Option(help="let warnings count as faults")] = False,
    as_json: AsJson = False,
) -> None:
    """Check runbook files: every fault and warning as file:line: message."""
    from runbooks.lint import Severity
    from runbooks.lint import lint as look

    report = look(paths)
    if as_json:
        names = [runbook.name for runbook in report.runbooks]
        found = {f"{severity.value}s": report.of(severity) for severity in Severity}
        emit_json({"runbooks": names, **found})
    for finding in () if as_json else report.findings:
        _print(str(finding))
    n_warnings = len(report.of(Severity.WARNING))
    if report.of(Severity.FAULT) or (strict and n_warnings):
        raise typer.Exit(FAILED)
    if not report.runbooks:
        fail("there is no runbook (*.yaml, or *.md with front matter) in the given paths")
    if not as_json:
        _print(f"{len(report.runbooks)} runbook(s), no faults, {n_warnings} warning(s)", "green")


@app.command()
def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of runbook files, for editors and other programs."""
    from runbooks.json_schema import json_schema

    emit_json(json_schema())


def _catalog() -> Catalog:
    """Everything that can be loaded; faults go to standard error, one per line."""
    from bot.settings import SettingsError, load_settings
    from runbooks.catalog import Catalog

    try:
        settings = load_settings()
    except SettingsError as exc:
        fail(str(exc))
    catalog = Catalog.load(settings.runbooks.folders)
    for fault in catalog.faults:
        error_console.print(str(fault), style="yellow", markup=False, highlight=False)
    return catalog


def _summary(runbook: Runbook) -> dict[str, object]:
    return {
        "name": runbook.name,
        "title": runbook.title,
        "version": runbook.version,
        "risk": runbook.risk,
        "summary": runbook.summary,
        "services": runbook.services,
        "parameters": runbook.parameters,
        "source": runbook.source,
    }


def _parameter(parameter: Parameter) -> str:
    unit = f" {parameter.unit}" if parameter.unit else ""
    needed = "needed" if parameter.default is None else f"default {parameter.default}{unit}"
    return f"{parameter.name} ({parameter.type}, {needed}): {parameter.description}"


def _print_step(number: int, step: Step) -> None:
    from bot.commands_text import declared_terms, verify_text
    from runbooks.describe import describe

    _print(f"{number}. {step.title} [{step.risk}]", style="bold")
    _print(f"   run       {describe(step.action)}")
    for term in declared_terms(step):
        _print(f"             {term}")
    if step.preview is not None:
        _print(f"   preview   {describe(step.preview)}")
    if step.verify is not None:
        _print(f"   verify    {verify_text(step.verify, {})}")
    if step.rollback is not None:
        _print(f"   rollback  {describe(step.rollback)}")


def _print(text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
