"""A sync in a terminal: one bar on standard error."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from knowledge import SyncProgress, SyncStage

from .output import error_console

_UNITS = {
    SyncStage.READING: "documents",
    SyncStage.EMBEDDING: "passages",
    SyncStage.WRITING: "passages",
}


@contextmanager
def show_sync(*, quiet: bool) -> Generator[Callable[[SyncProgress], None]]:
    """Show one sync for as long as the context lasts; the value is its progress callback."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=error_console, transient=True, disable=quiet) as bars:
        task = bars.add_task("reading", total=None, unit="")

        def show(progress: SyncProgress) -> None:
            bars.update(
                task,
                description=progress.stage.value,
                completed=progress.done,
                total=progress.total or None,
                unit=_UNITS[progress.stage],
            )

        yield show
