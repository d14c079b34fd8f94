"""Only the lines that a query wants, whatever their source could leave out itself."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from ..blocks import Intake
from ..severity import severity_of
from .query import LogQuery
from .stream import Chunk, Stream

_HEAD_BYTES = 4096


def matching(chunks: Iterable[Chunk], query: LogQuery) -> Generator[Chunk]:
    """The wanted lines of one stream, as chunks of consecutive lines.

    A time and a level hold for the indented lines below theirs and for lines without a time in a
    stream of lines with times, so that a stack trace stays whole. A text is looked for in each line.
    A stream without times is not restricted by a time window.
    """
    matcher = _Matcher(query)
    for chunk in chunks:
        wanted = [matcher.wants(line, chunk) for line in chunk.lines]
        if all(wanted):
            yield chunk
            continue
        begin = 0
        for place, is_wanted in enumerate([*wanted, False]):
            if not is_wanted:
                if place > begin:
                    yield _part(chunk, begin, place)
                begin = place + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedStream:
    """Only the lines of a stream that a query wants, whatever else is asked."""

    stream: Stream
    only: LogQuery

    @property
    def name(self) -> str:
        """The stream's own."""
        return self.stream.name

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """The wanted lines of the query's time window."""
        with closing(self.stream.chunks(_both(query, self.only), now, intake)) as chunks:
            yield from matching(chunks, self.only)

    def newest_second(self, now: datetime) -> int | None:
        """Time of the stream's last line, wanted or not."""
        return self.stream.newest_second(now)


def _both(query: LogQuery, other: LogQuery) -> LogQuery:
    """What a source is asked for when two queries must hold; a level and one text are left."""
    starts = [at for at in (query.start, other.start) if at is not None]
    ends = [at for at in (query.end, other.end) if at is not None]
    return replace(
        query,
        start=max(starts, default=None),
        end=min(ends, default=None),
        contains=query.contains or other.contains,
    )


def selected(
    streams: Mapping[str, Sequence[Stream]], query: LogQuery
) -> Mapping[str, Sequence[Stream]]:
    """The same streams with only the lines that a query wants; all lines when it wants all."""
    if query == LogQuery():
        return streams
    return {
        name: [SelectedStream(stream=stream, only=query) for stream in members]
        for name, members in streams.items()
    }


def _part(chunk: Chunk, begin: int, end: int) -> Chunk:
    lines = chunk.lines[begin:end]
    first_line_number = chunk.first_line_number + begin
    return Chunk(lines, b"\n".join(lines), chunk.source, first_line_number, chunk.stamps)


class _Matcher:
    """Remembers the record that a line without a time belongs to."""

    def __init__(self, query: LogQuery) -> None:
        self._level = query.level
        self._start = query.start.timestamp() if query.start is not None else None
        self._end = query.end.timestamp() if query.end is not None else None
        self._text = query.contains.lower()
        self._is_in_time = self._start is None
        self._is_grave = self._level is None

    def wants(self, line: bytes, chunk: Chunk) -> bool:
        self._begin_record(line, chunk)
        if not (self._is_in_time and self._is_grave):
            return False
        return not self._text or self._text in line.decode("utf-8", "replace").lower()

    def _begin_record(self, line: bytes, chunk: Chunk) -> None:
        second: float | None = None
        if chunk.stamps is None:
            self._is_in_time = True
            begins = not line[:1].isspace()
        else:
            at = chunk.stamps.at(line) if self._start or self._end else None
            second = at.timestamp() if at is not None else chunk.stamps.second_of(line)
            begins = second is not None
        if second is not None:
            is_late = self._end is not None and second >= self._end
            self._is_in_time = not is_late and (self._start is None or second >= self._start)
        if begins and self._level is not None:
            self._is_grave = severity_of(line[:_HEAD_BYTES].decode("utf-8", "replace")) >= (
                self._level
            )
