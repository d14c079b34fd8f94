"""A pull in a terminal: one bar, and a line for whatever is worth reading."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from inference.models.progress import Progress as PullProgress

from .output import error_console


class _RichObserver:
    """Moves a rich progress bar."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def progress(self, progress: PullProgress) -> None:
        self._bars.update(
            self._task,
            completed=progress.n_done_bytes,
            total=progress.n_total_bytes,
            what=progress.what,
        )

    def note(self, text: str) -> None:
        self._bars.console.print(text, style="yellow", markup=False, highlight=False)


@contextmanager
def show_pull(name: str) -> Generator[_RichObserver]:
    """Show one pull on standard error for as long as the context lasts."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", style="dim"),
    )
    with Progress(*columns, console=error_console, transient=True) as bars:
        yield _RichObserver(bars, bars.add_task(name, total=None, what="looking for a source"))
