"""Lines from a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO

from ..blocks import Intake, read_blocks, unpacked
from ..unpacking import Readable
from .query import LogQuery
from .stream import Chunk, chunks_of

_MAX_LINE_BYTES = 256 << 20


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
            blocks = read_blocks(_Ending(stream), self.name, intake)
            yield from chunks_of(blocks, self.name, 1, now, self.zone)

    def newest_second(self, now: datetime) -> int | None:
        """Unknown before it is read."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeStream:
    """A named pipe; one that nobody writes to has no lines, and is not waited for."""

    name: str
    path: Path
    zone: tzinfo = UTC

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """All lines until the writers are done."""
        try:
            # NOTE: opening waits for a writer, unless it is asked not to wait for anything.
            pipe = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as exc:
            intake.problems.append(f"{self.name}: {exc.strerror}")
            return
        os.set_blocking(pipe, True)
        with os.fdopen(pipe, "rb") as raw:
            yield from InputStream(name=self.name, raw=raw, zone=self.zone).chunks(
                query, now, intake
            )

    def newest_second(self, now: datetime) -> int | None:
        """Unknown before it is read."""
        return None


class _Ending:
    """Bytes of a pipe, which need not end: reading one that has no lines ends all the same."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._n_bytes = 0

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        self._n_bytes = 0 if b"\n" in piece else self._n_bytes + len(piece)
        if self._n_bytes > _MAX_LINE_BYTES:
            raise OSError(f"no line ended within {_MAX_LINE_BYTES >> 20} MiB")
        return piece
