"""`opsbot command`: what a command line would do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from runbooks.commands.classify import Classification

app = typer.Typer(no_args_is_help=True, help="Understand command lines before anything runs.")

_COLOURS = {"read_only": "green", "change": "yellow", "forbidden": "red"}


@app.callback()
def group() -> None:
    """Understand command lines before anything runs."""


@app.command()
def classify(
    line: Annotated[str | None, typer.Argument(help="the command line, as one argument")] = None,
    jsonl: Annotated[
        Path | None,
        typer.Option(help='a file of JSON objects with "line" (text, or a list of arguments)'),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Say whether a line only reads, changes something, or is never run, and why."""
    if (line is None) == (jsonl is None):
        fail("give either one line or --jsonl FILE", WRONG_USE)
    from runbooks.commands.classify import classify as judge
    from runbooks.errors import ToolDataError

    try:
        if jsonl is not None:
            for command in _commands(jsonl):
                emit_json(_answer(judge(command)), compact=True)
        elif line is not None:
            _show(judge(line), as_json=as_json)
    except ToolDataError as exc:
        fail(f"the descriptions of tools cannot be read: {exc}")


def _show(found: Classification, *, as_json: bool) -> None:
    if as_json:
        emit_json(_answer(found))
        return
    name = found.command_class.value
    console.print(name, style=_COLOURS[name], end="  ")
    console.print(found.reason, markup=False, highlight=False)
    for argv in found.pipeline:
        console.print(f"  {list(argv)}", style="dim", markup=False, highlight=False)


def _answer(found: Classification) -> dict[str, object]:
    """The JSON form: `argv` is the words, or for a pipe the list of its commands' words."""
    stages = [list(argv) for argv in found.pipeline]
    return {
        "class": found.command_class.value,
        "reason": found.reason,
        "argv": stages[0] if len(stages) == 1 else stages or None,
    }


def _commands(path: Path) -> Iterator[str | list[str]]:
    """Read all lines before the first answer, so that bad input gives no half output."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        fail(f"{path} cannot be read as UTF-8 text: {exc}")
    numbered = [(number, text) for number, text in enumerate(lines, start=1) if text.strip()]
    return iter([_command(path, number, text) for number, text in numbered])


def _command(path: Path, number: int, text: str) -> str | list[str]:
    try:
        record: object = json.loads(text)
    except ValueError as exc:
        fail(f"{path}:{number}: not JSON: {exc}")
    fields = cast("dict[str, object]", record) if isinstance(record, dict) else {}
    value = fields.get("line", fields.get("argv_or_line"))
    if isinstance(value, str):
        return value
    words = cast("list[object]", value) if isinstance(value, list) else []
    if words and all(isinstance(word, str) for word in words):
        return [str(word) for word in words]
    fail(f'{path}:{number}: has no "line" that is text or a list of texts')
