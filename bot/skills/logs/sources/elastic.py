"""Elasticsearch and OpenSearch, asked by `_search` from the oldest document on.

Pages follow one another by `search_after`, inside a point in time where the server has one. Where
its sort values do not tell two documents of one instant apart, the instant that ends a page is
asked for again and what was seen is left out.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from pydantic import BaseModel, Field, ValidationError

from .connection import Connection
from .entry import Entry, is_stamp, rfc3339, stamp_of, stamped
from .errors import RefusedError, SourceFailedError
from .query import LogQuery
from .server import Page, answer_of, crowded_note

_KEEP_ALIVE = "2m"
_MESSAGE_FIELDS = ("message", "log", "msg", "event.original", "body")
_LEVEL_FIELDS = ("log.level", "level", "severity", "severity_text")
_NAME_FIELDS = ("kubernetes.pod.name", "container.name", "host.name", "service.name")
_NANOSECONDS_FROM = 10**15


class _Hit(BaseModel):
    index: str = Field(alias="_index")
    id: str = Field(alias="_id")
    source: dict[str, object] = Field(alias="_source", default_factory=dict[str, object])
    sort: list[int | float | str | None] = Field(default_factory=list[int | float | str | None])


class _Total(BaseModel):
    value: int


class _Hits(BaseModel):
    total: _Total | None = None
    hits: list[_Hit]


class _Shards(BaseModel):
    total: int = 0
    failed: int = 0


class _Answer(BaseModel):
    hits: _Hits
    shards: _Shards = Field(alias="_shards", default_factory=_Shards)
    timed_out: bool = False
    pit_id: str | None = None


class _OpenedByElastic(BaseModel):
    id: str


class _OpenedByOpenSearch(BaseModel):
    pit_id: str


@dataclass(slots=True)
class _View:
    """What the pages are read from.

    Attributes:
        pit_id: Of a point in time, or empty.
    """

    path: str
    pit_id: str = ""

    @property
    def pit(self) -> dict[str, object]:
        return {"pit": {"id": self.pit_id, "keep_alive": _KEEP_ALIVE}} if self.pit_id else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Elastic:
    """The documents of some indices.

    Attributes:
        index: Name or pattern, for example `logs-*`.
        selector: Lucene query string, for example `service.name:checkout`; empty means all.
        time_field: The field with each document's time.
        page_lines: Most documents asked for at once.
        max_page_lines: What the server gives at most; asked for when one instant fills a page.
    """

    index: str
    selector: str = ""
    time_field: str = "@timestamp"
    page_lines: int = 1000
    max_page_lines: int = 10_000

    def pages(self, connection: Connection, query: LogQuery, now: datetime) -> Generator[Page]:
        """All documents of the window."""
        with _view(connection, self.index) as view:
            pager = _Pager(self, self.page_lines)
            while not pager.is_done:
                answer = _search(connection, view, pager.body(self._filters(query)))
                yield pager.take(answer)

    def newest(self, connection: Connection, now: datetime) -> Entry | None:
        """The document with the latest time."""
        body = {"size": 1, "sort": self.sort("desc"), "query": _all_of(self._filters(LogQuery()))}
        answer = _search(connection, _View(f"{self.index}/_search"), body)
        return self.entry(answer.hits.hits[0]) if answer.hits.hits else None

    def unread(
        self, connection: Connection, query: LogQuery, since: datetime | None, now: datetime
    ) -> None:
        """Nothing more than the pages said, which is how many there are."""

    def sort(self, order: str) -> list[object]:
        """By time."""
        return [{self.time_field: {"order": order, "unmapped_type": "date"}}]

    def _filters(self, query: LogQuery) -> list[object]:
        window: dict[str, str] = {}
        if query.start is not None:
            window["gte"] = rfc3339(query.start)
        if query.end is not None:
            window["lt"] = rfc3339(query.end)
        filters: list[object] = []
        if window:
            filters.append({"range": {self.time_field: window}})
        if self.selector:
            filters.append({"query_string": {"query": self.selector}})
        return filters

    def entry(self, hit: _Hit) -> Entry:
        """A document as a line: time, level, message."""
        message = _first(hit.source, _MESSAGE_FIELDS)
        text = message if message is not None else _pairs(hit.source, self.time_field)
        level = (_first(hit.source, _LEVEL_FIELDS) or "").upper()
        line = stamped(_stamp(hit, self.time_field), _bytes(text.rstrip("\n")), _bytes(level))
        return Entry(_first(hit.source, _NAME_FIELDS) or hit.index, line)


@dataclass(slots=True)
class _Pager:
    """Where the next page begins, and what must not be given twice."""

    elastic: Elastic
    size: int
    after: list[int | float | str | None] = field(default_factory=list[int | float | str | None])
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    is_first: bool = True
    is_done: bool = False

    def body(self, filters: Sequence[object]) -> dict[str, object]:
        body: dict[str, object] = {
            "size": self.size,
            "sort": self.elastic.sort("asc"),
            "query": _all_of(filters),
            "track_total_hits": self.is_first,
        }
        if self.after:
            body["search_after"] = self.after
        return body

    def take(self, answer: _Answer) -> Page:
        hits = answer.hits.hits
        fresh = [hit for hit in hits if (hit.index, hit.id) not in self.seen]
        total = answer.hits.total.value if self.is_first and answer.hits.total else None
        notes = _faults(answer)
        self.is_first = False
        if len(hits) < self.size:
            self.is_done = True
        elif len(hits[-1].sort) > 1:
            self.after = hits[-1].sort
        else:
            notes += self._repeat_instant(hits)
        entries = tuple(self.elastic.entry(hit) for hit in fresh)
        return Page(entries=entries, n_expected=total, notes=notes)

    def _repeat_instant(self, hits: Sequence[_Hit]) -> tuple[str, ...]:
        last = hits[-1].sort[0] if hits[-1].sort else None
        if not isinstance(last, int):
            self.is_done = True
            return ("documents without a time end the reading, what follows them is missing",)
        same = {(hit.index, hit.id) for hit in hits if hit.sort[:1] == [last]}
        if len(same) < len(hits):
            self.after, self.seen, self.size = [last - 1], same, self.elastic.page_lines
            return ()
        self.seen = self.seen | same
        if self.size < self.elastic.max_page_lines:
            self.size = self.elastic.max_page_lines
            return ()
        self.after, self.size = [last], self.elastic.page_lines
        stamp = _stamp(hits[-1], self.elastic.time_field).decode()
        return (crowded_note(len(hits), stamp),)


@contextmanager
def _view(connection: Connection, index: str) -> Generator[_View]:
    """A point in time when the server has one, else the indices as they change."""
    view, close_path = _open(connection, index)
    try:
        yield view
    finally:
        if view.pit_id:
            body = {"id": view.pit_id} if close_path == "_pit" else {"pit_id": [view.pit_id]}
            with suppress(SourceFailedError):
                connection.ask("DELETE", close_path, body=body, is_last=True)


def _open(connection: Connection, index: str) -> tuple[_View, str]:
    keep = {"keep_alive": _KEEP_ALIVE}
    with suppress(RefusedError, ValidationError):
        opened = connection.ask("POST", f"{index}/_pit", params=keep)
        return _View("_search", _OpenedByElastic.model_validate_json(opened).id), "_pit"
    path = "_search/point_in_time"
    with suppress(RefusedError, ValidationError):
        opened = connection.ask("POST", f"{index}/{path}", params=keep)
        return _View("_search", _OpenedByOpenSearch.model_validate_json(opened).pit_id), path
    return _View(f"{index}/_search"), ""


def _search(connection: Connection, view: _View, body: Mapping[str, object]) -> _Answer:
    found = connection.ask("POST", view.path, body={**body, **view.pit})
    answer = answer_of(_Answer, found, "Elasticsearch")
    view.pit_id = answer.pit_id or view.pit_id
    return answer


def _all_of(filters: Sequence[object]) -> dict[str, object]:
    return {"bool": {"filter": list(filters)}}


def _faults(answer: _Answer) -> tuple[str, ...]:
    notes: list[str] = []
    if answer.shards.failed:
        notes.append(
            f"{answer.shards.failed} of {answer.shards.total} shards failed, lines are missing"
        )
    if answer.timed_out:
        notes.append("the search ran out of time, lines are missing")
    return tuple(notes)


def _first(source: Mapping[str, object], names: Sequence[str]) -> str | None:
    for name in names:
        found = _value(source, name)
        if isinstance(found, str):
            return found
    return None


def _value(source: Mapping[str, object], name: str) -> object:
    """A field, written with dots or as nested objects."""
    if name in source:
        return source[name]
    head, _, rest = name.partition(".")
    nested = source.get(head)
    return _value(cast("dict[str, object]", nested), rest) if isinstance(nested, dict) else None


def _pairs(source: Mapping[str, object], time_field: str) -> str:
    return " ".join(f"{name}={value}" for name, value in source.items() if name != time_field)


def _stamp(hit: _Hit, time_field: str) -> bytes:
    written = _value(hit.source, time_field)
    if isinstance(written, str) and is_stamp(_bytes(written)):
        return _bytes(written)
    sort = hit.sort[0] if hit.sort else 0
    number = sort if isinstance(sort, int) else 0
    return stamp_of(number if number >= _NANOSECONDS_FROM else number * 1_000_000)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
