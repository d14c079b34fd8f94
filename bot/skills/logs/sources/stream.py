"""What every source gives: chunks of consecutive lines."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from ..blocks import Intake
from ..stamps import Stamps, detect
from .query import LogQuery

SAMPLE_LINES = 200
SAMPLE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some consecutive lines of one file.

    Attributes:
        lines: Without newlines, never empty.
        block: The same lines joined by newlines.
        source: Name of the file, for people.
        first_line_number: 1-based number of the first line in its file.
        stamps: Reads the lines' times, or None when the stream has none.
    """

    lines: list[bytes]
    block: bytes
    source: str
    first_line_number: int
    stamps: Stamps | None


class Stream(Protocol):
    """One sequence of lines in order: a file with its rotated predecessors, or a text."""

    @property
    def name(self) -> str:
        """Short name for people."""
        ...

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """Read the lines that can be in the query's time window, and perhaps some more.

        Blocks. Closing the generator ends whatever it holds: files, processes, connections.

        Args:
            now: Aware; fills in the years that some notations leave out.
            intake: Is told what was read and what could not be.
        """
        ...

    def newest_second(self, now: datetime) -> int | None:
        """Time of the last line there is, seconds since the epoch, or None when it has none."""
        ...


def chunks_of(
    blocks: Iterable[bytes], source: str, first_line_number: int, now: datetime, zone: tzinfo
) -> Generator[Chunk]:
    """Chunks of clean blocks; the notation of time is that of the first block that has one."""
    stamps: Stamps | None = None
    for block in blocks:
        lines = block.split(b"\n")
        if stamps is None:
            stamps = detect(lines[:SAMPLE_LINES], now, zone)
        yield Chunk(lines, block, source, first_line_number, stamps)
        first_line_number += len(lines)


def newest_in(tail: bytes, now: datetime, zone: tzinfo) -> int | None:
    """Time of the last line of some bytes that has one, seconds since the epoch."""
    lines = tail.split(b"\n")
    stamps = detect(lines[-SAMPLE_LINES:], now, zone)
    if stamps is None:
        return None
    return next((s for line in reversed(lines) if (s := stamps.second_of(line)) is not None), None)
