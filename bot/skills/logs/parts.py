"""A part of a large plain file, cut between lines, and what is counted in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import IO, NamedTuple

from .blocks import BLOCK_BYTES, Intake, read_blocks
from .counting import BlockCounts, count_block, times_of
from .miner import Miner, Shape
from .stamps import stamps_of
from .ticks import room_for

_PART_BYTES = 4 * BLOCK_BYTES
_MAX_NUMBERED = 100_000


class Span(NamedTuple):
    """Where a part is, in bytes.

    Attributes:
        first_line: Where its first line begins, at most 1 MiB before `start`.
        start: A whole number of blocks after the beginning of reading.
        end: Lines that end after it belong to the next part.
    """

    first_line: int
    start: int
    end: int
    is_last: bool

    @property
    def n_bytes(self) -> int:
        """How far it takes the reading."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some consecutive lines of a file, and what is known about it.

    Attributes:
        name: Of the file, for people.
        notation: Of its times.
        now, zone: See `detect`.
        tick_size: Of the ticks used so far, in seconds.
        low_tick: The earliest of them.
    """

    path: Path
    name: str
    span: Span
    notation: str
    now: datetime
    zone: tzinfo
    tick_size: int
    low_tick: int


class Counted(NamedTuple):
    """What one block of a part contains.

    Attributes:
        counts: None when they are known already.
        numbers: For each shape that the counts refer to, its number in this series of blocks.
        news: Lines whose shapes have a number for the first time, in order, with that number.
        forgets: Whether all numbers of earlier blocks are void.
    """

    counts: BlockCounts | None
    numbers: list[int]
    news: list[tuple[int, bytes]]
    forgets: bool


def spans(path: Path, start: int, end: int) -> Iterator[Span]:
    """Cut what follows `start` into parts whose blocks are the same as without cuts.

    Args:
        start: Where a block ends.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as raw:
        first_line = _line_start(raw, start)
        while first_line is not None and start < end:
            cut = start + _PART_BYTES
            next_line = _line_start(raw, cut) if cut < end else None
            while next_line is None and cut < end:
                cut += BLOCK_BYTES
                next_line = _line_start(raw, cut)
            is_last = cut >= end
            yield Span(first_line, start, end if is_last else cut, is_last)
            start, first_line = cut, next_line


def _line_start(raw: IO[bytes], cut: int) -> int | None:
    """Where the line at a cut begins; None when it is too long to be cut there."""
    before = max(0, cut - BLOCK_BYTES)
    newline = os.pread(raw.fileno(), cut - before, before).rfind(b"\n")
    return before + newline + 1 if newline >= 0 else None


class PartCounter:
    """Counts parts, one after another, with a miner of its own."""

    def __init__(self) -> None:
        self._miner = Miner()
        self._numbers: dict[Shape, int] = {}
        self._next_number = 0

    def count(self, part: Part, intake: Intake) -> Iterator[Counted]:
        """Count a part block by block.

        Args:
            intake: Is told what was read and what could not be.
        """
        stamps = stamps_of(part.notation, part.now, part.zone)
        tick_size, low_tick = part.tick_size, part.low_tick
        try:
            for block in _blocks(part, intake):
                lines = block.split(b"\n")
                shapes = self._miner.shapes_of(block)
                times = times_of(lines, stamps)
                for second in (times.low, times.high):
                    if second is not None:
                        tick_size, low_tick = room_for(second, tick_size, low_tick)
                counts, distinct = count_block(lines, shapes, times, tick_size)
                forgets = self._forget()
                news = self._news(lines, shapes)
                yield Counted(counts, [self._numbers[each] for each in distinct], news, forgets)
        except OSError as exc:
            intake.problems.append(f"{part.name}: {exc.strerror or exc}")
        intake.n_bytes += part.span.n_bytes

    def _forget(self) -> bool:
        is_full = len(self._numbers) > _MAX_NUMBERED
        if is_full:
            self._numbers.clear()
        return is_full

    def _news(self, lines: list[bytes], shapes: list[Shape]) -> list[tuple[int, bytes]]:
        known = self._numbers
        if known.keys() >= set(shapes):
            return []
        news: list[tuple[int, bytes]] = []
        for line, shape in zip(lines, shapes, strict=True):
            if shape not in known:
                known[shape] = self._next_number
                news.append((self._next_number, line))
                self._next_number += 1
        return news


def _blocks(part: Part, intake: Intake) -> Iterator[bytes]:
    span = part.span
    with part.path.open("rb") as raw:
        raw.seek(span.first_line)
        head = raw.read(span.start - span.first_line)
        rest = _UpTo(raw, span.n_bytes)
        yield from read_blocks(rest, part.name, intake, after=head, is_last=span.is_last)
        intake.n_vanished_bytes += rest.n_left


class _UpTo:
    """The next so many bytes of a file.

    Attributes:
        n_left: How many were not read.
    """

    def __init__(self, raw: IO[bytes], n_bytes: int) -> None:
        self._raw = raw
        self.n_left = n_bytes

    def read(self, size: int, /) -> bytes:
        piece = self._raw.read(min(size, self.n_left))
        self.n_left -= len(piece)
        return piece
