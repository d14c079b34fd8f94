"""`opsbot logs lines`: the lines of any source that a time, a level and a text select."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from .log_paths import streams_at
from .output import WRONG_USE, emit_json, error_console, fail

if TYPE_CHECKING:
    from ..skills.logs.blocks import Intake
    from ..skills.logs.sources import LogQuery, Stream

_AGE = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LEVELS = ("debug", "info", "warn", "error", "fatal")


def lines(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, globs in quotes, - for a pipe, configured services, or journal:UNIT, "
            "docker:NAME, kubectl:NAMESPACE/TARGET, loki:{SELECTOR}, elastic:INDEX?QUERY."
        ),
    ],
    since: Annotated[str, typer.Option(help="30m, 2h, 1d, or a time such as 2026-01-31T08:00.")] = (
        ""
    ),
    until: Annotated[str, typer.Option(help="The same; lines from then on are left out.")] = "",
    level: Annotated[str, typer.Option(help="Least level: debug, info, warn, error, fatal.")] = "",
    contains: Annotated[str, typer.Option(help="Only lines with this text.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Print the lines of logs, wherever they are, and say how many were read."""
    from ..skills.logs.blocks import Intake

    now = datetime.now(UTC)
    query = _query(now, since, until, level, contains)
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
    shown = {0: "no lines", 1: "1 line"}.get(n_shown, f"{n_shown:,} lines")
    parts = [f"{shown} of {intake.n_lines:,} read"]
    parts += [f"{intake.n_cut:,} cut"] if intake.n_cut else []
    parts += [f"{intake.n_undecodable:,} not UTF-8"] if intake.n_undecodable else []
    parts += [f"{intake.n_left_out:,} left out"] if intake.n_left_out else []
    error_console.print(" · ".join(parts), style="dim", markup=False, highlight=False)


def _query(now: datetime, since: str, until: str, level: str, contains: str) -> LogQuery:
    from ..skills.logs.severity import Severity
    from ..skills.logs.sources import LogQuery

    if level and level.lower() not in _LEVELS:
        fail(f"{level} is no level: expected one of {', '.join(_LEVELS)}", WRONG_USE)
    return LogQuery(
        start=_instant(since, now) if since else None,
        end=_instant(until, now) if until else None,
        level=Severity[level.upper()] if level else None,
        contains=contains,
    )


def _instant(text: str, now: datetime) -> datetime:
    """A time, or so long ago; a time without a zone is in UTC."""
    age = _AGE.fullmatch(text)
    if age:
        return now - timedelta(seconds=int(age.group(1)) * _SECONDS[age.group(2)])
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text} is no time: expected 30m, 2h, 1d or 2026-01-31T08:00", WRONG_USE)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
