"""From streams to counts. Large plain files are counted by several processes, as if by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, TypeAlias

from .blocks import Intake, is_plain, read_blocks
from .crew import Crew, Delivery
from .miner import Miner, Shape
from .parts import Part, Span, spans
from .profile import Profile
from .sources import (
    Chunk,
    FileStream,
    LogQuery,
    SourceFailedError,
    Stream,
    chunks_of,
    open_stoppable,
)
from .tally import Place

# Below this, starting processes costs more than they gain.
WORTHWHILE_BYTES = 32 << 20


Watch: TypeAlias = Callable[[int, int], None]


class Reader:
    """Reads streams into profiles that share a miner.

    Args:
        crew: Counts large plain files; without it everything is counted here.
        watch: Is told how many more lines, and bytes of files, were read.
        least_bytes: Smaller files are counted here.
    """

    def __init__(
        self,
        miner: Miner,
        crew: Crew | None = None,
        watch: Watch | None = None,
        *,
        least_bytes: int | None = None,
    ) -> None:
        self.miner = miner
        self._crew = crew
        self._watch = watch
        self._least_bytes = WORTHWHILE_BYTES if least_bytes is None else least_bytes
        self._shapes: dict[int, dict[int, Shape]] = {}  # by series and number
        self._told = (0, 0)

    def read(
        self, stream: Stream, query: LogQuery, profile: Profile, now: datetime, intake: Intake
    ) -> None:
        """Count a stream's lines that the query wants. Blocks."""
        self._told = (intake.n_lines, intake.n_bytes)
        profile.begin_stream()
        if not isinstance(stream, FileStream) or query != LogQuery(services=query.services):
            self._read_chunks(stream, query, profile, now, intake)
            return
        for path in stream.paths:
            if stream.limits.stop.is_set():
                intake.problems.append(f"{stream.label(path)}: reading was stopped")
                return
            if self._crew is not None and self._is_worthwhile(path):
                self._read_file(self._crew, stream, path, profile, now, intake)
            else:
                only = replace(stream, paths=(path,))
                self._read_chunks(only, query, profile, now, intake)

    def _read_chunks(
        self, stream: Stream, query: LogQuery, profile: Profile, now: datetime, intake: Intake
    ) -> None:
        for chunk in stream.chunks(query, now, intake):
            profile.add(chunk)
            self._tell(intake)

    def _tell(self, intake: Intake) -> None:
        n_lines, n_bytes = self._told
        self._told = (intake.n_lines, intake.n_bytes)
        if self._watch is not None:
            self._watch(intake.n_lines - n_lines, intake.n_bytes - n_bytes)

    def _is_worthwhile(self, path: Path) -> bool:
        try:
            return path.stat().st_size >= self._least_bytes and is_plain(path)
        except OSError:
            return False

    def _read_file(
        self,
        crew: Crew,
        stream: FileStream,
        path: Path,
        profile: Profile,
        now: datetime,
        intake: Intake,
    ) -> None:
        """Count all lines of a large plain file."""
        try:
            with path.open("rb") as held:
                size = os.fstat(held.fileno()).st_size
                same = _path_of(held, path)
                head, start = self._read_head(
                    stream, stream.label(path), same, profile, now, intake
                )
                if head is not None and start < size:
                    number = head.first_line_number + len(head.lines)
                    place = Place(stream.label(path), number, head.stamps)
                    parts = _parts(stream, same, spans(same, start, size), profile, place, now)
                    counted = crew.count(parts, stream.limits.stop)
                    self._add(counted, profile, place, intake)
                    intake.tell_vanished(stream.label(path))
        except OSError as exc:
            intake.problems.append(f"{stream.label(path)}: {exc.strerror or exc}")
        except SourceFailedError as exc:
            intake.problems.append(f"{stream.label(path)}: {exc}")
        else:
            if stream.limits.stop.is_set():
                intake.problems.append(f"{stream.label(path)}: reading was stopped")

    def _read_head(
        self,
        stream: FileStream,
        name: str,
        path: Path,
        profile: Profile,
        now: datetime,
        intake: Intake,
    ) -> tuple[Chunk | None, int]:
        """Count until what follows can be counted without knowing what precedes it.

        Returns:
            The last chunk and where it ended, or None when everything was read.
        """
        with open_stoppable(path, stream.limits.stop) as raw:
            n_before = 0
            blocks = read_blocks(raw, name, intake)
            for chunk in chunks_of(blocks, name, 1, now, stream.zone):
                profile.add(chunk)
                end = raw.tell()
                intake.n_bytes += end - n_before
                n_before = end
                self._tell(intake)
                if chunk.stamps is not None and profile.is_under_way:
                    return chunk, end
        return None, 0

    def _add(
        self, counted: Iterator[Delivery], profile: Profile, place: Place, intake: Intake
    ) -> None:
        for series, delivered in counted:
            if isinstance(delivered, Intake):
                intake.add(delivered)
                self._tell(intake)
                continue
            shapes = self._shapes.setdefault(series, {})
            if delivered.forgets:
                shapes.clear()
            for number, line in delivered.news:
                shapes[number] = self.miner.shape_of(line)
            if delivered.counts is not None:
                found = [shapes[number] for number in delivered.numbers]
                profile.add_counts(delivered.counts, found, place)
                n_lines = delivered.counts.n_lines
                place = place._replace(line_number=place.line_number + n_lines)


def _path_of(held: IO[bytes], path: Path) -> Path:
    """A path to an open file that stays its own when the file is renamed or deleted.

    Only Linux has one; elsewhere it is the file's path.
    """
    own = Path(f"/proc/{os.getpid()}/fd/{held.fileno()}")
    return own if own.exists() else path


def _parts(
    stream: FileStream,
    path: Path,
    cuts: Iterator[Span],
    profile: Profile,
    place: Place,
    now: datetime,
) -> Iterator[Part]:
    for span in cuts:
        yield Part(
            path=path,
            name=place.source,
            span=span,
            notation=place.stamps.notation if place.stamps is not None else "",
            now=now,
            zone=stream.zone,
            tick_size=profile.tick_size,
            low_tick=profile.low_tick or 0,
        )
