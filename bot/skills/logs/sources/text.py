"""Lines that are already in memory: pasted into a message, or uploaded."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from ..blocks import Intake, text_blocks
from .query import LogQuery
from .stream import SAMPLE_BYTES, Chunk, chunks_of, newest_in


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStream:
    """Text from a message or an upload; a time window does not restrict what is read.

    Attributes:
        problems: What of it could not be read before, one sentence each.
    """

    name: str
    text: str
    zone: tzinfo = UTC
    problems: tuple[str, ...] = ()

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """All lines."""
        intake.problems += self.problems
        yield from chunks_of(
            text_blocks(self.text, self.name, intake), self.name, 1, now, self.zone
        )

    def newest_second(self, now: datetime) -> int | None:
        """Time of the text's last line that has one."""
        return newest_in(self.text[-SAMPLE_BYTES:].encode("utf-8", "replace"), now, self.zone)
