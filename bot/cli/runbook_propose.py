"""`opsbot runbook propose`: fill a runbook from a terminal, asking for what is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from . import runbook_runs
from .context import terminal_settings
from .output import WRONG_USE, console, error_console, fail

if TYPE_CHECKING:
    from runbooks.schema import Parameter, Runbook

_MAX_TRIES = 3


def register(app: typer.Typer) -> None:
    """Add the command to the group `opsbot runbook`."""
    app.command()(propose)


def propose(
    name: Annotated[str, typer.Argument(help="The runbook.")],
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set", "--param", "-p", metavar="NAME=VALUE", help="A parameter; repeat for more."
        ),
    ] = None,
    why: Annotated[str, typer.Option(help="Shown to those who approve.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Propose a runbook; values that are missing are asked for when this is a terminal."""
    values = _values(given or [])
    runbook = _runbook(name)
    if sys.stdin.isatty() and not as_json:
        values |= _ask_for_missing(runbook, values)
    _refuse_missing(runbook, values)
    pairs = [f"{key}={value}" for key, value in values.items()]
    runbook_runs.run(name, param=pairs, why=why, as_json=as_json)


def _values(given: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not key or not equals:
            fail(f"--set {item!r} is not NAME=VALUE", WRONG_USE)
        if key in values:
            fail(f"--set {key} is given twice", WRONG_USE)
        values[key] = value
    return values


def _runbook(name: str) -> Runbook:
    from runbooks.catalog import Catalog
    from runbooks.errors import UnknownRunbookError

    try:
        return Catalog.load(terminal_settings().runbooks.folders).get(name)
    except UnknownRunbookError as exc:
        fail(str(exc), WRONG_USE)


def _ask_for_missing(runbook: Runbook, values: Mapping[str, str]) -> dict[str, str]:
    needed = (each for each in runbook.parameters if each.default is None)
    return {each.name: _ask(each) for each in needed if each.name not in values}


def _ask(parameter: Parameter) -> str:
    """Ask until the parameter takes the answer, a few times at most."""
    from runbooks.values import render

    from ..skills.runbook.values import fault

    unit = f" ({parameter.unit})" if parameter.unit else ""
    choices = ", ".join(render(choice) for choice in parameter.choices)
    among = f", one of {choices}" if choices else ""
    console.print(f"{parameter.name}{unit}: {parameter.description}{among}", markup=False)
    for _ in range(_MAX_TRIES):
        answer = str(typer.prompt(parameter.name)).strip()
        why = fault(parameter, answer)
        if why is None:
            return answer
        error_console.print(f"{parameter.name} {why}", style="yellow", markup=False)
    fail(f"no usable value for {parameter.name}; nothing was proposed", WRONG_USE)


def _refuse_missing(runbook: Runbook, values: Mapping[str, str]) -> None:
    """Say everything that is missing at once, with the words that would give it."""
    needed = [each for each in runbook.parameters if each.default is None]
    missing = [each for each in needed if each.name not in values]
    if missing:
        words = " ".join(f"--set {each.name}=..." for each in missing)
        listed = "; ".join(f"{each.name}: {each.description}" for each in missing)
        fail(f"{runbook.name} needs {listed} (give {words}); nothing was proposed", WRONG_USE)
