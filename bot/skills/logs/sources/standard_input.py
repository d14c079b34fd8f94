"""Lines from a pipe."""

from __future__ import annotations

import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO

from ..blocks import Intake, read_blocks, unpacked
from .query import LogQuery
from .stream import Chunk, chunks_of


def _standard_input() -> BinaryIO:
    return sys.stdin.buffer


@dataclass(frozen=True, slots=True, kw_only=True)
class InputStream:
    """What is piped in, packed or not; it can be read once."""

    name: str = "stdin"
    raw: BinaryIO = field(default_factory=_standard_input)
    zone: tzinfo = UTC

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """All lines until the pipe ends."""
        stream, _ = unpacked(self.raw, self.name, intake)
        if stream is not None:
            blocks = read_blocks(stream, self.name, intake)
            yield from chunks_of(blocks, self.name, 1, now, self.zone)

    def newest_second(self, now: datetime) -> int | None:
        """Unknown before it is read."""
        return None
