"""When a line was written: the time formats of logs, recognised per stream."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from operator import itemgetter

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_MAX_SECONDS = 100_000
_HEAD_BYTES = 400
_ALIKE = bytes.maketrans(b"123456789", b"000000000")


@dataclass(frozen=True, slots=True)
class _Format:
    """A notation of time.

    Attributes:
        pattern: Matches the stamp; the group "key" is the part down to the second.
        parse: Makes a time of the match; `now` fills in a missing year, `zone` a missing zone.
    """

    name: str
    pattern: re.Pattern[bytes]
    parse: Callable[[re.Match[bytes], datetime, tzinfo], datetime]


def _number(match: re.Match[bytes], name: str) -> int:
    return int(match.group(name))


def _fraction(match: re.Match[bytes]) -> int:
    digits = match.groupdict().get("fraction") or b""
    return int((digits + b"000000")[:6])


def _zone(match: re.Match[bytes], zone: tzinfo) -> tzinfo:
    text = (match.groupdict().get("zone") or b"").strip()
    if not text:
        return zone
    if text == b"Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=minutes if text[:1] == b"+" else -minutes))


def _clock(match: re.Match[bytes], day: tuple[int, int, int], zone: tzinfo) -> datetime:
    return datetime(
        *day,
        _number(match, "hour"),
        _number(match, "minute"),
        _number(match, "second"),
        _fraction(match),
        tzinfo=_zone(match, zone),
    )


def _full(match: re.Match[bytes], now: datetime, zone: tzinfo) -> datetime:
    day = (_number(match, "year"), _number(match, "month"), _number(match, "day"))
    return _clock(match, day, zone)


def _short_year(match: re.Match[bytes], now: datetime, zone: tzinfo) -> datetime:
    day = (2000 + _number(match, "year"), _number(match, "month"), _number(match, "day"))
    return _clock(match, day, zone)


def _month_of(match: re.Match[bytes]) -> int:
    name = match.groupdict().get("name")
    return _MONTHS.index(name.decode().lower()) + 1 if name else _number(match, "month")


def _named_month(match: re.Match[bytes], now: datetime, zone: tzinfo) -> datetime:
    day = (_number(match, "year"), _month_of(match), _number(match, "day"))
    return _clock(match, day, zone)


def _without_year(match: re.Match[bytes], now: datetime, zone: tzinfo) -> datetime:
    month, day = _month_of(match), _number(match, "day")
    if (month, day) == (2, 29):
        leap = next(year for year in range(now.year, now.year - 9, -1) if year % 4 == 0)
        return _clock(match, (leap, month, day), zone)
    found = _clock(match, (now.year, month, day), zone)
    if found > now + timedelta(days=2):
        return found.replace(year=now.year - 1)
    return found


def _epoch(match: re.Match[bytes], now: datetime, zone: tzinfo) -> datetime:
    seconds = int(match.group("key"))
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=_fraction(match))


_TIME = rb"(?P<hour>[0-2]\d):(?P<minute>[0-5]\d):(?P<second>[0-6]\d)"
_FRACTION = rb"(?:[.,](?P<fraction>\d{1,9}))?"
_FORMATS = (
    _Format(
        "iso",
        re.compile(
            rb"(?<!\d)(?P<key>(?P<year>[12]\d{3})[-/.](?P<month>[01]\d)[-/.](?P<day>[0-3]\d)"
            rb"[T _-](?P<hour>[0-2]\d)[:.](?P<minute>[0-5]\d)[:.](?P<second>[0-6]\d))"
            rb"(?:[.,:](?P<fraction>\d{1,9}))?(?P<zone>Z| ?[+-]\d\d:?\d\d(?!\d))?"
        ),
        _full,
    ),
    _Format(
        "access",
        re.compile(
            rb"\[(?P<key>(?P<day>[0-3]\d)/(?P<name>"
            + _MONTH
            + rb")/(?P<year>\d{4}):"
            + _TIME
            + rb")"
            + _FRACTION
            + rb"(?P<zone> [+-]\d{4})?"
        ),
        _named_month,
    ),
    _Format(
        "httpd",
        re.compile(
            rb"(?P<key>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<name>" + _MONTH + rb") {1,2}"
            rb"(?P<day>\d{1,2}) " + _TIME + rb")" + _FRACTION + rb" (?P<year>\d{4})"
        ),
        _named_month,
    ),
    _Format(
        "syslog",
        re.compile(
            rb"(?P<key>(?P<name>"
            + _MONTH
            + rb") {1,2}(?P<day>\d{1,2}) "
            + _TIME
            + rb")"
            + _FRACTION
        ),
        _without_year,
    ),
    _Format(
        "klog",
        re.compile(
            rb"^[IWEF](?P<key>(?P<month>[01]\d)(?P<day>[0-3]\d) " + _TIME + rb")" + _FRACTION
        ),
        _without_year,
    ),
    _Format(
        "month-day",
        re.compile(rb"^\[?(?P<key>(?P<month>[01]\d)-(?P<day>[0-3]\d) " + _TIME + rb")" + _FRACTION),
        _without_year,
    ),
    _Format(
        "compact",
        re.compile(
            rb"^(?P<key>(?P<year>\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d) "
            rb"(?P<hour>[0-2]\d)(?P<minute>[0-5]\d)(?P<second>[0-6]\d))(?= )"
        ),
        _short_year,
    ),
    _Format(
        "epoch",
        re.compile(
            rb"(?:^\W{0,3}|\b(?:ts|time|timestamp|@timestamp)\"?\s?[:=]\s?\"?)"
            rb"(?P<key>1\d{9})(?:\.?(?P<fraction>\d{1,9}))?(?![\d\w-])"
        ),
        _epoch,
    ),
)


def places_of_none(seconds: list[int | None]) -> Iterator[int]:
    """Indexes of what has no time; each may be given one before the next is asked for."""
    index = -1
    with suppress(ValueError):
        while True:
            index = seconds.index(None, index + 1)
            yield index


class Stamps:
    """Reads the times of one stream, which all have the same notation.

    Times are computed once per minute of log; a zone that changes within one minute of log is
    not noticed.

    Args:
        now: Fills in the year where a notation has none; aware.
        zone: The zone of times that name none.
    """

    def __init__(self, notation: _Format, now: datetime, zone: tzinfo) -> None:
        self._format = notation
        self._now = now
        self._zone = zone
        self._seconds: dict[bytes, int] = {}
        self._minutes: dict[bytes, int] = {}  # by the key without its seconds
        self._looks: set[bytes] = set()  # keys with every digit alike
        self._span: tuple[int, int] | None = None

    @property
    def notation(self) -> str:
        """Name of the notation, for example "iso"."""
        return self._format.name

    def second_of(self, line: bytes) -> int | None:
        """The line's time in whole seconds since the epoch, or None when it has none."""
        if self._span is not None:
            key = line[self._span[0] : self._span[1]]
            known = self._seconds.get(key)
            if known is not None:
                return known
            minute = self._minutes.get(key[:-2])
            if minute is not None and key[-2:].isdigit() and key[-2:] < b"60":
                return self._remember(key, minute + int(key[-2:]))
        return self._look(line)

    def seconds_of(self, lines: Sequence[bytes]) -> list[int | None]:
        """The times of some lines; see `second_of`."""
        if self._span is None:
            return [self.second_of(line) for line in lines]
        keys = list(map(itemgetter(slice(*self._span)), lines))
        self._learn(keys, lines)
        seconds = list(map(self._seconds.get, keys))
        for index in places_of_none(seconds):
            seconds[index] = self.second_of(lines[index])
        return seconds

    def _learn(self, keys: list[bytes], lines: Sequence[bytes]) -> None:
        """Compute the seconds of keys that are new but look like those known."""
        unknown: dict[bytes, list[bytes]] = {}
        for key in set(keys).difference(self._seconds):
            if key[-2:].isdigit() and key.translate(_ALIKE) in self._looks:
                unknown.setdefault(key[:-2], []).append(key)
        for minute, members in unknown.items():
            if minute not in self._minutes:
                self.second_of(lines[keys.index(members[0])])
            for key in members:
                if minute in self._minutes and key[-2:] < b"60":
                    self._remember(key, self._minutes[minute] + int(key[-2:]))

    def at(self, line: bytes) -> datetime | None:
        """The line's time with its fraction, aware UTC, or None when it has none."""
        match = self._format.pattern.search(line[:_HEAD_BYTES])
        return self._parse(match) if match else None

    def _look(self, line: bytes) -> int | None:
        match = self._format.pattern.search(line[:_HEAD_BYTES])
        if match is None:
            return None
        key = match.group("key")
        second = self._seconds.get(key)
        if second is None:
            at = self._parse(match)
            if at is None:
                return None
            second = self._remember(key, int(at.timestamp() // 1))
            if self._format.name != "epoch":
                self._minutes[key[:-2]] = second - at.second
                self._looks.add(key.translate(_ALIKE))
        self._span = match.span("key")
        return second

    def _remember(self, key: bytes, second: int) -> int:
        if len(self._seconds) >= _MAX_SECONDS:
            self._seconds.clear()
            self._minutes.clear()
        self._seconds[key] = second
        return second

    def _parse(self, match: re.Match[bytes]) -> datetime | None:
        try:
            return self._format.parse(match, self._now, self._zone).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            return None


def detect(sample: Sequence[bytes], now: datetime, zone: tzinfo = UTC) -> Stamps | None:
    """Find the notation of time that most lines of a sample have.

    Args:
        sample: Some lines of the stream, without newlines.

    Returns:
        None when fewer than a tenth of the lines have a time.
    """
    counts: Counter[str] = Counter()
    for line in sample:
        for notation in _FORMATS:
            if notation.pattern.search(line[:_HEAD_BYTES]):
                counts[notation.name] += 1
                break
    if not counts:
        return None
    name, n_lines = counts.most_common(1)[0]
    if n_lines * 10 < len(sample):
        return None
    return stamps_of(name, now, zone)


def stamps_of(notation: str, now: datetime, zone: tzinfo) -> Stamps:
    """Reads times of a notation that is known; see `Stamps.notation`.

    Raises:
        ValueError: There is no such notation.
    """
    found = next((each for each in _FORMATS if each.name == notation), None)
    if found is None:
        raise ValueError(f"{notation} is no notation of time")
    return Stamps(found, now, zone)
