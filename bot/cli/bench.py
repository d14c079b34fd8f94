"""`opsbot bench`: measures this machine; a busy neighbour shows in the load it prints."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from .context import read_settings
from .output import console, emit_json, fail

app = typer.Typer(no_args_is_help=True, help="Measure speed on this machine.")

_Runs = Annotated[int, typer.Option(min=1, max=50, help="Repetitions; medians are reported.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Out = Annotated[Path | None, typer.Option(help="Write the JSON document here too.")]


@app.command()
def engine(runs: _Runs = 5, as_json: _Json = False, out: _Out = None) -> None:
    """Prefill, decode, and the time to the first token with and without a cached prefix."""
    from inference import InferenceError

    from ..benchmarks.engine import EngineResult, measure_engine
    from ..engine import EnginePlace, open_engine

    settings = read_settings()

    async def measure() -> EngineResult:
        async with open_engine(settings, encoder=False, place=EnginePlace.HERE) as opened:
            with console.status("measuring") as status:
                return await measure_engine(opened, n_runs=runs, progress=status.update)

    try:
        result = asyncio.run(measure())
    except InferenceError as exc:
        fail(str(exc))
    _report(asdict(result), settings.model, as_json=as_json, out=out)


@app.command()
def answer(runs: _Runs = 5, as_json: _Json = False, out: _Out = None) -> None:
    """From a mention to the evidence and to the whole answer, on the demo's real incident."""
    from ..benchmarks.answer import AnswerResult, measure_answer
    from ..demo.errors import DemoError
    from ..log_setup import set_up_logging

    settings = read_settings()
    set_up_logging("ERROR")

    async def measure(home: Path) -> AnswerResult:
        with console.status("starting the demo") as status:
            return await measure_answer(
                home, n_runs=runs, model=settings.model, progress=status.update
            )

    with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as folder:
        try:
            result = asyncio.run(measure(Path(folder)))
        except (TimeoutError, DemoError) as exc:
            fail(str(exc) or "an answer did not end in time")
    _report(asdict(result), settings.model, as_json=as_json, out=out)


def _report(result: dict[str, Any], model: str, *, as_json: bool, out: Path | None) -> None:
    from ..benchmarks.machine import describe_machine

    facts = describe_machine()
    document = {"model": model, "machine": facts, "result": result}
    if out is not None:
        out.write_text(json.dumps(document, indent=2), encoding="utf-8")
    if as_json:
        emit_json(document)
        return
    table = Table("measure", "value", box=None)
    for name, value in result.items():
        if not isinstance(value, (tuple, list)):
            table.add_row(name, f"{value:,.2f}" if isinstance(value, float) else str(value))
    console.print(table)
    machine = ", ".join(f"{name} {value}" for name, value in facts.items())
    console.print(f"{model} on {machine}", style="dim", highlight=False)
