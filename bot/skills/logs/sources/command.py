"""Logs that a program prints."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from ..blocks import Intake
from ..numbers import read_text
from .entry import Entry, entry_chunks
from .errors import SourceFailedError
from .limits import Limits
from .process import Notes, output_lines
from .query import LogQuery
from .stream import Chunk, newest_in

_MAX_NOTES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a program.

    Attributes:
        may_fail: Whether having nothing to give is no fault, whatever the exit status.
        label: Follows the name of each entry's source, where runs give lines of the same one.
    """

    argv: tuple[str, ...]
    may_fail: bool = False
    label: str = ""


def window_options(query: LogQuery, written: Callable[[datetime], str]) -> tuple[str, ...]:
    """The options of a program for a query's time window.

    Args:
        written: A time as the program reads it.
    """
    since = () if query.start is None else (f"--since={written(query.start)}",)
    until = () if query.end is None else (f"--until={written(query.end)}",)
    return (*since, *until)


class LogProgram(Protocol):
    """How a program is asked for logs, and how its lines are read. Pure."""

    @property
    def merges_stderr(self) -> bool:
        """Whether log lines come on standard error too."""
        ...

    def runs(self, query: LogQuery) -> tuple[Run, ...]:
        """What to run for a query, oldest lines first."""
        ...

    def newest_run(self) -> Run:
        """What to run for the last line there is."""
        ...

    def entry(self, line: bytes) -> Entry | None:
        """A line as an entry; None for what the program says about itself."""
        ...

    def is_normal(self, note: str) -> bool:
        """Whether something that the program says about itself is of no interest."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStream:
    """The logs that a program prints; what was read before a fault is kept."""

    name: str
    program: LogProgram
    limits: Limits = field(default_factory=Limits)

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """The lines of the query's time window."""
        problems: list[str] = []
        for run in self.program.runs(query):
            reading = _Reading(self.program, run, self.limits)
            with closing(reading.entries()) as entries:
                yield from entry_chunks(entries, now, intake)
            read = f"({read_text(reading.n_lines, 'line')})"
            # What a later run says as well is said once, with the later run's count.
            later = reading.problems()
            problems = [old for old in problems if not any(_says(new, old) for new in later)]
            problems += [f"{problem} {read}" for problem in later]
        intake.problems += (f"{self.name}: {problem}" for problem in problems)

    def newest_second(self, now: datetime) -> int | None:
        """Time of the last line there is; None when the program cannot tell."""
        reading = _Reading(self.program, self.program.newest_run(), self.limits)
        return newest_in(b"\n".join(entry.text for entry in reading.entries()), now, UTC)


def _says(problem: str, earlier: str) -> bool:
    return earlier.rpartition(" (")[0] in problem


class _Reading:
    """The entries of one run, and afterwards what went wrong."""

    def __init__(self, program: LogProgram, run: Run, limits: Limits) -> None:
        self._program = program
        self._run = run
        self._limits = limits
        self._notes = Notes()
        self._fault = ""
        self.n_lines = 0

    def entries(self) -> Generator[Entry]:
        lines = output_lines(
            self._run.argv, self._notes, self._limits, merge=self._program.merges_stderr
        )
        try:
            for line in lines:
                entry = self._program.entry(line)
                if entry is not None:
                    self.n_lines += 1
                    label = self._run.label
                    yield Entry(entry.source + label, entry.text) if label else entry
                elif line.strip():
                    self._notes.add(line + b"\n")
        except SourceFailedError as exc:
            self._fault = str(exc)
        finally:
            lines.close()

    def problems(self) -> list[str]:
        """One sentence for each thing that was not as it should be."""
        notes = [line for line in self._notes.lines if not self._program.is_normal(line)]
        if self._fault:
            return [" · ".join([self._fault, *notes[-_MAX_NOTES:]])]
        if self._run.may_fail and self.n_lines == 0:
            return notes[-_MAX_NOTES:]
        if self._notes.exit_status:
            how = f"{self._run.argv[0]} failed with status {self._notes.exit_status}"
            return [" · ".join([how, *notes[-_MAX_NOTES:]])]
        return notes[-_MAX_NOTES:]
