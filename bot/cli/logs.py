"""`opsbot logs`: templates and digests of log files, without a bot and without a model."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from .context import read_settings
from .log_lines import lines
from .log_marks import ignored
from .log_paths import stream_at, streams_at
from .log_tail import tail
from .output import console, emit_json, fail

if TYPE_CHECKING:
    from ..skills.logs.analysis import Analysis
    from ..skills.logs.digest import Digest
    from ..skills.logs.miner import Shape, Template
    from ..skills.logs.sources import Stream

app = typer.Typer(no_args_is_help=True, help="Find what matters in log files.")
app.command()(ignored)
app.command()(lines)
app.command()(tail)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_SHOWN_TEMPLATES = 40


@app.command()
def templates(
    path: Annotated[
        str, typer.Argument(help="A log file, packed or not; '*.log' in quotes; - reads a pipe.")
    ],
    assignments: Annotated[
        Path | None, typer.Option(help="Write a CSV file with line_number,template_id.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """List the messages of a log, most frequent first."""
    stream = stream_at(path)
    started = time.perf_counter()
    counts, examples, problems, n_lines = _mine(stream, assignments)
    seconds = time.perf_counter() - started
    rows = [
        {
            "id": template.template_id,
            "count": count,
            "severity": template.severity.name,
            "pattern": template.pattern,
            "example": examples[template],
        }
        for template, count in sorted(
            counts.items(), key=lambda item: (-item[1], item[0].template_id)
        )
    ]
    record = {
        "lines": n_lines,
        "templates": rows,
        "problems": problems,
        "seconds": round(seconds, 3),
        "lines_per_s": round(n_lines / seconds) if seconds else 0,
    }
    if as_json:
        emit_json(record)
        return
    for row in rows[:_SHOWN_TEMPLATES]:
        typer.echo(f"{row['count']:>9,}  {row['id']}  {row['severity']:<5}  {row['pattern']}")
    if len(rows) > _SHOWN_TEMPLATES:
        typer.echo(f"... and {len(rows) - _SHOWN_TEMPLATES:,} more; --json lists all")
    typer.echo(
        f"{n_lines:,} lines, {len(rows):,} templates, {seconds:.2f} s, "
        f"{record['lines_per_s']:,} lines/s"
    )
    _show_problems(problems)


def _mine(
    stream: Stream, assignments: Path | None
) -> tuple[Counter[Template], dict[Template, str], list[str], int]:
    from datetime import UTC, datetime

    from ..skills.logs.blocks import Intake
    from ..skills.logs.miner import Miner
    from ..skills.logs.sources import LogQuery

    intake, miner = Intake(), Miner()
    shapes: Counter[Shape] = Counter()
    order: list[Shape] = []
    firsts: dict[Shape, str] = {}
    for chunk in stream.chunks(LogQuery(), datetime.now(UTC), intake):
        found = miner.shapes_of(chunk.block)
        shapes.update(found)
        if len(shapes) > len(firsts):
            for line, shape in zip(chunk.lines, found, strict=True):
                if shape not in firsts:
                    firsts[shape] = line[:2000].decode("utf-8", "replace")
        if assignments is not None:
            order += found
    counts: Counter[Template] = Counter()
    examples: dict[Template, str] = {}
    by_id: dict[str, Template] = {}  # several processes can say the same
    for shape, count in shapes.items():
        root = shape.template.root
        root = by_id.setdefault(root.template_id, root)
        counts[root] += count
        examples.setdefault(root, firsts[shape])
    if assignments is not None:
        _write_assignments(assignments, order)
    return counts, examples, intake.problems, intake.n_lines


def _write_assignments(path: Path, order: list[Shape]) -> None:
    ids: dict[Template, str] = {}
    with ExitStack() as stack:
        try:
            file: TextIO = stack.enter_context(path.open("w", encoding="ascii"))
        except OSError as exc:
            fail(f"{path} cannot be written: {exc.strerror}")
        file.write("line_number,template_id\n")
        for number, shape in enumerate(order, start=1):
            root = shape.template.root
            if root not in ids:
                ids[root] = root.template_id
            file.write(f"{number},{ids[root]}\n")


@app.command()
def digest(
    paths: Annotated[
        list[str],
        typer.Argument(help="Log files; a glob in quotes brings rotated sets; - reads a pipe."),
    ],
    baseline: Annotated[
        str | None, typer.Option(help="A log of healthy times to compare with.")
    ] = None,
    budget_tokens: Annotated[
        int, typer.Option(min=50, help="Upper bound of the digest, in tokens.")
    ] = 2000,
    sessions: Annotated[
        bool,
        typer.Option(
            "--sessions", help="Also say which requests, jobs or blocks went differently; slower."
        ),
    ] = False,
    as_json: _Json = False,
) -> None:
    """Say what changed in logs, with one verbatim line for each message."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from ..log_setup import set_up_logging
    from ..skills.logs.analysis import analyse, analyse_against
    from ..skills.logs.digest import build
    from ..skills.logs.session_findings import SessionCollector, told, watched
    from ..token_counter import open_counter

    settings = read_settings()
    set_up_logging("ERROR")
    now = datetime.now(UTC)
    streams = streams_at(paths)
    collector = SessionCollector() if sessions else None
    if collector is not None:
        streams = watched(streams, collector)
    with open_counter(settings.model, settings.models_dir) as counter:
        started = time.perf_counter()
        if baseline is None:
            analysis = analyse(streams, None, now)
        else:
            analysis = analyse_against(streams, (stream_at(baseline),), now)
        report = collector.report() if collector is not None else None
        if report is not None:
            analysis = replace(analysis, notes=told(report))
        found = build(
            analysis,
            budget_tokens=budget_tokens,
            zone=UTC,
            only_telling=False,
            max_entries=200,
            count_tokens=counter.count,
        )
    seconds = time.perf_counter() - started
    if as_json:
        record = _digest_record(found, analysis, counter.name, seconds)
        emit_json({**record, "sessions": report} if sessions else record)
        return
    _show_digest(found, seconds)
    _show_problems(list(analysis.problems))


def _show_digest(found: Digest, seconds: float) -> None:
    typer.echo(found.text)
    typer.echo(
        f"read {found.n_lines:,} = shown {found.n_shown:,} + folded {found.n_folded:,} "
        f"+ skipped {found.n_skipped:,} · {seconds:.2f} s"
    )


def _digest_record(
    found: Digest, analysis: Analysis, tokens_of: str, seconds: float
) -> dict[str, object]:
    from ..messages import Change
    from ..skills.logs.findings import as_finding

    moved = [entry.movement for entry in found.entries]
    if any(each.n_baseline_lines for each in analysis.services):
        # Against a baseline only what changed is a finding; what is steady is in the text.
        moved = [each for each in moved if each.change is not Change.STEADY]
    return {
        "lines_in": found.n_lines,
        "lines_shown": found.n_shown,
        "lines_folded": found.n_folded,
        "lines_skipped": found.n_skipped,
        "findings": [as_finding(each) for each in moved],
        "problems": analysis.problems,
        "text": found.text,
        "tokens_of": tokens_of,
        "seconds": round(seconds, 3),
    }


def _show_problems(problems: list[str]) -> None:
    for problem in problems:
        console.print(problem, style="yellow", markup=False, highlight=False, emoji=False)
