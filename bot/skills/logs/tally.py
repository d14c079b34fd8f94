"""How often one message was written, tick by tick, with the first line of each tick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from .counting import Around
from .stamps import Stamps

_MAX_SURROUNDED = 3


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


class Place(NamedTuple):
    """Where a block stands.

    Attributes:
        line_number: 1-based number of its first line.
    """

    source: str
    line_number: int
    stamps: Stamps | None


class First(NamedTuple):
    """A line as it was read; see `Sighting`."""

    line: bytes
    number: int
    second: int | None
    source: str
    stamps: Stamps | None

    @property
    def order(self) -> tuple[int, int]:
        """Sorts by time, then by place."""
        return (self.second or 0, self.number)

    def sighting(self) -> Sighting:
        """The line as people see it."""
        at = self.stamps.at(self.line) if self.stamps is not None else None
        if at is None and self.second is not None:
            at = datetime.fromtimestamp(self.second, UTC)
        return Sighting(_text(self.line), self.source, self.number, self.second, at)


class Surroundings(NamedTuple):
    """The lines around a line, which is the one at `offset`, in a block."""

    around: Around
    offset: int
    second: int | None
    place: Place

    @property
    def order(self) -> tuple[int, int]:
        """Sorts by time, then by place."""
        return (self.second or 0, self.place.line_number + self.around.offset)

    def sightings(self) -> Iterator[Sighting]:
        """The lines without the one in the middle."""
        for index, line in enumerate(self.around.lines, start=self.around.offset):
            if index != self.offset:
                number = self.place.line_number + index
                yield Sighting(_text(line), self.place.source, number, self.second, None)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


class Sightings(Mapping[int, Sighting]):
    """First lines by tick; each is made readable only when somebody looks at it."""

    def __init__(self, firsts: Mapping[int, First]) -> None:
        self._firsts = firsts

    def __getitem__(self, tick: int) -> Sighting:
        return self._firsts[tick].sighting()

    def __iter__(self) -> Iterator[int]:
        return iter(self._firsts)

    def __len__(self) -> int:
        return len(self._firsts)


@dataclass(slots=True)
class Tally:
    """Lines of one message per tick.

    Attributes:
        firsts: The first line of each tick.
        last_second: Time of the last line, seconds since the epoch, or None.
        surroundings: Of the first lines of the first two ticks and of the last one.
    """

    ticks: dict[int, int] = field(default_factory=dict[int, int])
    firsts: dict[int, First] = field(default_factory=dict[int, First])
    last_second: int | None = None
    surroundings: list[Surroundings] = field(default_factory=list[Surroundings])

    def surround(self, lines: Surroundings) -> None:
        """Remember what stands around a line: around the first ones and the last one."""
        if len(lines.around.lines) < 2:
            return
        del self.surroundings[_MAX_SURROUNDED - 1 :]
        self.surroundings.append(lines)

    def absorb(self, other: Tally) -> None:
        """Add the lines of another tally."""
        for tick, n_lines in other.ticks.items():
            self.ticks[tick] = self.ticks.get(tick, 0) + n_lines
        for tick, first in other.firsts.items():
            ours = self.firsts.get(tick)
            if ours is None or first.order < ours.order:
                self.firsts[tick] = first
        both = sorted(self.surroundings + other.surroundings, key=lambda lines: lines.order)
        self.surroundings = both[: _MAX_SURROUNDED - 1] + both[_MAX_SURROUNDED - 1 :][-1:]
        seconds = [s for s in (self.last_second, other.last_second) if s is not None]
        self.last_second = max(seconds, default=None)

    def halve(self) -> None:
        """Make ticks twice as long."""
        ticks: dict[int, int] = {}
        firsts: dict[int, First] = {}
        for tick in sorted(self.ticks):
            ticks[tick // 2] = ticks.get(tick // 2, 0) + self.ticks[tick]
            firsts.setdefault(tick // 2, self.firsts[tick])
        self.ticks, self.firsts = ticks, firsts
