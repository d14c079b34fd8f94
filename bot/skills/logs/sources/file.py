"""Log files with their rotated predecessors."""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO

from ..blocks import Intake, read_blocks, unpacked
from .errors import SourceFailedError
from .limits import Limits
from .query import LogQuery
from .stoppable import open_stoppable
from .stream import SAMPLE_BYTES, Chunk, chunks_of, newest_in
from .window_start import seek_window


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStream:
    """A log file with its rotated predecessors.

    Attributes:
        paths: Oldest first.
        zone: The zone of times that name none.
        limits: Only its stop signal matters: files answer at once.
        folder: Goes before file names, to tell files of one name apart; ends with "/", or empty.
    """

    name: str
    paths: tuple[Path, ...]
    zone: tzinfo = UTC
    limits: Limits = field(default_factory=Limits)
    folder: str = ""

    def label(self, path: Path) -> str:
        """How one of its files is named to people."""
        return f"{self.folder}{path.name}"

    @property
    def n_bytes(self) -> int:
        """Size of all its files, packed as they are; those that are gone count nothing."""
        return sum(path.stat().st_size for path in self.paths if path.is_file())

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """The lines from about the window's start on; a file that ended before it is skipped."""
        for path in self.paths:
            try:
                with open_stoppable(path, self.limits.stop) as raw:
                    modified_at = datetime.fromtimestamp(os.fstat(raw.fileno()).st_mtime, UTC)
                    if query.start is None or modified_at >= query.start:
                        yield from _file_chunks(
                            raw, self.label(path), query, now, intake, self.zone
                        )
            except OSError as exc:
                intake.problems.append(f"{self.label(path)}: {exc.strerror or exc}")
            except SourceFailedError as exc:
                intake.problems.append(f"{self.label(path)}: {exc}")
                return

    def newest_second(self, now: datetime) -> int | None:
        """Time of the last line of the newest file; packed files are not looked into."""
        for path in reversed(self.paths):
            try:
                with path.open("rb") as raw:
                    size = raw.seek(0, io.SEEK_END)
                    raw.seek(max(0, size - SAMPLE_BYTES))
                    found = newest_in(raw.read(SAMPLE_BYTES), now, self.zone)
            except OSError:
                continue
            if found is not None:
                return found
        return None


def _file_chunks(
    raw: IO[bytes], name: str, query: LogQuery, now: datetime, intake: Intake, zone: tzinfo
) -> Generator[Chunk]:
    stream, is_packed = unpacked(raw, name, intake)
    if stream is None:
        return
    first_line_number = 1
    if not is_packed and raw.seekable():
        raw.seek(0)
        stream = raw
        if query.start is not None:
            first_line_number = seek_window(raw, name, query.start, now, intake, zone)
    size = os.fstat(raw.fileno()).st_size
    blocks = read_blocks(stream, name, intake)
    n_before = raw.tell()
    for chunk in chunks_of(blocks, name, first_line_number, now, zone):
        n_read = raw.tell()
        intake.n_bytes += n_read - n_before
        n_before = n_read
        yield chunk
    if not is_packed and not raw.read(1):
        intake.n_vanished_bytes += max(0, size - n_before)
        intake.tell_vanished(name)
