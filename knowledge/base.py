"""The knowledge base as the application sees it: sync sources into it, search it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ParamSpec

import numpy as np
import structlog
from numpy.typing import NDArray

from . import ingest
from .access import ANYBODY, Reader
from .document_store import DocumentStore
from .documents import (
    Answerability,
    Document,
    Metadata,
    SearchResult,
    SourceOutcome,
    SourceStatus,
    SyncProgress,
    SyncReport,
    SyncStage,
)
from .embedding import Embedder
from .errors import EmbeddingError, IndexCorruptError
from .generations import Generations
from .index import Contents, Index, open_index, write_index
from .reading import take_in
from .refusal import confidence, judge
from .retriever import SearchFilter, retrieve
from .sources import Source

_P = ParamSpec("_P")


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
    """Documents of some sources, searchable. One per directory and process; one event loop.

    Another process may sync the same directory: the next search uses what it built.

    Args:
        directory: Where indices are kept; made when missing.
        embedder: Must stay usable until `close`.
    """

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        self._generations = Generations(directory)
        self._store = DocumentStore(directory)
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
        stored = await asyncio.to_thread(self._store.sources)
        n_skipped = sum(len(one.skipped) for one in stored)
        if self._lease is None:
            return Status(
                n_documents=0, n_chunks=0, n_skipped=n_skipped, encoder="", built_at=None,
                trouble=self._trouble,
            )  # fmt: skip
        manifest = self._lease.index.manifest
        return Status(
            n_documents=len(manifest.documents),
            n_chunks=manifest.n_chunks,
            n_skipped=n_skipped,
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
        self, sources: Sequence[Source], on_progress: ingest.Progress | None = None
    ) -> SyncReport:
        """Take in what these sources hold now; those not named stay as they are.

        Costs nothing for documents that did not change. The old index serves until the new one is
        complete; a sync that fails, is cancelled or killed leaves it in place, and the next one,
        also one without any source, goes on from there. A source that cannot be read keeps what is
        stored of it; the report says so.

        Raises:
            SyncBusyError: Another sync of this directory is running.
            StoreError: The stored documents cannot be read or written.
            EmbeddingError: The embedder failed.
        """
        named = {source.name: source for source in sources}
        with self._generations.exclusive():
            began_mono = time.monotonic()
            await self._read(tuple(named.values()), on_progress or _ignore)
            return await self._index(tuple(named), on_progress or _ignore, began_mono)

    async def add(
        self,
        documents: Sequence[Document],
        on_progress: ingest.Progress | None = None,
        *,
        kind: str = "pushed",
    ) -> SyncReport:
        """Take in documents beside what their sources hold; same source and path: replaced.

        Args:
            kind: What sort of source they make up, in one word.

        Raises:
            SyncBusyError, StoreError, EmbeddingError: As in `sync`.
        """
        with self._generations.exclusive():
            began_mono = time.monotonic()
            await asyncio.to_thread(self._store.add, documents, kind)
            names = tuple(dict.fromkeys(document.source for document in documents))
            return await self._index(names, on_progress or _ignore, began_mono)

    async def remove(self, source: str, path: str | None = None) -> SyncReport:
        """Forget a source, or one document of it; what is not known is no error.

        Raises:
            SyncBusyError, StoreError, EmbeddingError: As in `sync`.
        """
        with self._generations.exclusive():
            began_mono = time.monotonic()
            await asyncio.to_thread(self._store.remove, source, path)
            return await self._index((source,), _ignore, began_mono)

    async def sources(self) -> tuple[SourceStatus, ...]:
        """What is held of each source, by name.

        Raises:
            StoreError: The stored documents cannot be read.
        """
        stored = await asyncio.to_thread(self._store.sources)
        async with self._leased() as index:
            entries = index.manifest.documents if index is not None else ()
            n_chunks = Counter[str]()
            for entry in entries:
                n_chunks[entry.source] += entry.n_chunks
        return tuple(
            SourceStatus(
                name=one.name,
                kind=one.kind,
                n_documents=one.n_documents,
                n_chunks=n_chunks[one.name],
                n_skipped=len(one.skipped),
                synced_at=one.synced_at,
                trouble=one.trouble,
            )
            for one in stored
        )

    async def catalogue(self) -> tuple[tuple[str, str, Metadata], ...]:
        """Source, path and metadata of every stored document; for the operator's eyes.

        Raises:
            StoreError: The stored documents cannot be read.
        """
        return await asyncio.to_thread(self._store.metadata)

    async def document(self, source: str, path: str, *, reader: Reader) -> Document | None:
        """A stored document; None when there is none, or none that `reader` may read.

        Raises:
            StoreError: The stored documents cannot be read.
        """
        found = await asyncio.to_thread(self._store.document, source, path)
        if found is None or not reader.may_read(found.metadata.groups):
            return None
        return found

    async def _read(self, sources: Sequence[Source], on_progress: ingest.Progress) -> None:
        """Into the store, one source after the other, each as a whole or not at all."""
        on_progress(SyncProgress(stage=SyncStage.READING, done=0, total=0))
        loop, n_before = asyncio.get_running_loop(), 0
        for source in sources:

            def on_read(n_read: int, n_before: int = n_before) -> None:
                n = n_before + n_read
                seen = SyncProgress(stage=SyncStage.READING, done=n, total=n)
                loop.call_soon_threadsafe(on_progress, seen)

            await _to_the_end(take_in, self._store, source, on_read)
            n_before += len(await asyncio.to_thread(self._store.known, source.name))

    async def _index(
        self, names: Sequence[str], on_progress: ingest.Progress, began_mono: float
    ) -> SyncReport:
        """Bring the index to what the store holds."""
        stored = await asyncio.to_thread(self._store.stored)
        await self._embedder.embed(())  # from here on its name is known
        recipe = ingest.recipe_for(self._embedder)
        n_embedded = 0
        async with self._leased() as old:
            plan = ingest.plan(stored, old, recipe, self._trouble)
            if old is not None and plan.is_idle:
                n_chunks = old.manifest.n_chunks
            else:
                chunks, documents = await asyncio.to_thread(
                    ingest.cut, stored, self._store, old, plan
                )
                vectors, n_embedded = await ingest.embed_chunks(
                    chunks, old, plan, self._embedder, on_progress
                )
                n_chunks = len(chunks)
                on_progress(SyncProgress(stage=SyncStage.WRITING, done=0, total=n_chunks))
                contents = Contents(
                    recipe=recipe, documents=documents, chunks=chunks, vectors=vectors
                )
                await _to_the_end(self._write, contents)
        await self._refresh()
        on_progress(SyncProgress(stage=SyncStage.WRITING, done=n_chunks, total=n_chunks))
        outcomes = await asyncio.to_thread(self._outcomes, names, plan)
        done = ingest.report(outcomes, plan, len(stored), n_chunks, n_embedded, began_mono)
        structlog.get_logger().info(
            "knowledge_index_built",
            n_documents=done.n_documents,
            n_chunks=done.n_chunks,
            n_embedded=done.n_embedded,
            rebuilt=done.rebuilt,
            seconds=round(done.seconds, 2),
        )
        return done

    def _outcomes(self, names: Sequence[str], plan: ingest.Plan) -> list[SourceOutcome]:
        stored = {one.name: one for one in self._store.sources()}
        return [ingest.outcome(stored[name], plan) for name in names if name in stored]

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


async def _to_the_end(write: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs) -> None:
    """Run in a thread; a cancellation waits for it, so that the lock outlives the writing."""
    writing = asyncio.create_task(asyncio.to_thread(write, *args, **kwargs))
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
