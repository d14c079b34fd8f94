"""`opsbot logs`: templates and digests of log files, without a bot and without a model."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .context import read_settings
from .log_lines import lines
from .log_marks import ignored
from .log_paths import stream_at, streams_at
from .log_progress import show_reading
from .log_selection import Contains, Level, Since, Until, selection
from .log_tail import tail
from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from datetime import datetime

    from ..skills.logs.analysis import Analysis
    from ..skills.logs.digest import Digest
    from ..skills.logs.miner import Shape, Template
    from ..skills.logs.reader import Watch
    from ..skills.logs.session_findings import SessionCollector
    from ..skills.logs.sources import LogQuery, Stream

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
    from ..skills.logs.numbers import count_text

    stream = stream_at(path)
    if assignments is not None:
        _refuse_unwritable(assignments, stream)
    started = time.perf_counter()
    with show_reading({path: (stream,)}, quiet=as_json) as watch:
        counts, examples, problems, n_lines = _mine(stream, assignments, watch)
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
        f"{count_text(n_lines, 'line')}, {count_text(len(rows), 'template')}, {seconds:.2f} s, "
        f"{record['lines_per_s']:,} lines/s"
    )
    _show_problems(problems)


def _mine(
    stream: Stream, assignments: Path | None, watch: Watch
) -> tuple[Counter[Template], dict[Template, str], list[str], int]:
    from datetime import UTC, datetime

    from ..skills.logs.blocks import Intake
    from ..skills.logs.miner import Miner
    from ..skills.logs.sources import LogQuery

    intake, miner = Intake(), Miner()
    shapes: Counter[Shape] = Counter()
    order: list[Shape] = []
    firsts: dict[Shape, str] = {}
    n_bytes = 0
    for chunk in stream.chunks(LogQuery(), datetime.now(UTC), intake):
        watch(len(chunk.lines), intake.n_bytes - n_bytes)
        n_bytes = intake.n_bytes
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


def _refuse_unwritable(path: Path, stream: Stream) -> None:
    """End the command before anything is read when the result could not be written there."""
    from ..skills.logs.sources import FileStream

    try:
        with path.open("a"):
            pass
        inputs = stream.paths if isinstance(stream, FileStream) else ()
        is_input = any(path.samefile(each) for each in inputs)
    except OSError as exc:
        fail(f"{path} cannot be written: {exc.strerror}")
    if is_input:
        fail(f"{path} is the log itself: name another file for --assignments", WRONG_USE)


def _write_assignments(path: Path, order: list[Shape]) -> None:
    ids: dict[Template, str] = {}
    try:
        with path.open("w", encoding="ascii") as file:
            file.write("line_number,template_id\n")
            for number, shape in enumerate(order, start=1):
                root = shape.template.root
                if root not in ids:
                    ids[root] = root.template_id
                file.write(f"{number},{ids[root]}\n")
    except OSError as exc:
        fail(f"{path} cannot be written: {exc.strerror}")


@app.command()
def digest(  # noqa: PLR0913 - a command's options are its arguments
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
    since: Since = "",
    until: Until = "",
    level: Level = "",
    contains: Contains = "",
    sessions: Annotated[
        bool,
        typer.Option(
            "--sessions", help="Also say which requests, jobs or blocks went differently; slower."
        ),
    ] = False,
    as_json: _Json = False,
) -> None:
    """Say what changed in logs, with one verbatim line for each message."""
    from datetime import UTC, datetime

    from ..log_setup import set_up_logging
    from ..skills.logs.digest import build
    from ..skills.logs.oddities import oddities
    from ..skills.logs.session_findings import SessionCollector

    settings = read_settings()
    set_up_logging("ERROR")
    now = datetime.now(UTC)
    only = selection(now, since, until, level, contains)
    collector = SessionCollector() if sessions else None
    started = time.perf_counter()
    analysis = _analysed(paths, baseline, only, now, collector, quiet=as_json)
    # NOTE: only now, because a vocabulary takes as much memory as all the reading.
    from ..token_counter import open_counter

    with open_counter(settings.model, settings.models_dir) as counter:
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
        emit_json({**record, "sessions": collector.report()} if collector else record)
        return
    _show_digest(found, seconds)
    _show_problems(oddities(analysis))


def _show_digest(found: Digest, seconds: float) -> None:
    typer.echo(found.text if found.n_lines else "no lines")
    typer.echo(
        f"read {found.n_lines:,} = shown {found.n_shown:,} + folded {found.n_folded:,} "
        f"+ skipped {found.n_skipped:,} · {seconds:.2f} s"
    )


def _analysed(
    paths: list[str],
    baseline: str | None,
    only: LogQuery,
    now: datetime,
    collector: SessionCollector | None,
    *,
    quiet: bool,
) -> Analysis:
    from dataclasses import replace

    from ..skills.logs.analysis import analyse, analyse_against
    from ..skills.logs.crew import open_crew
    from ..skills.logs.session_findings import told, watched
    from ..skills.logs.sources import selected

    if baseline == "-" and "-" in paths:
        fail("standard input can be read once: as the log or as its baseline", WRONG_USE)
    streams = selected(streams_at(paths), only)
    if collector is not None:
        streams = watched(streams, collector)
    old = None if baseline is None else (stream_at(baseline),)
    every = streams if old is None else {**streams, "baseline": old}
    with open_crew() as crew, show_reading(every, quiet=quiet) as watch:
        if old is None:
            analysis = analyse(streams, None, now, crew=crew, watch=watch)
        else:
            analysis = analyse_against(streams, old, now, crew=crew, watch=watch)
    report = collector.report() if collector is not None else None
    return replace(analysis, notes=told(report)) if report is not None else analysis


def _digest_record(
    found: Digest, analysis: Analysis, tokens_of: str, seconds: float
) -> dict[str, object]:
    from ..messages import Change
    from ..skills.logs.findings import as_finding
    from ..skills.logs.oddities import oddities

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
        "problems": oddities(analysis),
        "text": found.text,
        "tokens_of": tokens_of,
        "seconds": round(seconds, 3),
    }


def _show_problems(problems: Sequence[str]) -> None:
    for problem in problems:
        console.print(problem, style="yellow", markup=False, highlight=False, emoji=False)
