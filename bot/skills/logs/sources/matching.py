"""Only the lines that a query wants, whatever their source could leave out itself."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from ..severity import severity_of
from .query import LogQuery
from .stream import Chunk

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
