"""Which sources are synced when, and what a damaged index sets off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.knowledge_wiring import ConfiguredSource
from bot.resync import Resync
from knowledge import FolderSource, Source, StoreError, SyncBusyError, SyncReport
from knowledge import Status as KnowledgeStatus

REPORT = SyncReport(
    n_documents=0, added=0, changed=0, removed=0, skipped=(), n_chunks=0, n_embedded=0,
    rebuilt="", seconds=0.0,
)  # fmt: skip


class Ready:
    async def encoder_ready(self) -> None:
        return


class Books:
    """Remembers which sources it was given; fails when told to."""

    def __init__(self) -> None:
        self.synced: list[list[str]] = []
        self.trouble = ""
        self.fault: Exception | None = None

    async def status(self) -> KnowledgeStatus:
        return KnowledgeStatus(
            n_documents=0, n_chunks=0, n_skipped=0, encoder="", built_at=None,
            trouble=self.trouble,
        )  # fmt: skip

    async def sync(self, sources: Sequence[Source]) -> SyncReport:
        self.synced.append([source.name for source in sources])
        if self.fault is not None:
            raise self.fault
        return REPORT


def configured(name: str, interval_s: int) -> ConfiguredSource:
    return ConfiguredSource(source=FolderSource(Path("/docs"), name), interval_s=interval_s)


def resync(books: Books) -> Resync:
    return Resync(books, Ready(), [configured("wiki", 60), configured("archive", 3600)])


async def test_every_source_keeps_its_own_rhythm() -> None:
    books = Books()
    work = resync(books)
    for now_mono in (100.0, 130.0, 161.0, 3750.0):
        await work.catch_up(now_mono)
    assert books.synced == [["wiki", "archive"], ["wiki"], ["wiki", "archive"]]


async def test_a_damaged_index_is_rebuilt_without_waiting_for_a_source() -> None:
    books = Books()
    work = resync(books)
    await work.catch_up(100.0)
    books.trouble = "passages.sqlite3 is missing"
    await work.catch_up(101.0)
    assert books.synced == [["wiki", "archive"], []]


async def test_what_somebody_else_is_syncing_stays_due() -> None:
    books = Books()
    work = resync(books)
    books.fault = SyncBusyError(Path("kb"))
    await work.catch_up(100.0)
    books.fault = None
    await work.catch_up(101.0)
    assert books.synced == [["wiki", "archive"]] * 2


async def test_a_failed_sync_is_tried_again_when_it_is_due_again() -> None:
    books = Books()
    work = resync(books)
    books.fault = StoreError(Path("documents.sqlite3"), "disk I/O error")
    await work.catch_up(100.0)
    books.fault = None
    await work.catch_up(130.0)
    await work.catch_up(161.0)
    assert books.synced == [["wiki", "archive"], ["wiki"]]
