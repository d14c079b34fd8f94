"""The knowledge base as the application sees it: sync folders into it, search it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from . import ingest
from .access import ANYBODY, Reader
from .documents import Answerability, SearchResult, SyncProgress, SyncReport, SyncStage
from .embedding import Embedder
from .errors import EmbeddingError, IndexCorruptError
from .generations import Generations
from .index import Contents, Index, open_index, write_index
from .refusal import confidence, judge
from .retriever import SearchFilter, retrieve


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a knowledge base holds.

    Attributes:
        encoder: Name of the embedder the index was made with; empty when there is no index.
        built_at: Aware UTC, or None when there is no index.
        trouble: Why the stored index cannot be used; a sync repairs it. Empty when all is well.
    """

    n_documents: int
    n_chunks: int
    n_skipped: int
    encoder: str
    built_at: datetime | None
    trouble: str


class _Lease:
    """An index with the number of searches that use it. Event loop only."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.folder = folder
        self.index = index
        self.n_users = 0
        self.is_retired = False

    def close_if_idle(self) -> None:
        if self.is_retired and not self.n_users:
            self.index.close()


class KnowledgeBase:
    """Documents of some folders, searchable. One per directory and process; one event loop.

    Another process may sync the same directory: the next search uses what it built.

    Args:
        directory: Where indices are kept; made when missing.
        embedder: Must stay usable until `close`.
    """

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        self._generations = Generations(directory)
        self._embedder = embedder
        self._lease: _Lease | None = None
        self._trouble = ""
        self._unusable: Path | None = None
        self._is_fresh = asyncio.Lock()

    async def open(self) -> None:
        """Open the current index, if there is one. Searching and syncing do this by themselves.

        An index that cannot be used is not an error: `status` says why, a sync replaces it.
        """
        await self._refresh()

    async def close(self) -> None:
        """Let go of all files, once running searches are through."""
        self._retire()

    async def status(self) -> Status:
        """What is indexed now."""
        await self._refresh()
        if self._lease is None:
            return Status(
                n_documents=0, n_chunks=0, n_skipped=0, encoder="", built_at=None,
                trouble=self._trouble,
            )  # fmt: skip
        manifest = self._lease.index.manifest
        return Status(
            n_documents=len(manifest.documents),
            n_chunks=manifest.n_chunks,
            n_skipped=len(manifest.skipped),
            encoder=manifest.recipe.encoder,
            built_at=manifest.built_at,
            trouble="",
        )

    async def search(
        self,
        question: str,
        k: int = 5,
        *,
        reader: Reader = ANYBODY,
        only: SearchFilter | None = None,
    ) -> SearchResult:
        """Find passages; an index that is missing, empty or unusable finds none.

        When the embedder fails, or the index was made with another one, words alone decide.

        Args:
            k: Most hits returned, >= 1.
            reader: Who will read what is found.

        Raises:
            ValueError: `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be >= 1, got {k}")
        began_mono = time.monotonic()
        vector = await self._question_vector(question)
        async with self._leased() as index:
            if index is None:
                return _nothing(began_mono)
            if vector is not None and index.manifest.recipe != ingest.recipe_for(self._embedder):
                vector = None
            found = await asyncio.to_thread(retrieve, index, question, vector, k, only, reader)
        value = confidence(found.signals)
        return SearchResult(
            hits=found.hits,
            answerability=judge(value) if found.hits else Answerability.NO,
            confidence=value,
            ms=(time.monotonic() - began_mono) * 1000,
        )

    async def sync(
        self, folders: Sequence[Path], on_progress: ingest.Progress | None = None
    ) -> SyncReport:
        """Make the index hold exactly the documents of these folders (or single files).

        Costs nothing for documents whose content did not change. The old index serves until the
        new one is complete; a sync that fails or is cancelled leaves it in place.

        Raises:
            SourceError: A folder does not exist or cannot be read.
            SyncBusyError: Another sync of this directory is running.
            EmbeddingError: The embedder failed.
        """
        with self._generations.exclusive():
            return await self._sync(folders, on_progress or _ignore)

    async def _sync(self, folders: Sequence[Path], on_progress: ingest.Progress) -> SyncReport:
        began_mono = time.monotonic()
        on_progress(SyncProgress(stage=SyncStage.READING, done=0, total=0))
        reading = await asyncio.to_thread(ingest.read_sources, folders)
        n_read = len(reading.documents)
        on_progress(SyncProgress(stage=SyncStage.READING, done=n_read, total=n_read))
        await self._embedder.embed(())  # from here on its name is known
        recipe = ingest.recipe_for(self._embedder)
        async with self._leased() as old:
            plan = ingest.plan(reading.documents, old, recipe, self._trouble)
            if old is not None and plan.is_idle and reading.skipped == old.manifest.skipped:
                return ingest.report(reading, plan, old.manifest.n_chunks, 0, began_mono)
            chunks = await asyncio.to_thread(ingest.cut, reading.documents, old, plan)
            vectors, n_embedded = await ingest.embed_chunks(
                chunks, old, plan, self._embedder, on_progress
            )
        on_progress(SyncProgress(stage=SyncStage.WRITING, done=0, total=len(chunks)))
        contents = ingest.contents(reading, chunks, vectors, recipe)
        await _to_the_end(self._write, contents)
        await self._refresh()
        on_progress(SyncProgress(stage=SyncStage.WRITING, done=len(chunks), total=len(chunks)))
        done = ingest.report(reading, plan, len(chunks), n_embedded, began_mono)
        structlog.get_logger().info(
            "knowledge_index_built",
            n_documents=done.n_documents,
            n_chunks=done.n_chunks,
            n_embedded=done.n_embedded,
            rebuilt=done.rebuilt,
            seconds=round(done.seconds, 2),
        )
        return done

    def _write(self, contents: Contents) -> None:
        folder = self._generations.new()
        try:
            write_index(folder, contents)
            self._generations.publish(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._generations.prune()

    async def _question_vector(self, question: str) -> NDArray[np.float32] | None:
        try:
            return (await ingest.embed_checked(self._embedder, [question]))[0]
        except EmbeddingError as exc:
            structlog.get_logger().warning("searching_by_words_alone", reason=str(exc))
            return None

    @asynccontextmanager
    async def _leased(self) -> AsyncGenerator[Index | None]:
        """The current index, kept open while it is used."""
        await self._refresh()
        lease = self._lease
        if lease is None:
            yield None
            return
        lease.n_users += 1
        try:
            yield lease.index
        finally:
            lease.n_users -= 1
            lease.close_if_idle()

    async def _refresh(self) -> None:
        """Follow the pointer to the current generation."""
        async with self._is_fresh:
            folder = await asyncio.to_thread(self._generations.current)
            if folder is None:
                self._retire()
                return
            if folder == self._unusable or (self._lease and self._lease.folder == folder):
                return
            try:
                index = await asyncio.to_thread(open_index, folder)
            except IndexCorruptError as exc:
                self._trouble, self._unusable = exc.reason, folder
                self._retire()
                structlog.get_logger().warning("knowledge_index_unusable", reason=exc.reason)
                return
            self._retire()
            self._lease, self._trouble, self._unusable = _Lease(folder, index), "", None

    def _retire(self) -> None:
        if self._lease is not None:
            self._lease.is_retired = True
            self._lease.close_if_idle()
            self._lease = None


async def _to_the_end(write: Callable[[Contents], None], contents: Contents) -> None:
    """Run in a thread; a cancellation waits for it, so that the lock outlives the writing."""
    writing = asyncio.create_task(asyncio.to_thread(write, contents))
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])
        raise


def _nothing(began_mono: float) -> SearchResult:
    return SearchResult(
        hits=(),
        answerability=Answerability.NO,
        confidence=0.0,
        ms=(time.monotonic() - began_mono) * 1000,
    )


def _ignore(_: SyncProgress) -> None:
    return
