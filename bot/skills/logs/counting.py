"""What one block of lines contains: which messages, how often, in which ticks. Pure.

A block is counted without knowing what stands before it, so blocks can be counted in any order and
in other processes; whoever adds the counts up must do it in the order of the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, groupby, pairwise
from typing import NamedTuple, TypeAlias, cast

from .miner import Shape, value_of
from .records import continues_timed
from .severity import Severity
from .stamps import Stamps, places_of_none

_MAX_KEPT_BYTES = 4096
_SURROUNDING_BYTES = 500
_LINES_BEFORE = 4
_LINES_AFTER = 6
# A shape, with the value of its line where that is worth counting.
_What: TypeAlias = "Shape | tuple[Shape, str]"


class Around(NamedTuple):
    """Lines around a line, itself included; of each at most 500 bytes.

    Attributes:
        offset: Of the first of them, in the block.
    """

    offset: int
    lines: tuple[bytes, ...]


class Group(NamedTuple):
    """The lines of one block that have one shape and one value, and fall into one tick.

    Attributes:
        shape: Place in a list of shapes that comes with it.
        tick: In units of the block's tick size; None before the first time of the block.
        offset: Of the first line, in the block.
        second: Of the first line, seconds since the epoch; None like `tick`.
        last_second: Of the last line.
        line: The first one, at most 4 KiB of it.
        around: For warnings and worse, else None.
    """

    shape: int
    value: str
    tick: int | None
    n_lines: int
    offset: int
    second: int | None
    last_second: int | None
    line: bytes
    around: Around | None


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a block's lines.

    Attributes:
        seconds: Of every line, seconds since the epoch; a line without a time has that of the line
            before it, None when there is none in this block.
        untimed: Indexes of lines without a time of their own.
        n_leading: Lines before the first time.
        low: The earliest, or None when no line has a time.
        high: The latest.
        n_backwards: How often the time went back by more than a second.
    """

    seconds: list[int | None]
    untimed: list[int]
    n_leading: int
    low: int | None
    high: int | None
    n_backwards: int

    @property
    def first(self) -> int | None:
        """The first time there is."""
        return self.seconds[self.n_leading] if self.low is not None else None


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """What one block contains.

    Attributes:
        tick_size: Of the ticks of `groups` and `joined`, in seconds.
        groups: In the order of their first lines.
        joined: Lines that continue another or are blank, per tick.
        n_lines: All lines of the block.
    """

    tick_size: int
    groups: list[Group]
    joined: list[tuple[int | None, int]]
    n_lines: int
    first: int | None
    low: int | None
    high: int | None
    last: int | None
    n_backwards: int


def times_of(lines: Sequence[bytes], stamps: Stamps | None) -> Times:
    """Read the times of a block."""
    seconds: list[int | None] = [None] * len(lines) if stamps is None else stamps.seconds_of(lines)
    untimed = list(places_of_none(seconds))
    for index in untimed:
        seconds[index] = seconds[index - 1] if index else None
    n_leading = seconds.count(None)
    known = cast("list[int]", seconds[n_leading:])
    if not known:
        return Times(seconds, untimed, n_leading, None, None, 0)
    ordered = sorted(known)
    n_backwards = 0 if known == ordered else sum(b < a - 1 for a, b in pairwise(known))
    return Times(seconds, untimed, n_leading, ordered[0], ordered[-1], n_backwards)


def count_block(
    lines: Sequence[bytes], shapes: list[Shape], times: Times, tick_size: int
) -> tuple[BlockCounts, list[Shape]]:
    """Count a block of a log that has times.

    Args:
        lines: Without newlines.
        shapes: Of each line.
        tick_size: In seconds.

    Returns:
        The counts, and the shapes that their groups speak of.
    """
    whats = _whats(lines, shapes, times)
    places: dict[Shape, int] = {}
    groups: list[Group] = []
    joined: list[tuple[int | None, int]] = []
    for start, end, tick in _runs(times, tick_size):
        run = whats[start:end]
        counts = Counter(run)
        n_joined = counts.pop(None, 0)
        if n_joined:
            joined.append((tick, n_joined))
        firsts = dict(zip(reversed(run), range(end - 1, start - 1, -1), strict=True))
        lasts = dict(zip(run, times.seconds[start:end], strict=True))
        for what, n_lines in counts.items():
            if what is None:
                continue
            shape, value = what if isinstance(what, tuple) else (what, "")
            place = places.setdefault(shape, len(places))
            index = firsts[what]
            line, around = _kept(lines, index, shape)
            second = times.seconds[index]
            groups.append(
                Group(place, value, tick, n_lines, index, second, lasts[what], line, around)
            )
    last = times.seconds[-1]
    counted = BlockCounts(
        tick_size, groups, joined, len(lines), times.first, times.low, times.high, last,
        times.n_backwards,
    )  # fmt: skip
    return counted, list(places)


def one_line(lines: Sequence[bytes], index: int, shape: Shape, second: int | None) -> Group:
    """A group of a single line; its tick and its value are left out."""
    line, around = _kept(lines, index, shape)
    return Group(0, "", None, 1, index, second, second, line, around)


def _kept(lines: Sequence[bytes], index: int, shape: Shape) -> tuple[bytes, Around | None]:
    around = _around(lines, index) if shape.template.severity >= Severity.WARN else None
    return lines[index][:_MAX_KEPT_BYTES], around


def _whats(lines: Sequence[bytes], shapes: list[Shape], times: Times) -> list[_What | None]:
    """What each line is; None when it only continues another."""
    whats: list[_What | None] = list(shapes)
    anchored = {shape: shape.anchor for shape in set(shapes) if shape.anchor is not None}
    if anchored:
        has_value = map(anchored.__contains__, shapes)
        for index in compress(range(len(shapes)), has_value):
            shape = shapes[index]
            whats[index] = (shape, value_of(lines[index], anchored[shape]))
    for index in times.untimed:
        if not lines[index] or continues_timed(shapes[index].kind):
            whats[index] = None
    return whats


def _runs(times: Times, tick_size: int) -> Iterator[tuple[int, int, int | None]]:
    """Lines that follow one another within one tick, as `[start, end)`."""
    start = times.n_leading
    if start:
        yield 0, start, None
    if times.low is None or times.high is None:
        return
    if times.low // tick_size == times.high // tick_size:
        yield start, len(times.seconds), times.low // tick_size
        return
    # NOTE: seconds repeat, so they are grouped before anything is divided.
    runs = ((second, len(list(same))) for second, same in groupby(times.seconds[start:]))
    ticks = ((second // tick_size, n) for second, n in runs if second is not None)
    for tick, same_tick in groupby(ticks, key=lambda run: run[0]):
        end = start + sum(n for _, n in same_tick)
        yield start, end, tick
        start = end


def _around(lines: Sequence[bytes], index: int) -> Around:
    first = max(0, index - _LINES_BEFORE)
    near = lines[first : index + _LINES_AFTER + 1]
    return Around(first, tuple(line[:_SURROUNDING_BYTES] for line in near))
