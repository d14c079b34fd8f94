"""How commands speak: rich for people, one JSON document for scripts, one sentence for faults."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

FAILED = 1
WRONG_USE = 2

console = Console()
error_console = Console(stderr=True, emoji=False)


def fail(message: str, code: int = FAILED) -> NoReturn:
    """End the command with one sentence on standard error."""
    error_console.print(f"opsbot: {message}", style="red", markup=False, highlight=False)
    raise typer.Exit(code)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    raise TypeError(f"not representable as JSON: {type(value).__name__}")


def emit_json(value: object, *, compact: bool = False) -> None:
    """Print one JSON document; `compact` puts it on one line, for JSON-lines output."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, indent=None if compact else 2)
    typer.echo(text)
