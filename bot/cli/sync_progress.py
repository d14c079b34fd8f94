"""A sync in a terminal: one bar on standard error."""

from __future__ import annotations

import time
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
        began_mono: float | None = None

        def show(progress: SyncProgress) -> None:
            nonlocal began_mono
            if progress.stage is SyncStage.EMBEDDING and began_mono is None:
                began_mono = time.monotonic()
            seconds = time.monotonic() - began_mono if began_mono is not None else 0.0
            bars.update(
                task,
                description=progress.stage.value,
                completed=progress.done,
                total=progress.total or None,
                unit=unit_of(progress, seconds),
            )

        yield show


def unit_of(progress: SyncProgress, seconds: float) -> str:
    """What is counted, of how many documents, and how fast.

    Args:
        seconds: Since the first text was embedded.
    """
    unit = _UNITS[progress.stage]
    if progress.stage is not SyncStage.READING and progress.n_documents:
        unit += f" of {progress.n_documents} documents"
    if progress.stage is SyncStage.EMBEDDING and progress.n_tokens and seconds > 0:
        unit += f", {progress.n_tokens / seconds:,.0f} tokens/s"
    return unit
