"""`opsbot eval`: scores parts of the bot on labelled data that stays outside of the project."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .context import read_settings
from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from ..evaluation.router import RouterReport

app = typer.Typer(no_args_is_help=True, help="Score the bot on labelled data.")

_Data = Annotated[Path, typer.Option("--data", help="Folder with the data sets.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def router(data: _Data, as_json: _Json = False) -> None:
    """How often the router chooses the labelled skill."""
    folder = data / "router" if (data / "router").is_dir() else data
    try:
        report = asyncio.run(_router(folder))
    except (OSError, ValueError, KeyError) as exc:
        fail(f"{folder} cannot be scored: {exc}", WRONG_USE)
    if as_json:
        emit_json(report)
        return
    table = Table("group", "right", "of", "accuracy", box=None)
    for name, share in (("all", report.total), *report.by_intent.items()):
        table.add_row(name, str(share.n_right), str(share.n), f"{share.accuracy:.3f}")
    console.print(table)
    console.print(f"median {report.median_ms} ms a decision", style="dim")


async def _router(folder: Path) -> RouterReport:
    from ..engine import open_engine
    from ..evaluation.router import evaluate
    from ..router import Router

    async with open_engine(read_settings(), generator=False) as engine:
        return await evaluate(folder, Router(engine))
