"""Grafana Loki, asked by `query_range` from the oldest entry on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel

from .connection import Connection
from .entry import Entry, nanoseconds_of, stamp_of, stamped
from .errors import SourceFailedError
from .loki_patterns import counted_patterns
from .query import LogQuery
from .server import Page, Unread, answer_of, crowded_note

_PATH = "loki/api/v1/query_range"
_LOOKBACK = timedelta(hours=24)
_LEVEL_LABELS = ("detected_level", "level", "severity")
_NAME_LABELS = ("pod", "container", "instance", "service_name", "app", "job")


class _Stream(BaseModel):
    stream: dict[str, str]
    values: list[list[str | dict[str, object]]]


class _Data(BaseModel):
    resultType: str
    result: list[_Stream]


class _Answer(BaseModel):
    data: _Data


@dataclass(frozen=True, slots=True)
class _Line:
    at_ns: int
    labels: tuple[tuple[str, str], ...]
    text: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loki:
    """The streams of a selector.

    Attributes:
        selector: LogQL that selects lines, for example `{app="checkout"} != "healthz"`.
        page_lines: Most lines asked for at once.
        max_page_lines: What the server gives at most; asked for when one instant fills a page.
    """

    selector: str
    page_lines: int = 2000
    max_page_lines: int = 5000

    def pages(self, connection: Connection, query: LogQuery, now: datetime) -> Generator[Page]:
        """All entries of the window; the last day when it has no beginning."""
        start = nanoseconds_of(query.start or now - _LOOKBACK)
        end = nanoseconds_of(query.end or now)
        if query.start is None:
            hours = _LOOKBACK.total_seconds() / 3600
            yield Page(entries=(), notes=(f"only the last {hours:g} hours were asked for",))
        seen: Counter[_Line] = Counter()
        limit = self.page_lines
        while start < end:
            lines = self._ask(connection, query, start, end, limit, "forward")
            fresh = _unseen(lines, seen)
            yield Page(entries=tuple(_entry(line) for line in fresh))
            if len(lines) < limit:
                return
            last_ns = lines[-1].at_ns
            if last_ns > start:
                start, limit = last_ns, self.page_lines
                seen = Counter(line for line in lines if line.at_ns == last_ns)
            elif limit < self.max_page_lines:
                limit, seen = self.max_page_lines, seen | Counter(lines)
            else:
                note = crowded_note(limit, stamp_of(start).decode())
                yield Page(entries=(), notes=(note,))
                start, limit, seen = start + 1, self.page_lines, Counter[_Line]()

    def newest(self, connection: Connection, now: datetime) -> Entry | None:
        """The last entry of the last day."""
        start, end = nanoseconds_of(now - _LOOKBACK), nanoseconds_of(now)
        lines = self._ask(connection, LogQuery(), start, end, 1, "backward")
        return _entry(lines[-1]) if lines else None

    def unread(
        self, connection: Connection, query: LogQuery, since: datetime | None, now: datetime
    ) -> Unread | None:
        """The patterns of what follows, where this Loki counts them; they know no text filter."""
        if query.contains:
            return None
        start = since or query.start or now - _LOOKBACK
        return counted_patterns(connection, self.selector, start, query.end or now)

    def _ask(
        self, connection: Connection, query: LogQuery, start: int, end: int, limit: int, way: str
    ) -> list[_Line]:
        params = {
            "query": self._logql(query),
            "start": str(start),
            "end": str(end),
            "limit": str(limit),
            "direction": way,
        }
        answer = answer_of(_Answer, connection.ask("GET", _PATH, params=params), "Loki")
        if answer.data.resultType != "streams":
            raise SourceFailedError(f"{self.selector} selects no lines: it is a metric query")
        return _lines(answer.data.result)

    def _logql(self, query: LogQuery) -> str:
        if not query.contains:
            return self.selector
        return f"{self.selector} |~ {json.dumps('(?i)' + _quoted(query.contains))}"


def _quoted(text: str) -> str:
    """A text as a regular expression of RE2, which knows fewer escapes than Python."""
    return "".join(f"\\{char}" if char in r"\.+*?()|[]{}^$" else char for char in text)


def _lines(streams: Sequence[_Stream]) -> list[_Line]:
    lines = [line for stream in streams for line in _stream_lines(stream)]
    return sorted(lines, key=lambda line: line.at_ns)


def _stream_lines(stream: _Stream) -> Generator[_Line]:
    labels = tuple(sorted(stream.stream.items()))
    for at, text, *more in stream.values:
        if not (isinstance(at, str) and at.isdecimal() and isinstance(text, str)):
            raise SourceFailedError("the server's answer is not that of Loki")
        extra = more[0] if more and isinstance(more[0], dict) else {}
        yield _Line(int(at), labels, text, _level(extra) or _level(stream.stream))


def _level(labels: Mapping[str, object]) -> str:
    found = next((str(labels[name]) for name in _LEVEL_LABELS if name in labels), "")
    return "" if found.lower() == "unknown" else found.upper()


def _unseen(lines: Sequence[_Line], seen: Counter[_Line]) -> list[_Line]:
    """The lines that an earlier page did not give, each as often as it was written."""
    left = seen.copy()
    fresh: list[_Line] = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            fresh.append(line)
    return fresh


def _entry(line: _Line) -> Entry:
    labels = dict(line.labels)
    source = next((labels[name] for name in _NAME_LABELS if name in labels), "loki")
    level = line.level.encode("ascii", "replace")
    text = line.text.rstrip("\n").encode("utf-8", "replace")
    return Entry(source, stamped(stamp_of(line.at_ns), text, level))
