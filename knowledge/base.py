"""The knowledge base as the application sees it: sync sources into it, search it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from .access import ANYBODY, Reader
from .building import Builder, Built, Progress, Task
from .chroma_embedded import EmbeddedChroma
from .document_store import DocumentStore, StoredKey
from .documents import (
    Answerability,
    Document,
    Metadata,
    SearchResult,
    SourceStatus,
    SyncProgress,
    SyncReport,
    SyncStage,
)
from .embedding import Embedder
from .embedding_cache import EmbeddingCache
from .errors import IndexCorruptError, StoreError, WriteError
from .generations import Generations
from .index import Index, open_index
from .lease import Lease
from .manifest import Recipe
from .plan import Plan, is_comparable, make_plan, recipe_for
from .reading import take_in
from .recovery import is_lost, recover, salvaged
from .refusal import judge
from .retriever import ALL_METHODS, Methods, SearchFilter
from .rewriting import Rewriter
from .searching import Request, Searcher, nothing_found
from .sources import Source
from .status import Status, skipped_in
from .sync_report import report
from .threads import in_thread
from .vectors import VectorHome

_MOST_CHARACTERS = 4_000
_LONG = f"Only the first {_MOST_CHARACTERS:,} characters of the question were searched for."
_WITHOUT_GRAPH = "The vector index does not answer; the local copy of the vectors was searched."
_UNUSABLE = "The index is damaged and is being made anew; nothing can be found until then."


class KnowledgeBase:
    """Documents of some sources, searchable. One per directory and process; one event loop.

    Another process may sync the same directory: the next search uses what it built.

    Args:
        directory: Where indices are kept; made when missing.
        embedder: Must stay usable until `close`.
        vectors: Where vectors are searched; default: an embedded Chroma in the directory.
        rewriter: Puts questions into other words; None searches with what was asked.
    """

    def __init__(
        self,
        directory: Path,
        embedder: Embedder,
        vectors: VectorHome | None = None,
        rewriter: Rewriter | None = None,
    ) -> None:
        self._generations = Generations(directory)
        self._store = DocumentStore(directory)
        self._embedder = embedder
        self._searcher = Searcher(embedder, self._store, rewriter)
        self._home = vectors or EmbeddedChroma()
        self._cache = EmbeddingCache(directory)
        self._builder = Builder(self._store, self._cache, embedder, self._home)
        self._lease: Lease | None = None
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
        """What is indexed now; damage is said in it and raises nothing."""
        await self._refresh()
        n_skipped, damage = await in_thread(skipped_in, self._store)
        if self._lease is None:
            return Status(
                n_documents=0, n_chunks=0, n_skipped=n_skipped, encoder="", built_at=None,
                trouble=self._trouble or damage,
            )  # fmt: skip
        index = self._lease.index
        return Status.of(index.manifest, n_skipped, index.trouble or damage)

    async def search(
        self,
        question: str,
        k: int = 5,
        *,
        reader: Reader = ANYBODY,
        only: SearchFilter | None = None,
        widen_tokens: int = 0,
        methods: Methods = ALL_METHODS,
    ) -> SearchResult:
        """Find passages; an index that is missing, empty or unusable finds none.

        Of a very long question the beginning is searched for; the result's note says so.

        When the embedder fails, or the index was made with another one, words alone decide.

        Args:
            k: Most hits returned, >= 1.
            reader: Who will read what is found.
            widen_tokens: Hits grow by their neighbours until all texts together have about so
                many tokens; 0 leaves them alone.
            methods: For measuring what each part of the search adds.

        Raises:
            ValueError: `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be >= 1, got {k}")
        began_mono = time.monotonic()
        if not question.strip():
            return nothing_found(began_mono, "The question is empty.")
        note = _LONG if len(question) > _MOST_CHARACTERS else ""
        request = Request(
            question=question[:_MOST_CHARACTERS],
            k=k,
            reader=reader,
            only=only,
            widen_tokens=widen_tokens,
            methods=methods,
        )
        wordings = await self._searcher.wordings(request.question, methods)
        async with self._leased() as index:
            if index is None:
                return nothing_found(began_mono, _UNUSABLE if self._trouble else "")
            found = await self._searcher.search(index, request, wordings)
            note = note or (_WITHOUT_GRAPH if index.vector_trouble else "")
        return SearchResult(
            hits=found.hits,
            answerability=judge(found.confidence) if found.hits else Answerability.NO,
            confidence=found.confidence,
            ms=(time.monotonic() - began_mono) * 1000,
            note=note,
        )

    async def sync(
        self, sources: Sequence[Source], on_progress: Progress | None = None
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
            await self._mend()
            await self._read(tuple(named.values()), on_progress or _ignore)
            return await self._index(tuple(named), on_progress or _ignore, began_mono)

    async def add(
        self,
        documents: Sequence[Document],
        on_progress: Progress | None = None,
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
            await self._mend()
            await in_thread(self._store.add, documents, kind)
            names = tuple(dict.fromkeys(document.source for document in documents))
            return await self._index(names, on_progress or _ignore, began_mono)

    async def remove(self, source: str, path: str | None = None) -> SyncReport:
        """Forget a source, or one document of it; what is not known is no error.

        Raises:
            SyncBusyError, StoreError, EmbeddingError: As in `sync`.
        """
        with self._generations.exclusive():
            began_mono = time.monotonic()
            await self._mend()
            await in_thread(self._store.remove, source, path)
            return await self._index((source,), _ignore, began_mono)

    async def sources(self) -> tuple[SourceStatus, ...]:
        """What is held of each source, by name.

        Raises:
            StoreError: The stored documents cannot be read.
        """
        stored = await in_thread(self._store.sources)
        async with self._leased() as index:
            entries = index.documents if index is not None else ()
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
        found = await in_thread(self._store.document, source, path)
        if found is None or not reader.may_read(found.metadata.groups):
            return None
        return found

    async def _mend(self) -> None:
        """Recover the stored documents when they are damaged or gone."""
        async with self._leased() as index:
            try:
                must_recover = await in_thread(is_lost, self._store, index)
                await in_thread(self._store.check)
            except StoreError as exc:
                if not exc.is_damaged:
                    raise
                must_recover = True
            if must_recover:
                await in_thread(recover, self._store, index)

    async def _read(self, sources: Sequence[Source], on_progress: Progress) -> None:
        """Into the store, one source after the other, each as a whole or not at all."""
        on_progress(SyncProgress(stage=SyncStage.READING, done=0, total=0))
        loop, n_before = asyncio.get_running_loop(), 0
        for source in sources:

            def on_read(n_read: int, n_before: int = n_before) -> None:
                n = n_before + n_read
                seen = SyncProgress(stage=SyncStage.READING, done=n, total=n)
                loop.call_soon_threadsafe(on_progress, seen)

            await in_thread(take_in, self._store, source, on_read)
            n_before += len(await in_thread(self._store.known, source.name))

    async def _index(
        self, names: Sequence[str], on_progress: Progress, began_mono: float
    ) -> SyncReport:
        """Bring the index to what the store holds."""
        stored = await in_thread(self._store.stored)
        await self._embedder.embed(())  # from here on its name is known
        recipe = recipe_for(self._embedder)
        async with self._leased() as old:
            why = self._trouble if old is None else old.trouble
            plan = make_plan(stored, old, recipe, why)
            if old is not None and plan.is_idle:
                n_chunks, n_embedded = old.manifest.n_chunks, 0
            else:
                built = await self._build(stored, plan, recipe, old, on_progress)
                n_chunks, n_embedded = built.manifest.n_chunks, built.n_embedded
        await self._refresh()
        on_progress(SyncProgress(stage=SyncStage.WRITING, done=n_chunks, total=n_chunks))
        sources = await in_thread(self._store.sources)
        return report(names, sources, plan, n_chunks, n_embedded, time.monotonic() - began_mono)

    async def _build(
        self,
        stored: tuple[StoredKey, ...],
        plan: Plan,
        recipe: Recipe,
        old: Index | None,
        on_progress: Progress,
    ) -> Built:
        folder = self._generations.new()
        saved = await in_thread(salvaged, self._generations.all(), recipe) if old is None else []
        taken = old is not None and is_comparable(old.manifest.recipe, recipe)
        task = Task(
            directory=folder,
            stored=stored,
            plan=plan,
            recipe=recipe,
            old=old,
            known=(*saved, *([old.chunks] if old is not None and taken else [])),
        )
        try:
            built = await self._builder.build(task, on_progress)
            await in_thread(self._generations.publish, folder)
        except BaseException as exc:
            await in_thread(shutil.rmtree, folder, ignore_errors=True)
            if isinstance(exc, (OSError, sqlite3.Error)):
                raise WriteError(folder.parent.parent, _reason(exc)) from exc
            raise
        finally:
            for passages in saved:
                passages.close()
        await in_thread(self._settle, built)
        return built

    def _settle(self, built: Built) -> None:
        self._cache.clear()
        self._home.settle(built.manifest.vectors, built.gone)
        self._generations.prune()

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
                index = await asyncio.to_thread(open_index, folder, self._home)
            except IndexCorruptError as exc:
                self._trouble, self._unusable = exc.reason, folder
                self._retire()
                structlog.get_logger().warning("knowledge_index_unusable", reason=exc.reason)
                return
            self._retire()
            self._lease, self._trouble, self._unusable = Lease(folder, index), "", None

    def _retire(self) -> None:
        if self._lease is not None:
            self._lease.is_retired = True
            self._lease.close_if_idle()
            self._lease = None


def _reason(exc: Exception) -> str:
    return (isinstance(exc, OSError) and exc.strerror) or str(exc)


def _ignore(_: SyncProgress) -> None:
    return
