"""Which time a question is about: "last hour", "since 10:00", "today". Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_NUMBER_WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "couple of": 2, "few": 3,
}  # fmt: skip
_AMOUNT = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_LAST = re.compile(
    rf"\b(?:last|past|previous)\s+(?:(\d{{1,4}}|{_AMOUNT})\s*)?"
    r"(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)\b",
    re.IGNORECASE,
)
_CLOCK = r"(\d{1,2})(?::(\d\d))?(?::(\d\d))?\s*(am|pm)?\b(?!\s*(?:ms|s|min|errors?|lines?|%))"
_SINCE = re.compile(rf"\b(?:since|after|from)\s+{_CLOCK}", re.IGNORECASE)
_BETWEEN = re.compile(
    rf"\b(?:between|from)\s+{_CLOCK}\s*(?:and|to|until|-|–)\s*{_CLOCK}", re.IGNORECASE
)
_AT = re.compile(
    r"\b(?:at|around|about)\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*(am|pm)?\b", re.IGNORECASE
)
_SINCE_YESTERDAY = re.compile(
    r"\b(?:since yesterday|seit gestern|desde ayer)\b|(?:从|自)昨天|昨日から"
)
_YESTERDAY = re.compile(r"\b(?:yesterday|gestern|ayer)\b|昨天|昨日")
_TODAY = re.compile(
    r"\b(?:today|since midnight|this morning|heute|seit mitternacht|hoy)\b|今天|今早|今日|今朝"
)
_AROUND = timedelta(minutes=10)
_SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Times:
    """A stretch of time: `[start, end)`, aware."""

    start: datetime
    end: datetime


def window_in(text: str, now: datetime, zone: tzinfo) -> Times | None:
    """The time a text speaks of, or None when it names none.

    Args:
        now: Aware.
        zone: The zone of the person who asks.
    """
    here = now.astimezone(zone)
    return _last(text, here) or _between(text, here) or _at(text, here) or _day(text, here)


def _last(text: str, now: datetime) -> Times | None:
    match = _LAST.search(text)
    if match is None:
        return None
    word = (match.group(1) or "1").lower()
    amount = int(word) if word.isdigit() else _NUMBER_WORDS[word]
    seconds = amount * _UNITS[match.group(2)[0].lower()]
    return Times(now - max(timedelta(seconds=seconds), _SHORTEST), now)


def _between(text: str, now: datetime) -> Times | None:
    match = _BETWEEN.search(text)
    if match is not None:
        start, end = _clock(now, match.groups()[:4]), _clock(now, match.groups()[4:])
        if start is not None and end is not None and start < end:
            return Times(start, end)
    match = _SINCE.search(text)
    start = _clock(now, match.groups()) if match is not None else None
    if start is None:
        return None
    return Times(start - timedelta(days=1) if "yesterday" in text.lower() else start, now)


def _at(text: str, now: datetime) -> Times | None:
    match = _AT.search(text)
    middle = _clock(now, match.groups()) if match is not None else None
    if middle is None:
        return None
    return Times(middle - _AROUND, min(middle + _AROUND, now))


def _day(text: str, now: datetime) -> Times | None:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    lowered = text.lower()
    if _SINCE_YESTERDAY.search(lowered):
        return Times(midnight - timedelta(days=1), now)
    if _YESTERDAY.search(lowered):
        return Times(midnight - timedelta(days=1), midnight)
    if _TODAY.search(lowered) and now > midnight:
        return Times(midnight, now)
    return None


def _clock(now: datetime, groups: tuple[str | None, ...]) -> datetime | None:
    """A time of the day, today or, when that is still to come, yesterday."""
    hour = int(groups[0] or 0)
    half = (groups[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    minute, second = int(groups[1] or 0), int(groups[2] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    found = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return found if found <= now else found - timedelta(days=1)
