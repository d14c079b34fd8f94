"""Where log lines come from: files with their rotated predecessors, and pasted text.

A question about a time window never reads a whole large file: the place where the window begins is
searched by halving, because logs are appended in the order of time.
"""

from __future__ import annotations

import glob
import io
import os
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Protocol

from .blocks import BLOCK_BYTES, Intake, read_blocks, text_blocks, unpacked
from .stamps import Stamps, detect

_ROTATED = re.compile(
    r"^(?P<base>.+?)(?:[.-](?P<date>\d{8}(?:-\d+)?|\d{4}-\d\d-\d\d\w*))?(?:\.(?P<number>\d{1,4}))?"
    r"(?P<pack>\.(?:gz|bz2|xz|zst))?$"
)
_SAMPLE_LINES = 200
_SAMPLE_BYTES = 64 * 1024
_WHOLE_BELOW_BYTES = 1 << 20
_MAX_SPAN_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines are wanted.

    Attributes:
        services: Names of configured sources; empty means all.
        start: Lines before this time are not wanted (aware), or None.
        end: Lines at or after this time are not wanted (aware), or None.
        contains: Only lines with this text, letters of either case; empty means all.
    """

    services: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    contains: str = ""


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

        Args:
            now: Aware; fills in the years that some notations leave out.
            intake: Is told what was read and what could not be.
        """
        ...

    def newest_second(self, now: datetime) -> int | None:
        """Time of the last line there is, seconds since the epoch, or None when it has none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStream:
    """Text from a message or an upload; a time window does not restrict what is read."""

    name: str
    text: str
    zone: tzinfo = UTC

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """All lines."""
        yield from _chunks(text_blocks(self.text, self.name, intake), self.name, 1, now, self.zone)

    def newest_second(self, now: datetime) -> int | None:
        """Time of the text's last line that has one."""
        return _newest(self.text[-_SAMPLE_BYTES:].encode("utf-8", "replace"), now, self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStream:
    """A log file with its rotated predecessors.

    Attributes:
        paths: Oldest first.
        zone: The zone of times that name none.
    """

    name: str
    paths: tuple[Path, ...]
    zone: tzinfo = UTC

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """The lines from about the window's start on; a file that ended before it is skipped."""
        for path in self.paths:
            try:
                with path.open("rb") as raw:
                    modified_at = datetime.fromtimestamp(os.fstat(raw.fileno()).st_mtime, UTC)
                    if query.start is None or modified_at >= query.start:
                        yield from _file_chunks(raw, path, query, now, intake, self.zone)
            except OSError as exc:
                intake.problems.append(f"{path.name}: {exc.strerror or exc}")

    def newest_second(self, now: datetime) -> int | None:
        """Time of the last line of the newest file; packed files are not looked into."""
        for path in reversed(self.paths):
            try:
                with path.open("rb") as raw:
                    size = raw.seek(0, io.SEEK_END)
                    raw.seek(max(0, size - _SAMPLE_BYTES))
                    found = _newest(raw.read(_SAMPLE_BYTES), now, self.zone)
            except OSError:
                continue
            if found is not None:
                return found
        return None


def _newest(tail: bytes, now: datetime, zone: tzinfo) -> int | None:
    lines = tail.split(b"\n")
    stamps = detect(lines[-_SAMPLE_LINES:], now, zone)
    if stamps is None:
        return None
    return next((s for line in reversed(lines) if (s := stamps.second_of(line)) is not None), None)


def _file_chunks(
    raw: IO[bytes], path: Path, query: LogQuery, now: datetime, intake: Intake, zone: tzinfo
) -> Generator[Chunk]:
    stream, is_packed = unpacked(raw, path.name, intake)
    if stream is None:
        return
    offset = 0
    first_line_number = 1
    if not is_packed and query.start is not None:
        offset = _window_offset(raw, query.start, now, zone)
        offset = _within_limit(raw, offset, path.name, intake)
        first_line_number += _count_newlines(raw, offset)
        raw.seek(offset)
    blocks = read_blocks(stream, path.name, intake)
    yield from _chunks(blocks, path.name, first_line_number, now, zone)


def _chunks(
    blocks: Iterable[bytes], source: str, first_line_number: int, now: datetime, zone: tzinfo
) -> Generator[Chunk]:
    stamps: Stamps | None = None
    for block in blocks:
        lines = block.split(b"\n")
        if stamps is None:
            stamps = detect(lines[:_SAMPLE_LINES], now, zone)
        yield Chunk(lines, block, source, first_line_number, stamps)
        first_line_number += len(lines)


def _window_offset(raw: IO[bytes], start: datetime, now: datetime, zone: tzinfo) -> int:
    """A byte offset at a line's beginning, at or somewhat before the first line of the window."""
    size = raw.seek(0, io.SEEK_END)
    raw.seek(0)
    if size <= _WHOLE_BELOW_BYTES:
        return 0
    stamps = detect(raw.read(_SAMPLE_BYTES).split(b"\n")[:_SAMPLE_LINES], now, zone)
    if stamps is None:
        return _line_start(raw, max(0, size - _MAX_SPAN_BYTES))
    low, high = 0, size
    while high - low > _WHOLE_BELOW_BYTES:
        middle = (low + high) // 2
        second = _second_after(raw, middle, stamps)
        if second is None or second >= start.timestamp():
            high = middle
        else:
            low = middle
    # A little earlier, because neighbouring lines of several threads change places.
    return _line_start(raw, max(0, low - _SAMPLE_BYTES))


def _second_after(raw: IO[bytes], offset: int, stamps: Stamps) -> int | None:
    raw.seek(offset)
    lines = raw.read(_SAMPLE_BYTES).split(b"\n")[1:]
    return next((second for line in lines if (second := stamps.second_of(line)) is not None), None)


def _line_start(raw: IO[bytes], offset: int) -> int:
    if offset == 0:
        return 0
    raw.seek(offset - 1)
    raw.readline(BLOCK_BYTES)
    return raw.tell()


def _within_limit(raw: IO[bytes], offset: int, name: str, intake: Intake) -> int:
    size = raw.seek(0, io.SEEK_END)
    if size - offset <= _MAX_SPAN_BYTES:
        return offset
    limited = _line_start(raw, size - _MAX_SPAN_BYTES)
    raw.seek(offset)
    n_left_out = _count_newlines(raw, limited) - _count_newlines(raw, offset)
    intake.n_left_out += n_left_out
    intake.problems.append(
        f"{name}: only the newest {_MAX_SPAN_BYTES >> 20} MiB of the window were read, "
        f"{n_left_out:,} older lines were not"
    )
    return limited


def _count_newlines(raw: IO[bytes], end: int) -> int:
    raw.seek(0)
    n_lines = 0
    while end > 0:
        piece = raw.read(min(end, BLOCK_BYTES))
        if not piece:
            break
        n_lines += piece.count(b"\n")
        end -= len(piece)
    return n_lines


def streams_of(globs: Sequence[str], zone: tzinfo = UTC) -> tuple[FileStream, ...]:
    """The streams behind file globs, by name; rotated files belong to the file they were.

    A plain name brings its rotated siblings along: `app.log` also means `app.log.1`,
    `app.log.2.gz` and `app.log-20260131`.
    """
    paths: set[Path] = set()
    for pattern in globs:
        for name in (pattern, f"{pattern}.[0-9]*", f"{pattern}-[0-9]*"):
            expanded = glob.glob(os.path.expanduser(name), recursive=True)
            paths.update(path for found in expanded if (path := Path(found)).is_file())
    sets: dict[Path, list[Path]] = {}
    for path in paths:
        sets.setdefault(path.with_name(_base(path)), []).append(path)
    return tuple(
        FileStream(name=base.name, paths=tuple(sorted(members, key=_age)), zone=zone)
        for base, members in sorted(sets.items())
    )


def _base(path: Path) -> str:
    match = _ROTATED.match(path.name)
    return match.group("base") if match else path.name


def _age(path: Path) -> tuple[int, str, int]:
    """Sorts a rotated set from the oldest to the live file."""
    match = _ROTATED.match(path.name)
    number = int(match.group("number") or 0) if match else 0
    date = (match.group("date") or "") if match else ""
    return (0 if date else 1, date, -number)


def configured_streams(
    sources: Mapping[str, Sequence[str]], services: Sequence[str], zone: tzinfo = UTC
) -> dict[str, tuple[FileStream, ...]]:
    """The streams of some configured services (all when none is named), by service."""
    wanted = services or tuple(sources)
    return {name: streams_of(sources[name], zone) for name in wanted if name in sources}
