"""Cron lines, read by croniter, with the next run as proof of what they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from croniter import CroniterBadDateError, croniter

from ..verdict import Verdict

_TOOL = "croniter"
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
_AT_START = "@reboot"
_N_RUNS_READ = 200
_NOT_CRON = re.compile(r"[#?]|\b[0-9]*[LWlw]\b")


async def check(code: str) -> Verdict:
    """Read every line that is no comment or setting: five fields, then perhaps a command."""
    lines = schedule_lines(code)
    if not lines:
        return Verdict(tool=_TOOL, problem="there is no cron line")
    timed = tuple(line for line in lines if line.split()[0] != _AT_START)
    firsts: list[datetime] = []
    for line in timed:
        fields = fields_of(line)
        if fields is None:
            return Verdict(tool=_TOOL, problem=f"a cron line has five fields, this one is {line!r}")
        try:
            firsts.extend(next_runs(fields, 1))
        except ValueError as exc:
            return Verdict(tool=_TOOL, problem=str(exc))
    if timed and not firsts:
        return Verdict(tool=_TOOL, problem="this never runs")
    at_start = (f"{_AT_START} runs once, whenever cron starts",) * (len(timed) < len(lines))
    first = (f"first run {min(firsts):%a %d %b %Y %H:%M} UTC",) if firsts else ()
    return Verdict(
        tool=_TOOL,
        doubts=_either_day(timed),
        checked=(f"read as cron by {_TOOL}", *first, *at_start),
        unchecked=("the command", "the time zone of the machine it runs on"),
    )


def times_missed(code: str, task: str) -> tuple[str, ...]:
    """Doubts about a valid cron line: times of day that the task names and the line never hits."""
    wanted = {(int(h), int(m)) for h, m in _TIME_OF_DAY.findall(task)}
    runs = [run for line in schedule_lines(code) for run in _runs(line)]
    if not runs or not wanted or wanted & {(run.hour, run.minute) for run in runs}:
        return ()
    named = ", ".join(f"{hour:02d}:{minute:02d}" for hour, minute in sorted(wanted))
    return (f"the task says {named}, but the first run is at {runs[0]:%H:%M}",)


def _runs(line: str) -> tuple[datetime, ...]:
    fields = fields_of(line)
    return next_runs(fields, _N_RUNS_READ) if fields else ()


def schedule_lines(code: str) -> tuple[str, ...]:
    """The lines that say when something runs: no comments, no `NAME=value`."""
    lines = (line.strip() for line in code.splitlines())
    return tuple(
        line for line in lines if line and line[0] != "#" and not re.match(r"[A-Z_]+\s*=", line)
    )


def fields_of(line: str) -> str | None:
    """The five fields of a line, also of one that begins with a macro; None when there are less."""
    words = line.split()
    if words and words[0] in _MACROS:
        return _MACROS[words[0]]
    return " ".join(words[:5]) if len(words) >= 5 else None


def next_runs(fields: str, n: int, after: datetime | None = None) -> tuple[datetime, ...]:
    """The next times that five fields name, in UTC; none when they never come.

    Raises:
        ValueError: The fields are not cron's.
    """
    stray = _NOT_CRON.search(fields)
    if stray:
        raise ValueError(f"{stray.group()!r} is no cron word; Quartz and others have it")
    start = (after or datetime.now(UTC)).replace(second=0, microsecond=0)
    found: list[datetime] = []
    try:
        times = croniter(fields, start, ret_type=datetime)
        while len(found) < n:
            found.append(times.get_next(datetime))
    except CroniterBadDateError:
        # It looks some decades ahead and gives up.
        return tuple(found)
    except (AttributeError, KeyError, TypeError) as exc:
        raise ValueError(f"{fields!r} cannot be read") from exc
    return tuple(found)


def _either_day(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Cron runs when either day field matches; hardly anybody who writes both means that."""
    both = [
        words
        for line in lines
        if (words := (fields_of(line) or "* * * * *").split())
        and not words[2].startswith("*")
        and not words[4].startswith("*")
    ]
    return (
        ("cron runs on the day of the month or the day of the week, not on both",) if both else ()
    )
