"""What one set of lines contains: how often each message was written, when, and one verbatim line.

Counts are kept per tick. A tick is a power of two, in seconds for lines with times and in lines for
others, and doubles when there are too many: memory depends on the number of messages, not of lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from .masks import readable
from .miner import Miner, Shape, Template, value_of
from .records import Joiner
from .severity import Severity, severity_of, value_severity
from .sources import Chunk
from .stamps import Stamps

_MAX_TICKS = 1024
_MAX_VALUES = 16
_MAX_KEPT_BYTES = 4096
_MAX_SURROUNDED = 3
_SURROUNDING_BYTES = 500
_LINES_BEFORE = 4
_LINES_AFTER = 6


@dataclass(frozen=True, slots=True)
class Sighting:
    """One verbatim line and its place.

    Attributes:
        second: Seconds since the epoch, or None when the line has no time.
        at: The time with its fraction, aware UTC, or None.
    """

    line: str
    source: str
    line_number: int
    second: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message of one service.

    Attributes:
        value: Status, exit code or the like that all these lines have; empty when there is none.
        pattern: The message with placeholders, and with `value` in its place.
        ticks: Lines per tick; ticks without lines are absent.
        firsts: The first line of each of those ticks.
        last_second: Time of the last line, seconds since the epoch, or None.
        surroundings: Lines around some of them, if they are warnings or worse.
        speaker: Which process says it and at which level, where the lines say so.
    """

    service: str
    template_id: str
    value: str
    pattern: str
    severity: Severity
    ticks: Mapping[int, int]
    firsts: Mapping[int, Sighting]
    last_second: int | None
    surroundings: tuple[Sighting, ...] = ()
    speaker: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, Severity, tuple[str, ...]]:
        """What makes it the same message in another log."""
        return self.template_id, self.value, self.severity, self.speaker

    @property
    def n_lines(self) -> int:
        """All lines of this message."""
        return sum(self.ticks.values())


