"""From words to a schedule, by rules: what is not understood is asked for, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES: Mapping[str, str] = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_DAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", re.IGNORECASE)
_TIME = re.compile(
    r"\b(?:at|um|a las|@)\s*(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|uhr)?\b", re.IGNORECASE
)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\s*(am|pm)?\b", re.IGNORECASE)
_CHINESE_TIME = re.compile(r"(上午|早上|下午|晚上)?\s*(\d{1,2})\s*[点點时時](?:(\d{1,2})分|(半))?")
_EVERY_N = re.compile(r"\bevery\s+(\d{1,3})\s*(minutes?|min|hours?|h)\b", re.IGNORECASE)
_ZONE = re.compile(r"\b(UTC|GMT|[A-Z][A-Za-z_]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?)\b")
_NUMBER = re.compile(r"(?:#|\b(?:digest|schedule|number|no\.?)\s*#?)\s*(\d+)\b", re.IGNORECASE)
_WEEKDAYS = re.compile(r"\bweekdays?\b|\bworking days?\b|\bwerktags?\b|工作日", re.IGNORECASE)
_WEEKENDS = re.compile(r"\bweekends?\b|周末", re.IGNORECASE)
_DAILY = re.compile(r"\b(?:every ?day|daily|each day|täglich|cada día)\b|每天|每日", re.IGNORECASE)
_HOURLY = re.compile(r"\b(?:hourly|every hour|each hour|stündlich)\b|每小时", re.IGNORECASE)


class Verb(StrEnum):
    """What is to be done about schedules."""

    ADD = "add"
    LIST = "list"
    REMOVE = "remove"
    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"


_VERBS: tuple[tuple[Verb, re.Pattern[str]], ...] = (
    (
        Verb.REMOVE,
        re.compile(r"\b(?:remove|delete|cancel|unschedule|drop)\b|删除|取消", re.IGNORECASE),
    ),
    (Verb.RESUME, re.compile(r"\b(?:resume|unpause|continue)\b|恢复", re.IGNORECASE)),
    (Verb.PAUSE, re.compile(r"\b(?:pause|suspend|mute)\b|暂停", re.IGNORECASE)),
    (Verb.RUN, re.compile(r"\brun\b.*\bnow\b|\bright now\b|立即|现在", re.IGNORECASE)),
    (
        Verb.LIST,
        re.compile(
            r"\b(?:list|show|which|what)\b.*\b(?:schedules?|digests?)\b|\bschedules?\?|列出",
            re.IGNORECASE,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When something happens again and again.

    Attributes:
        cron: Minute, hour, day, month, weekday; weekdays by name, so that no numbering is meant.
        words: The same for people, without the time zone.
    """

    cron: str
    words: str


def parse_verb(text: str) -> Verb:
    """What is asked; a new schedule unless the words say otherwise."""
    recurs = parse_recurrence(text) is not None
    for verb, pattern in _VERBS:
        if pattern.search(text) and not (recurs and verb in {Verb.LIST, Verb.RUN}):
            return verb
    return Verb.ADD


def parse_number(text: str) -> int | None:
    """The schedule a text names, as in "remove digest 3" or "#3"."""
    found = _NUMBER.search(text)
    return int(found.group(1)) if found else None


def parse_zone(text: str, default: str) -> str:
    """The IANA zone a text names, else the asker's own."""
    known = available_timezones()
    for found in _ZONE.finditer(text):
        if found.group(1) in known:
            return found.group(1)
    return default if default in known else "UTC"


def is_zone(name: str) -> bool:
    """Whether this is a zone that this machine knows."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def parse_recurrence(text: str) -> Recurrence | None:
    """Read when it should recur; None when the words do not say it fully."""
    interval = _EVERY_N.search(text)
    if interval:
        return _interval(int(interval.group(1)), interval.group(2).lower())
    if _HOURLY.search(text):
        return Recurrence(cron="0 * * * *", words="every hour, on the hour")
    days = _days(text)
    time = _time(text)
    if days is None or time is None:
        return None
    hour, minute = time
    weekday, day_words = days
    return Recurrence(
        cron=f"{minute} {hour} * * {weekday}", words=f"{day_words} at {hour:02d}:{minute:02d}"
    )


def _interval(n: int, unit: str) -> Recurrence | None:
    if unit.startswith("h"):
        if n not in {1, 2, 3, 4, 6, 8, 12}:
            return None
        return Recurrence(cron=f"0 */{n} * * *", words=f"every {n} hours, on the hour")
    if n not in {5, 10, 15, 20, 30}:
        return None
    return Recurrence(cron=f"*/{n} * * * *", words=f"every {n} minutes")


def _days(text: str) -> tuple[str, str] | None:
    if _WEEKDAYS.search(text):
        return "mon-fri", "every weekday (Monday to Friday)"
    if _WEEKENDS.search(text):
        return "sat,sun", "every Saturday and Sunday"
    named = [day for day in DAYS if day in {m.group(1).lower() for m in _DAY.finditer(text)}]
    if named:
        names = [_DAY_NAMES[day] for day in named]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        return ",".join(named), f"every {listed}"
    if _DAILY.search(text):
        return "*", "every day"
    return None


def _time(text: str) -> tuple[int, int] | None:
    chinese = _CHINESE_TIME.search(text)
    if chinese:
        part, hour_text, minute_text, half = chinese.groups()
        meridiem = "pm" if part in {"下午", "晚上"} else None
        return _valid(int(hour_text), 30 if half else int(minute_text or 0), meridiem)
    if re.search(r"\b(?:at )?noon\b", text, re.IGNORECASE):
        return 12, 0
    if re.search(r"\b(?:at )?midnight\b", text, re.IGNORECASE):
        return 0, 0
    found = _TIME.search(text) or _CLOCK.search(text)
    if found is None:
        return None
    hour_text, minute_text, meridiem = found.groups()
    return _valid(int(hour_text), int(minute_text or 0), (meridiem or "").lower())


def _valid(hour: int, minute: int, meridiem: str | None) -> tuple[int, int] | None:
    if meridiem in {"am", "pm"}:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if meridiem == "pm" else 0)
    return (hour, minute) if hour <= 23 and minute <= 59 else None
