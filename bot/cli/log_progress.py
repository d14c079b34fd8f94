"""Reading logs in a terminal: lines, speed and what is left, once it takes longer than two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from .output import error_console

if TYPE_CHECKING:
    from ..skills.logs.reader import Watch
    from ..skills.logs.sources import Stream

_AFTER_S = 2.0
_EVERY_S = 10.0


class Counter:
    """How much was read so far.

    Attributes:
        total_bytes: Size of all files, packed as they are; None when that is unknown.
    """

    def __init__(self, total_bytes: int | None, clock: Callable[[], float]) -> None:
        self.total_bytes = total_bytes
        self.n_lines = 0
        self.n_bytes = 0
        self._clock = clock
        self._began = clock()

    def add(self, n_lines: int, n_bytes: int) -> None:
        """Some more was read."""
        self.n_lines += n_lines
        self.n_bytes += n_bytes

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def sentence(self) -> str:
        """The same in words, for terminals that cannot draw."""
        rate = self.n_bytes / max(self.seconds, 0.001)
        read = f"read {self.n_lines:,} lines, {self.n_bytes / 1e6:,.0f} MB, {rate / 1e6:,.0f} MB/s"
        if self.total_bytes is None or not rate:
            return read
        return f"{read}, about {max(0, self.total_bytes - self.n_bytes) / rate:,.0f} s left"


@contextmanager
def show_reading(
    streams: Mapping[str, Iterable[Stream]],
    *,
    quiet: bool,
    console: Console = error_console,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[Watch]:
    """Show how reading goes, on standard error, for as long as the context lasts.

    Args:
        quiet: Show nothing.

    Yields:
        Is told how many more lines and bytes were read.
    """
    counter = Counter(_size_of(streams), clock)
    if quiet:
        yield counter.add
    elif console.is_terminal:
        yield from _bar(counter, console)
    else:
        yield _sentences(counter, console)


def _bar(counter: Counter, console: Console) -> Generator[Watch]:
    columns = (
        TextColumn("reading"),
        BarColumn(),
        TextColumn("{task.fields[lines]} lines"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=console, transient=True)
    task = bars.add_task("", total=counter.total_bytes, lines="0")

    def watch(n_lines: int, n_bytes: int) -> None:
        counter.add(n_lines, n_bytes)
        bars.update(task, completed=counter.n_bytes, lines=f"{counter.n_lines:,}")
        if counter.seconds >= _AFTER_S and not bars.live.is_started:
            bars.start()

    try:
        yield watch
    finally:
        bars.stop()


def _sentences(counter: Counter, console: Console) -> Watch:
    next_at = _AFTER_S

    def watch(n_lines: int, n_bytes: int) -> None:
        nonlocal next_at
        counter.add(n_lines, n_bytes)
        if counter.seconds >= next_at:
            next_at = counter.seconds + _EVERY_S
            console.print(counter.sentence(), style="dim", markup=False, highlight=False)

    return watch


def _size_of(streams: Mapping[str, Iterable[Stream]]) -> int | None:
    from ..skills.logs.sources import FileStream

    total = 0
    for stream in (stream for members in streams.values() for stream in members):
        if not isinstance(stream, FileStream):
            return None
        total += stream.n_bytes
    return total
