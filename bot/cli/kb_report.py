"""What a sync did and what is held of each source, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from .output import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from knowledge import SourceOutcome, SourceStatus, SyncReport


def print_report(report: SyncReport) -> None:
    """Every source with its counts and every skipped file, then the sum."""
    for one in report.sources:
        _print_outcome(one)
    if report.rebuilt:
        console.print(f"rebuilt: {report.rebuilt}", style="dim", markup=False)
    console.print(
        f"{report.n_documents} documents in {report.n_chunks} passages: {report.added} added, "
        f"{report.changed} changed, {report.removed} removed; {report.n_embedded} passages "
        f"embedded in {report.seconds:.1f} s",
        highlight=False,
    )


def _print_outcome(one: SourceOutcome) -> None:
    console.print(
        f"{one.name}: {one.n_documents} documents, {len(one.skipped)} files skipped",
        markup=False,
        highlight=False,
    )
    if one.trouble:
        console.print(f"  {one.trouble}; it stays as it was", style="red", markup=False)
    for file in one.skipped:
        console.print(f"  skipped {file.path}: {file.reason}", style="yellow", markup=False)


def print_sources(found: Sequence[SourceStatus], configured: frozenset[str]) -> None:
    """A table of all sources; those the settings do not name are marked."""
    if not found:
        console.print("no sources yet; `opsbot kb sync` takes them in")
        return
    table = Table("source", "kind", "documents", "passages", "skipped", "synced", box=None)
    for one in found:
        synced = one.synced_at.astimezone().strftime("%Y-%m-%d %H:%M") if one.synced_at else "never"
        counts = (str(one.n_documents), str(one.n_chunks), str(one.n_skipped))
        table.add_row(one.name, one.kind, *counts, synced)
    console.print(table, markup=False)
    for one in found:
        if one.trouble:
            console.print(f"{one.name}: {one.trouble}", style="red", markup=False)
        if one.name not in configured:
            console.print(f"{one.name}: not in the settings", style="dim", markup=False)
