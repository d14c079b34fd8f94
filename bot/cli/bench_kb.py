"""`opsbot bench kb`: how fast documents are taken in and found."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from . import bench_report
from .bench_setup import Progress, record_of, run
from .context import read_settings
from .output import WRONG_USE, fail

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTE = "vectors are drawn at random around centres; only the encoder's own rows are its own"


def kb(  # noqa: PLR0913 - a command's options are its arguments
    data: Annotated[Path | None, typer.Option(help="A folder of documents to measure too.")] = None,
    sizes: Annotated[str, typer.Option(help="Passages of the generated documents.")] = (
        "1000,10000,100000"
    ),
    queries: Annotated[int, typer.Option(min=10, help="Searches of each size.")] = 200,
    encoder: Annotated[
        int, typer.Option(min=0, help="Passages embedded by the real encoder; 0: none.")
    ] = 128,
    peer: Annotated[
        bool, typer.Option("--peer", help="Measure sentence-transformers beside it, if installed.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed writes other documents.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the JSON document here too.")] = None,
) -> None:
    """How fast documents are taken in and found, at several sizes."""
    from ..benchmarks.knowledge import generated_documents, measure_knowledge, read_documents

    if data is not None and not data.is_dir():
        fail(f"{data} is no folder", WRONG_USE)
    settings = read_settings()
    chosen = {"sizes": (wanted := _sizes(sizes)), "queries": queries, "seed": seed, "note": _NOTE}
    record = record_of("kb", settings, None, chosen)

    async def measure(progress: Progress) -> None:
        from ..benchmarks.encoders import measure_encoders

        sets = {f"{size} generated": list(generated_documents(size, seed)) for size in wanted}
        if data is not None:
            sets = {data.name: read_documents(data), **sets}
        found: dict[str, dict[str, object]] = {}
        for name, documents in sets.items():
            with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as folder:
                speed = await measure_knowledge(
                    Path(folder), documents, seed=seed, n_queries=queries, progress=progress
                )
            found[name] = asdict(speed)
        texts = next(iter(sets.values()))
        encoders = await measure_encoders(settings, texts, encoder, peer=peer, progress=progress)
        parts = {"knowledge": found, "encoders": encoders}
        tables = [_table(found), *([_table(encoders)] if encoders else [])]
        bench_report.report(record.document(parts), tables, as_json=as_json, out=out)

    run(measure)


def _sizes(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        found = (0,)
    if any(size < 10 for size in found):
        fail(f"--sizes is {text!r}, write counts from 10 on, as in 1000,10000", WRONG_USE)
    return found


def _table(found: Mapping[str, Mapping[str, object]]) -> Table:
    """One column for each thing measured, one row for each figure."""
    table = Table("", *found, box=None)
    columns = tuple(found.values())
    for name in dict.fromkeys(name for column in columns for name in column):
        table.add_row(name, *(_cell(column.get(name)) for column in columns))
    return table


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value if value is not None else "")
