"""What `opsbot logs` selects of a log: a time, a level, a text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from .output import WRONG_USE, fail

if TYPE_CHECKING:
    from ..skills.logs.sources import LogQuery

_AGE = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LEVELS = ("debug", "info", "warn", "error", "fatal")

Since = Annotated[str, typer.Option(help="30m, 2h, 1d, or a time such as 2026-01-31T08:00.")]
Until = Annotated[str, typer.Option(help="The same; lines from then on are left out.")]
Level = Annotated[str, typer.Option(help="Least level: debug, info, warn, error, fatal.")]
Contains = Annotated[str, typer.Option(help="Only lines with this text.")]


def selection(now: datetime, since: str, until: str, level: str, contains: str) -> LogQuery:
    """The query that the options mean; what cannot be meant ends the command.

    Args:
        now: Aware; ages count from it.
    """
    from ..skills.logs.severity import Severity
    from ..skills.logs.sources import LogQuery

    if level and level.lower() not in _LEVELS:
        fail(f"{level} is no level: expected one of {', '.join(_LEVELS)}", WRONG_USE)
    query = LogQuery(
        start=instant(since, now) if since else None,
        end=instant(until, now) if until else None,
        level=Severity[level.upper()] if level else None,
        contains=contains,
    )
    if query.start and query.end and query.start >= query.end:
        fail(f"--since {since} is not before --until {until}", WRONG_USE)
    return query


def instant(text: str, now: datetime) -> datetime:
    """A time, or so long ago; a time without a zone is in UTC."""
    age = _AGE.fullmatch(text)
    try:
        if age:
            return now - timedelta(seconds=int(age.group(1)) * _SECONDS[age.group(2)])
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        fail(f"{text} is no time: expected 30m, 2h, 1d or 2026-01-31T08:00", WRONG_USE)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
