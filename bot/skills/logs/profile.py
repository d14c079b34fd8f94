"""What one set of lines contains: how often each message was written, when, and one verbatim line.

Counts are kept per tick. A tick is a power of two, in seconds for lines with times and in lines for
others, and doubles when there are too many: memory depends on the number of messages, not of lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .counting import BlockCounts, Group, Times, count_block, one_line, times_of
from .masks import readable
from .miner import Miner, Shape, Template, value_of
from .records import Joiner
from .severity import Severity, severity_of, value_severity
from .sources import Chunk
from .tally import First, Place, Sighting, Sightings, Surroundings, Tally
from .ticks import room_for

_MAX_VALUES = 16


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


class Profile:
    """Counts the lines of one service; several services share one miner.

    Args:
        start_second: Lines before it are not counted, seconds since the epoch.
        end_second: Lines at or after it are not counted.
        contains: Only lines with this text are counted, letters of either case.

    Attributes:
        low_tick: The earliest tick, or None without lines.
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
        self._tallies: dict[tuple[Template, str], Tally] = {}
        self._values: dict[Template, set[str]] = {}
        self._joiner: Joiner | None = None  # of the stream that is being added
        self._joined_ticks: dict[int, int] = {}
        self._has_record = False
        self._second: int | None = None
        self.low_tick: int | None = None
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
        self._has_record = False
        self._second = None

    def add(self, chunk: Chunk) -> None:
        """Count the lines of a chunk; chunks of a stream come in order."""
        stamps = chunk.stamps
        if self._joiner is None or (stamps is not None and not self._joiner.stamped):
            self._joiner = Joiner(stamped=stamps is not None)
        self.has_times = self.has_times or stamps is not None
        shapes = self._miner.shapes_of(chunk.block)
        place = Place(chunk.source, chunk.first_line_number, stamps)
        if self.is_under_way and not self._contains:
            times = times_of(chunk.lines, stamps)
            if self._wants_all(times):
                self._make_room_for(times.low, times.high)
                counts, distinct = count_block(chunk.lines, shapes, times, self.tick_size)
                self.add_counts(counts, distinct, place)
                return
        self._add_each(chunk, shapes, place)

    @property
    def is_under_way(self) -> bool:
        """Whether the stream has times, and a line with a time was counted."""
        has_times = self._joiner is not None and self._joiner.stamped
        return has_times and self._has_record and self._second is not None

    def _wants_all(self, times: Times) -> bool:
        seconds = [s for s in (self._second, times.low, times.high) if s is not None]
        if not times.n_leading:
            seconds = seconds[1:]
        return self._start <= min(seconds) and max(seconds) < self._end

    def _make_room_for(self, low: int | None, high: int | None) -> None:
        for second in (low, high):
            if second is not None:
                self._make_room(second)

    def add_counts(self, counts: BlockCounts, shapes: Sequence[Shape], place: Place) -> None:
        """Add what was counted in the next block of a stream that is under way.

        Args:
            counts: With ticks no longer than those here.
            shapes: What its groups refer to.
        """
        self._make_room_for(counts.low, counts.high)
        before = self._second or 0
        if counts.first is not None and counts.first < before - 1:
            self.n_backwards += 1
        self.n_backwards += counts.n_backwards
        ratio = self.tick_size // counts.tick_size
        for tick, n_lines in counts.joined:
            self.n_joined += n_lines
            at = before // self.tick_size if tick is None else tick // ratio
            self._joined_ticks[at] = self._joined_ticks.get(at, 0) + n_lines
        for group in counts.groups:
            shape = shapes[group.shape]
            tick = before // self.tick_size if group.tick is None else group.tick // ratio
            tally = self._tally(shape, group.value)
            if tick in tally.ticks:
                tally.ticks[tick] += group.n_lines
            else:
                started = group._replace(second=before) if group.second is None else group
                self._begin_tick(tally, tick, started, place)
            tally.last_second = before if group.last_second is None else group.last_second
        self._second = self.last_seen_second = before if counts.last is None else counts.last

    def _begin_tick(self, tally: Tally, tick: int, group: Group, place: Place) -> None:
        tally.ticks[tick] = group.n_lines
        number = place.line_number + group.offset
        tally.firsts[tick] = First(group.line, number, group.second, place.source, place.stamps)
        if group.around is not None:
            tally.surround(Surroundings(group.around, group.offset, group.second, place))

    def _add_each(self, chunk: Chunk, shapes: list[Shape], place: Place) -> None:
        """Count line by line, whatever they are."""
        stamps = chunk.stamps
        joiner = self._joiner or Joiner(stamped=stamps is not None)
        second_of = stamps.second_of if stamps is not None else _no_second
        for index, (line, shape) in enumerate(zip(chunk.lines, shapes, strict=True)):
            second = second_of(line)
            if second is not None:
                if self._second is not None and second < self._second - 1:
                    self.n_backwards += 1
                self._second = second
            if not self._is_wanted(line):
                continue
            tick = self._tick()
            joins = joiner.continues(shape.kind, has_time=second is not None)
            if not line or (joins and self._has_record):
                self.n_joined += 1
                self._joined_ticks[tick] = self._joined_ticks.get(tick, 0) + 1
                continue
            self._has_record = True
            value = "" if shape.anchor is None else value_of(line, shape.anchor)
            tally = self._tally(shape, value)
            if tick in tally.ticks:
                tally.ticks[tick] += 1
            else:
                group = one_line(chunk.lines, index, shape, self._second)
                self._begin_tick(tally, tick, group, place)
            self._make_room(tick * self.tick_size)
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
            return self.low_tick or 0
        self._n_seen += 1
        return (self._n_seen - 1) // self.tick_size

    def _tally(self, shape: Shape, value: str) -> Tally:
        template = shape.template
        kept = "" if shape.anchor is None else self._kept(template, value)
        tally = self._tallies.get((template, kept))
        if tally is None:
            tally = self._tallies[template, kept] = Tally()
        return tally

    def _kept(self, template: Template, value: str) -> str:
        """The value, or nothing when the message has too many."""
        seen = self._values.setdefault(template, set())
        if value not in seen:
            if len(seen) >= _MAX_VALUES:
                value = ""
            seen.add(value)
        return value

    def _make_room(self, moment: int) -> None:
        tick = moment // self.tick_size
        low_tick = tick if self.low_tick is None else self.low_tick
        tick_size, low_tick = room_for(moment, self.tick_size, low_tick)
        while self.tick_size < tick_size:
            self.halve()
        self.low_tick = low_tick

    def halve(self) -> None:
        """Make ticks twice as long."""
        for tally in self._tallies.values():
            tally.halve()
        joined: dict[int, int] = {}
        for tick, n_lines in self._joined_ticks.items():
            joined[tick // 2] = joined.get(tick // 2, 0) + n_lines
        self._joined_ticks = joined
        self.tick_size *= 2
        if self.low_tick is not None:
            self.low_tick //= 2

    def n_lines_since(self, tick: int) -> int:
        """Counted lines, continuation lines included, from a tick on."""
        counts = [tally.ticks for tally in self._tallies.values()] + [self._joined_ticks]
        return sum(n for ticks in counts for t, n in ticks.items() if t >= tick)

    def rows(self) -> tuple[Row, ...]:
        """All messages, merged templates as one, in a stable order."""
        merged: dict[tuple[Template, str], Tally] = {}
        for (template, value), tally in self._tallies.items():
            root = template.root
            kept = value if self._is_enumerable(root) else ""
            merged.setdefault((root, kept), Tally()).absorb(tally)
        rows = [self._row(template, value, tally) for (template, value), tally in merged.items()]
        return tuple(sorted(rows, key=lambda row: row.key))

    def _is_enumerable(self, root: Template) -> bool:
        values = [seen for template, seen in self._values.items() if template.root is root]
        return len(set[str]().union(*values)) < _MAX_VALUES

    def _row(self, template: Template, value: str, tally: Tally) -> Row:
        pattern, severity = template.pattern, template.severity
        firsts = Sightings(tally.firsts)
        if value:
            # Lines of one shape differ in digits: "0 errors" are none, "3 errors" are some.
            first = firsts[min(firsts)].line
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
            firsts=firsts,
            last_second=tally.last_second,
            surroundings=tuple(
                line for around in tally.surroundings for line in around.sightings()
            ),
            speaker=template.speaker,
        )


def _no_second(_line: bytes) -> int | None:
    return None


def _without_service(pattern: str, service: str) -> str:
    shorter = pattern.removeprefix(service).lstrip(" :-") or pattern
    return shorter.removeprefix("[<id>]").lstrip() or pattern