@dataclass(slots=True)
class _Tally:
    ticks: dict[int, int] = field(default_factory=dict[int, int])
    firsts: dict[int, Sighting] = field(default_factory=dict[int, Sighting])
    last_second: int | None = None
    surroundings: list[tuple[Sighting, ...]] = field(default_factory=list[tuple[Sighting, ...]])

    def surround(self, lines: tuple[Sighting, ...]) -> None:
        """Remember what stands around a line: around the first ones and the last one."""
        del self.surroundings[_MAX_SURROUNDED - 1 :]
        self.surroundings.append(lines)

    def absorb(self, other: _Tally) -> None:
        for tick, n_lines in other.ticks.items():
            self.ticks[tick] = self.ticks.get(tick, 0) + n_lines
        for tick, sighting in other.firsts.items():
            ours = self.firsts.get(tick)
            if ours is None or _order(sighting) < _order(ours):
                self.firsts[tick] = sighting
        both = sorted(self.surroundings + other.surroundings, key=lambda lines: _order(lines[0]))
        self.surroundings = both[: _MAX_SURROUNDED - 1] + both[_MAX_SURROUNDED - 1 :][-1:]
        seconds = [s for s in (self.last_second, other.last_second) if s is not None]
        self.last_second = max(seconds, default=None)

    def halve(self) -> None:
        ticks: dict[int, int] = {}
        firsts: dict[int, Sighting] = {}
        for tick in sorted(self.ticks):
            ticks[tick // 2] = ticks.get(tick // 2, 0) + self.ticks[tick]
            firsts.setdefault(tick // 2, self.firsts[tick])
        self.ticks, self.firsts = ticks, firsts


def _order(sighting: Sighting) -> tuple[int, int]:
    return (sighting.second or 0, sighting.line_number)


class Profile:
    """Counts the lines of one service; several services share one miner.

    Args:
        start_second: Lines before it are not counted, seconds since the epoch.
        end_second: Lines at or after it are not counted.
        contains: Only lines with this text are counted, letters of either case.

    Attributes:
        tick_size: Seconds per tick, or lines per tick when there are no times.
        has_times: Whether ticks are times.
        n_lines: Counted lines, continuation lines included.
        n_joined: How many of those continued another line or were blank.
        n_backwards: How often the time went back by more than a second.
        last_seen_second: Time of the last line before `end_second`, counted or not.
    """

    def __init__(
        self,
        service: str,
        miner: Miner,
        *,
        start_second: float = 0.0,
        end_second: float = float("inf"),
        contains: str = "",
    ) -> None:
        self.service = service
        self._miner = miner
        self._start = start_second
        self._end = end_second
        self._contains = contains.lower().encode()
        self._tallies: dict[tuple[Template, str], _Tally] = {}
        self._values: dict[Template, set[str]] = {}
        self._joiner: Joiner | None = None  # of the stream that is being added
        self._joined_ticks: dict[int, int] = {}
        self._current: _Tally | None = None
        self._second: int | None = None
        self._low_tick: int | None = None
        self._n_seen = 0
        self.tick_size = 1
        self.has_times = False
        self.n_joined = 0
        self.n_backwards = 0
        self.last_seen_second: int | None = None

    @property
    def n_lines(self) -> int:
        """Counted lines, continuation lines included."""
        return self.n_joined + sum(sum(tally.ticks.values()) for tally in self._tallies.values())

    def begin_stream(self) -> None:
        """What is added next belongs to another stream."""
        self._joiner = None
        self._current = None
        self._second = None

    def add(self, chunk: Chunk) -> None:
        """Count the lines of a chunk; chunks of a stream come in order."""
        stamps = chunk.stamps
        if self._joiner is None:
            self._joiner = Joiner(stamped=stamps is not None)
        self.has_times = self.has_times or stamps is not None
        shapes = self._miner.shapes_of(chunk.block)
        if stamps is not None and self._add_in_order(chunk, shapes, stamps):
            return
        self._add_each(chunk, shapes)

    def _add_in_order(self, chunk: Chunk, shapes: list[Shape], stamps: Stamps) -> bool:
        """Count a chunk at once, or nothing (False) unless all its lines are wanted and in order."""
        lines = chunk.lines
        seconds = list(map(stamps.second_of, lines))
        if self._contains or None in seconds:
            return False
        known = cast("list[int]", seconds)
        first, last = known[0], known[-1]
        ordered = known == sorted(known) and (self._second is None or first >= self._second - 1)
        if not ordered or first < self._start or last >= self._end:
            return False
        self._second = first
        self._make_room(first // self.tick_size)
        self._make_room(last // self.tick_size)
        values = self._values_of(lines, shapes)
        ticks = [second // self.tick_size for second in known]
        keys = list(zip(shapes, ticks, values, strict=True))
        counts, ends = Counter(keys), dict(zip(keys, known, strict=True))
        begins = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
        for key in sorted(begins, key=begins.__getitem__):
            tally = self._tally_of(key[0].template, key[2])
            self._second = known[begins[key]]
            self._count(tally, key[1], chunk, begins[key], key[0], counts[key])
            tally.last_second = ends[key]
        self._second = self.last_seen_second = last
        self._current = self._tally_of(shapes[-1].template, values[-1])
        self._joiner = Joiner(stamped=True)
        return True

    def _values_of(self, lines: list[bytes], shapes: list[Shape]) -> list[str]:
        if all(shape.anchor is None for shape in set(shapes)):
            return [""] * len(lines)
        return [
            "" if shape.anchor is None else self._value(line, shape.template, shape.anchor)
            for line, shape in zip(lines, shapes, strict=True)
        ]

    def _count(
        self, tally: _Tally, tick: int, chunk: Chunk, index: int, shape: Shape, n_lines: int
    ) -> None:
        if tick in tally.ticks:
            tally.ticks[tick] += n_lines
            return
        tally.ticks[tick] = n_lines
        number = chunk.first_line_number + index
        tally.firsts[tick] = self._sighting(chunk.lines[index], number, chunk)
        if shape.template.severity >= Severity.WARN:
            self._surround(tally, chunk, index)

    def _add_each(self, chunk: Chunk, shapes: list[Shape]) -> None:
        """Count line by line, whatever they are."""
        stamps = chunk.stamps
        joiner = self._joiner or Joiner(stamped=stamps is not None)
        second_of = stamps.second_of if stamps is not None else _no_second
        number = chunk.first_line_number - 1
        for line, shape in zip(chunk.lines, shapes, strict=True):
            number += 1
            second = second_of(line)
            if second is not None:
                if self._second is not None and second < self._second - 1:
                    self.n_backwards += 1
                self._second = second
            if not self._is_wanted(line):
                continue
            tick = self._tick()
            joins = joiner.continues(shape.kind, has_time=second is not None)
            if not line or (joins and self._current is not None):
                self.n_joined += 1
                self._joined_ticks[tick] = self._joined_ticks.get(tick, 0) + 1
                continue
            tally = self._current = self._tally(line, shape)
            index = number - chunk.first_line_number
            self._count(tally, tick, chunk, index, shape, 1)
            self._make_room(tick)
            tally.last_second = self._second

    def _is_wanted(self, line: bytes) -> bool:
        second = self._second
        if second is not None:
            if second < self._end:
                self.last_seen_second = second
            if not self._start <= second < self._end:
                return False
        return not self._contains or self._contains in line.lower()

    def _tick(self) -> int:
        if self._second is not None:
            return self._second // self.tick_size
        if self.has_times:
            return self._low_tick or 0
        self._n_seen += 1
        return (self._n_seen - 1) // self.tick_size

    def _tally(self, line: bytes, shape: Shape) -> _Tally:
        template = shape.template
        value = "" if shape.anchor is None else self._value(line, template, shape.anchor)
        return self._tally_of(template, value)

    def _tally_of(self, template: Template, value: str) -> _Tally:
        tally = self._tallies.get((template, value))
        if tally is None:
            tally = self._tallies[template, value] = _Tally()
        return tally

    def _value(self, line: bytes, template: Template, anchor: bytes) -> str:
        value = value_of(line, anchor)
        seen = self._values.setdefault(template, set())
        if value not in seen:
            if len(seen) >= _MAX_VALUES:
                value = ""
            seen.add(value)
        return value

    def _sighting(self, line: bytes, number: int, chunk: Chunk) -> Sighting:
        at = chunk.stamps.at(line) if chunk.stamps is not None else None
        if at is None and self._second is not None:
            at = datetime.fromtimestamp(self._second, UTC)
        text = line[:_MAX_KEPT_BYTES].decode("utf-8", "replace")
        return Sighting(text, chunk.source, number, self._second, at)

    def _surround(self, tally: _Tally, chunk: Chunk, index: int) -> None:
        first = max(0, index - _LINES_BEFORE)
        around = tuple(
            Sighting(
                line[:_SURROUNDING_BYTES].decode("utf-8", "replace"),
                chunk.source,
                chunk.first_line_number + place,
                self._second,
                None,
            )
            for place, line in enumerate(chunk.lines[first : index + _LINES_AFTER + 1], start=first)
            if place != index
        )
        if around:
            tally.surround(around)

    def _make_room(self, tick: int) -> None:
        if self._low_tick is None or tick < self._low_tick:
            self._low_tick = tick
        while tick - self._low_tick >= _MAX_TICKS:
            self.halve()
            tick //= 2

    def halve(self) -> None:
        """Make ticks twice as long."""
        for tally in self._tallies.values():
            tally.halve()
        joined: dict[int, int] = {}
        for tick, n_lines in self._joined_ticks.items():
            joined[tick // 2] = joined.get(tick // 2, 0) + n_lines
        self._joined_ticks = joined
        self.tick_size *= 2
        if self._low_tick is not None:
            self._low_tick //= 2

    def n_lines_since(self, tick: int) -> int:
        """Counted lines, continuation lines included, from a tick on."""
        counts = [tally.ticks for tally in self._tallies.values()] + [self._joined_ticks]
        return sum(n for ticks in counts for t, n in ticks.items() if t >= tick)

    def rows(self) -> tuple[Row, ...]:
        """All messages, merged templates as one, in a stable order."""
        merged: dict[tuple[Template, str], _Tally] = {}
        for (template, value), tally in self._tallies.items():
            root = template.root
            kept = value if self._is_enumerable(root) else ""
            merged.setdefault((root, kept), _Tally()).absorb(tally)
        rows = [self._row(template, value, tally) for (template, value), tally in merged.items()]
        return tuple(sorted(rows, key=lambda row: row.key))

    def _is_enumerable(self, root: Template) -> bool:
        values = [seen for template, seen in self._values.items() if template.root is root]
        return len(set[str]().union(*values)) < _MAX_VALUES

    def _row(self, template: Template, value: str, tally: _Tally) -> Row:
        pattern, severity = template.pattern, template.severity
        if value:
            # Lines of one shape differ in digits: "0 errors" are none, "3 errors" are some.
            first = tally.firsts[min(tally.firsts)].line
            severity = max(value_severity(value), severity_of(readable(first)))
            if not first.startswith(f"<{value}>"):
                pattern = pattern.replace("<n>", value, 1)
        return Row(
            service=self.service,
            template_id=template.template_id,
            value=value,
            pattern=_without_service(pattern, self.service),
            severity=severity,
            ticks=tally.ticks,
            firsts=tally.firsts,
            last_second=tally.last_second,
            surroundings=tuple(line for lines in tally.surroundings for line in lines),
            speaker=template.speaker,
        )


def _no_second(_line: bytes) -> int | None:
    return None


def _without_service(pattern: str, service: str) -> str:
    shorter = pattern.removeprefix(service).lstrip(" :-") or pattern
    return shorter.removeprefix("[<id>]").lstrip() or pattern
