"""`opsbot logs lines`: the lines of any source that a time, a level and a text select."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from .log_paths import streams_at
from .log_selection import Contains, Level, Since, Until, selection
from .output import emit_json, error_console

if TYPE_CHECKING:
    from ..skills.logs.blocks import Intake
    from ..skills.logs.sources import LogQuery, Stream


def lines(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, globs in quotes, - for a pipe, configured services, or journal:UNIT, "
            "docker:NAME, kubectl:NAMESPACE/TARGET, loki:{SELECTOR}, elastic:INDEX?QUERY."
        ),
    ],
    since: Since = "",
    until: Until = "",
    level: Level = "",
    contains: Contains = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Print the lines of logs, wherever they are, and say how many were read."""
    from ..skills.logs.blocks import Intake

    now = datetime.now(UTC)
    query = selection(now, since, until, level, contains)
    intake = Intake()
    found: list[dict[str, object]] = []
    n_shown = 0
    for service, streams in streams_at(sources).items():
        for stream in streams:
            for source, number, line in _wanted(stream, query, now, intake):
                n_shown += 1
                if as_json:
                    text = line.decode("utf-8", "replace")
                    found.append({"log": service, "source": source, "number": number, "line": text})
                else:
                    sys.stdout.buffer.write(line + b"\n")
    _conclude(intake, n_shown, found, as_json=as_json)


def _wanted(
    stream: Stream, query: LogQuery, now: datetime, intake: Intake
) -> Iterator[tuple[str, int, bytes]]:
    from ..skills.logs.sources import matching

    for chunk in matching(stream.chunks(query, now, intake), query):
        for number, line in enumerate(chunk.lines, start=chunk.first_line_number):
            yield chunk.source, number, line


def _conclude(
    intake: Intake, n_shown: int, found: list[dict[str, object]], *, as_json: bool
) -> None:
    from ..skills.logs.numbers import count_text

    if as_json:
        emit_json(
            {
                "lines_read": intake.n_lines,
                "lines_shown": n_shown,
                "lines_cut": intake.n_cut,
                "lines_undecodable": intake.n_undecodable,
                "lines_left_out": intake.n_left_out,
                "problems": intake.problems,
                "lines": found,
            }
        )
        return
    sys.stdout.buffer.flush()
    for problem in intake.problems:
        error_console.print(problem, style="yellow", markup=False, highlight=False)
    shown = count_text(n_shown, "line") if n_shown else "no lines"
    parts = [f"{shown} of {intake.n_lines:,} read"]
    parts += [f"{intake.n_cut:,} cut"] if intake.n_cut else []
    parts += [f"{intake.n_undecodable:,} not UTF-8"] if intake.n_undecodable else []
    parts += [f"{intake.n_left_out:,} left out"] if intake.n_left_out else []
    error_console.print(" · ".join(parts), style="dim", markup=False, highlight=False)
