"""Cron lines, read by APScheduler's CronTrigger, with the next run as proof of what they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from apscheduler.triggers.cron import CronTrigger  # pyright: ignore[reportMissingTypeStubs]

from ..verdict import Verdict

_TOOL = "APScheduler"
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBER_RANGE = re.compile(r"([0-7])-([0-7])")
_TIME_OF_DAY = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


async def check(code: str) -> Verdict:
    """Read the first line that is no comment: five fields, then perhaps a command."""
    line = _line(code)
    fields = _fields(line)
    if fields is None:
        return Verdict(tool=_TOOL, problem=f"a cron line has five fields, this one is {line!r}")
    try:
        first = _next_run(fields)
    except ValueError as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    if first is None:
        return Verdict(tool=_TOOL, problem="this never runs")
    return Verdict(
        tool=_TOOL,
        checked=(f"read as cron by {_TOOL}", f"first run {first:%a %d %b %Y %H:%M} UTC"),
        unchecked=("the command", "the time zone of the machine it runs on"),
    )


def times_missed(code: str, task: str) -> tuple[str, ...]:
    """Doubts about a valid cron line: times of day that the task names and the line never hits."""
    fields = _fields(_line(code))
    wanted = {(int(h), int(m)) for h, m in _TIME_OF_DAY.findall(task)}
    first = _next_run(fields) if fields else None
    if first is None or not wanted or (first.hour, first.minute) in wanted:
        return ()
    named = ", ".join(f"{hour:02d}:{minute:02d}" for hour, minute in sorted(wanted))
    return (f"the task says {named}, but the first run is at {first:%H:%M}",)


def _line(code: str) -> str:
    """The first line that is no comment."""
    lines = (line.strip() for line in code.splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")


def _fields(line: str) -> str | None:
    words = line.split()
    if words and words[0] in _MACROS:
        return _MACROS[words[0]]
    return " ".join(words[:5]) if len(words) >= 5 else None


def _next_run(fields: str) -> datetime | None:
    *others, days = fields.split()
    expression = " ".join([*others, with_day_names(days)])
    trigger = CronTrigger.from_crontab(  # pyright: ignore[reportUnknownMemberType]
        expression, timezone=UTC
    )
    moment: object = trigger.get_next_fire_time(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        None, datetime.now(UTC)
    )
    return moment if isinstance(moment, datetime) else None


def with_day_names(days: str) -> str:
    """Write cron's day numbers, where 0 and 7 are Sunday, as names.

    APScheduler counts from Monday, so the numbers of one mean other days to the other.
    """
    return ",".join(_day_item(item) for item in days.split(","))


def _day_item(item: str) -> str:
    span = _NUMBER_RANGE.fullmatch(item)
    if span:
        first, last = int(span.group(1)), int(span.group(2))
        if first > last:
            raise ValueError(f"the range of days {item} runs backwards")
        return ",".join(dict.fromkeys(_DAYS[first : last + 1]))
    return _DAYS[int(item)] if item.isdigit() and int(item) <= 7 else item
