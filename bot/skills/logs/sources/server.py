"""Logs that a server keeps: asked page by page, within limits."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from ..blocks import Intake
from ..numbers import count_text, read_text
from .connection import Connection, Endpoint
from .entry import Entry, entry_chunks
from .errors import OutOfTimeError, SourceFailedError
from .limits import Limits
from .query import LogQuery
from .stream import Chunk, newest_in

_MAX_PATTERNS = 3
_MAX_PATTERN_CHARS = 100
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some entries, oldest first.

    Attributes:
        n_expected: How many entries there are on all pages, when the server says so.
        notes: What the server could not look at.
    """

    entries: tuple[Entry, ...]
    n_expected: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What a server can say of lines that were not read.

    Attributes:
        n_lines: About how many there are.
        patterns: What they look like and how many look so, most frequent first.
    """

    n_lines: int
    patterns: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        """One sentence."""
        most = ", ".join(
            f"{count:,} × {pattern[:_MAX_PATTERN_CHARS]}"
            for pattern, count in self.patterns[:_MAX_PATTERNS]
        )
        patterns = count_text(len(self.patterns), "pattern")
        return f"not read: about {count_text(self.n_lines, 'line')} of {patterns}, mostly {most}"


def answer_of(model: type[_Model], body: bytes, server: str) -> _Model:
    """The body of an answer.

    Raises:
        SourceFailedError: It is not what this kind of server answers.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as exc:
        raise SourceFailedError(f"the server's answer is not that of {server}") from exc


def crowded_note(limit: int, stamp: str) -> str:
    """That more entries have one time than the server gives at once."""
    return f"more than {limit:,} lines have the time {stamp}, the others were not read"


class LogApi(Protocol):
    """How a kind of server is asked for logs."""

    def pages(self, connection: Connection, query: LogQuery, now: datetime) -> Generator[Page]:
        """All entries of the query's time window, oldest first.

        Raises:
            SourceFailedError: The server stopped giving them.
        """
        ...

    def newest(self, connection: Connection, now: datetime) -> Entry | None:
        """The last entry there is."""
        ...

    def unread(
        self, connection: Connection, query: LogQuery, since: datetime | None, now: datetime
    ) -> Unread | None:
        """What the server can say of a query's entries from a time on, without giving them.

        Args:
            since: None when nothing was read.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStream:
    """The logs that a server keeps; what was read before a fault is kept."""

    name: str
    endpoint: Endpoint
    api: LogApi
    limits: Limits = field(default_factory=Limits)

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """The lines of the query's time window."""
        reading = _Reading(self.name)
        with Connection(self.endpoint, self.limits) as connection:
            pages = self.api.pages(connection, query, now)
            # NOTE: a reader that stops early closes these in order, while the connection is open.
            with closing(pages), closing(reading.entries(pages)) as entries:
                yield from entry_chunks(entries, now, intake)
            if reading.is_late:
                reading.tell(self.api.unread(connection, query, reading.last_at, now))
        intake.n_left_out += reading.n_missing
        intake.problems += reading.problems

    def newest_second(self, now: datetime) -> int | None:
        """Time of the last entry there is; None when the server cannot tell."""
        try:
            with Connection(self.endpoint, self.limits) as connection:
                newest = self.api.newest(connection, now)
        except SourceFailedError:
            return None
        return None if newest is None else newest_in(newest.text, now, UTC)


class _Reading:
    """Counts what was read, to say what is missing."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._n_read = 0
        self._n_expected: int | None = None
        self._last = b""
        self._n_unread = 0
        self._is_whole = False
        self.is_late = False
        self.problems: list[str] = []

    @property
    def n_missing(self) -> int:
        """How many entries were not read, as far as the server says."""
        if self._is_whole:
            return 0
        return self._n_unread or max(0, (self._n_expected or 0) - self._n_read)

    @property
    def last_at(self) -> datetime | None:
        """Time of the last entry that was read and carries one."""
        stamp = _STAMP.search(self._last)
        return datetime.fromisoformat(stamp.group().decode()) if stamp else None

    def tell(self, unread: Unread | None) -> None:
        """Say what the server knows of what was not read."""
        if unread is not None:
            self._n_unread = unread.n_lines
            self.problems.append(f"{self._name}: {unread.text}")

    def entries(self, pages: Generator[Page]) -> Generator[Entry]:
        try:
            for page in pages:
                self._n_expected = page.n_expected or self._n_expected
                self.problems += (f"{self._name}: {note}" for note in page.notes)
                for entry in page.entries:
                    self._n_read += 1
                    yield entry
                    if entry.text.startswith((b"2", b"{")):
                        self._last = entry.text
            self._is_whole = True
        except SourceFailedError as exc:
            self.is_late = isinstance(exc, OutOfTimeError)
            self.problems.append(f"{self._name}: {exc} ({self._missing()})")

    def _missing(self) -> str:
        if self._n_read == 0:
            return "nothing was read"
        of = "" if self._n_expected is None else f"{self._n_read:,} of "
        read = read_text(self._n_expected or self._n_read, "entry", "entries")
        stamp = _STAMP.search(self._last)
        since = f"after {stamp.group().decode()}" if stamp else "after that"
        return f"{of}{read}, those {since} are missing"
