"""Making the next index: cut what changed, embed what is new, write both search structures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .chroma_embedded import stable_files
from .chunking import chunk_document
from .document_store import DocumentStore, StoredKey
from .documents import SyncProgress, SyncStage
from .embedding import Embedder, embed_checked
from .embedding_cache import EmbeddingCache, Keeping
from .index import LEXICAL_FOLDER, Index
from .lexical import LexicalIndex
from .manifest import Manifest, Recipe, checksums, write_manifest
from .passages import Passages
from .passages_draft import PassagesDraft
from .plan import Plan, can_patch
from .threads import in_thread
from .tokens import estimate_tokens
from .vectors import VectorChange, VectorHome

Progress: TypeAlias = Callable[[SyncProgress], None]
"""Called on the event loop."""

_TEXTS_PER_CALL = 32
_DOCUMENTS_PER_READ = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One index to be made.

    Attributes:
        directory: Its folder, not made yet.
        stored: Every document it will hold.
        old: The index that serves now, or None.
        known: Passages whose vectors may be taken over, of the same encoder.
    """

    directory: Path
    stored: tuple[StoredKey, ...]
    plan: Plan
    recipe: Recipe
    old: Index | None
    known: tuple[Passages, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was made.

    Attributes:
        gone: Rows of the old index that the new one left empty.
    """

    manifest: Manifest
    gone: tuple[range, ...]
    n_embedded: int


class Builder:
    """Makes indices from stored documents; what one call began, another may finish."""

    def __init__(
        self, store: DocumentStore, cache: EmbeddingCache, embedder: Embedder, home: VectorHome
    ) -> None:
        self._store = store
        self._cache = cache
        self._embedder = embedder
        self._home = home

    async def build(self, task: Task, on_progress: Progress) -> Built:
        """Make an index; only the folder named is written to, and it is complete at the end.

        Raises:
            EmbeddingError: The embedder failed; what it gave so far is kept for the next time.
            StoreError: The stored documents or the kept vectors cannot be read or written.
            VectorsError: The vectors cannot be written.
            OSError: The disk is full or refuses.
        """
        draft = await in_thread(self._cut, task)
        try:
            n_embedded = await self._embed(draft, task, on_progress)
            progress = SyncProgress(stage=SyncStage.WRITING, done=0, total=draft.n_rows)
            on_progress(progress)
            manifest = await in_thread(self._write, draft, task)
        finally:
            draft.abandon()
        is_patched = _base_of(task) is not None
        gone = tuple(one.rows for one in task.plan.gone) if is_patched else ()
        return Built(manifest=manifest, gone=gone, n_embedded=n_embedded)

    def _cut(self, task: Task) -> PassagesDraft:
        task.directory.mkdir(parents=True)
        base = _base_of(task)
        if base is None:
            draft = PassagesDraft(task.directory, None, 0)
        else:
            draft = PassagesDraft(task.directory, base.directory, base.manifest.n_rows)
            draft.forget(task.plan.gone)
        fresh = task.plan.fresh if base is not None else task.stored
        for start in range(0, len(fresh), _DOCUMENTS_PER_READ):
            keys = fresh[start : start + _DOCUMENTS_PER_READ]
            documents = self._store.documents((key.source, key.path) for key in keys)
            for key, document in zip(keys, documents, strict=True):
                draft.put(document, key.revision, chunk_document(document))
        return draft

    async def _embed(self, draft: PassagesDraft, task: Task, on_progress: Progress) -> int:
        """Fill in the vectors of all fresh rows; the same text is never embedded twice."""
        vectors = draft.open_vectors(task.recipe.n_dimensions)
        rows, missing = await in_thread(self._take_known, draft, task, vectors)
        total, n_tokens = len(missing), 0
        keeping = Keeping(self._cache, task.recipe.encoder)
        try:
            for start in range(0, total, _TEXTS_PER_CALL):
                on_progress(_embedding(start, total, n_tokens, len(task.stored)))
                part = missing[start : start + _TEXTS_PER_CALL]
                texts = draft.texts([rows[digest][0] for digest in part])
                found = await embed_checked(self._embedder, texts)
                n_tokens += sum(estimate_tokens(text) for text in texts)
                its = dict(zip(part, found, strict=True))
                _fill(vectors, rows, its)
                await in_thread(keeping.add, its)
        finally:
            await in_thread(keeping.flush)
        on_progress(_embedding(total, total, n_tokens, len(task.stored)))
        return total

    def _take_known(
        self, draft: PassagesDraft, task: Task, vectors: NDArray[np.float32]
    ) -> tuple[dict[bytes, list[int]], list[bytes]]:
        """Rows of each text, and the texts of which no vector is known."""
        rows: dict[bytes, list[int]] = {}
        for row, digest in enumerate(draft.fresh_digests(), start=draft.first_fresh):
            rows.setdefault(digest, []).append(row)
        missing = list(rows)
        for passages in task.known:
            at = passages.rows_of_texts(missing)
            _fill(vectors, rows, {digest: passages.vectors[row] for digest, row in at.items()})
            missing = [digest for digest in missing if digest not in at]
        kept = self._cache.find(task.recipe.encoder, missing)
        _fill(vectors, rows, kept)
        return rows, [digest for digest in missing if digest not in kept]

    def _write(self, draft: PassagesDraft, task: Task) -> Manifest:
        base = _base_of(task)
        fresh = range(draft.first_fresh, draft.n_rows)
        gone = tuple(one.rows for one in task.plan.gone)
        if base is None:
            LexicalIndex.build(draft.fresh_texts()).save(task.directory / LEXICAL_FOLDER)
        else:
            lexical = base.lexical.patched(gone, draft.fresh_texts())
            lexical.save(task.directory / LEXICAL_FOLDER)
        draft.finish()
        with_vectors = Passages.open(task.directory)
        try:
            name = self._keep_vectors(task, base, with_vectors.vectors, gone, fresh)
        finally:
            with_vectors.close()
        n_gone = sum(len(span) for span in gone) if base is not None else 0
        before = (base.manifest.n_chunks - n_gone, base.manifest.n_patched) if base else (0, 0)
        manifest = Manifest(
            recipe=task.recipe,
            built_at=datetime.now(UTC),
            n_documents=len(task.stored),
            n_chunks=before[0] + len(fresh),
            n_rows=draft.n_rows,
            n_patched=before[1] + n_gone + len(fresh) if base is not None else 0,
            vectors=name,
            files=checksums(task.directory, stable_files(task.directory)),
        )
        write_manifest(task.directory, manifest)
        return manifest

    def _keep_vectors(
        self,
        task: Task,
        base: Index | None,
        vectors: NDArray[np.float32],
        gone: tuple[range, ...],
        fresh: range,
    ) -> str:
        if base is None:
            return self._home.build(task.directory, vectors, [fresh])
        change = VectorChange(vectors=vectors, gone=gone, fresh=fresh)
        return self._home.patch(task.directory, base.directory, base.manifest.vectors, change)


def _base_of(task: Task) -> Index | None:
    """The index to go on from, or None when the new one is made as a whole."""
    old = task.old
    if old is None or old.trouble:
        return None
    per_document = -(-old.manifest.n_chunks // max(1, old.manifest.n_documents))
    n_fresh = len(task.plan.fresh) * per_document
    return old if can_patch(task.plan, old, n_fresh) else None


def _embedding(done: int, total: int, n_tokens: int, n_documents: int) -> SyncProgress:
    return SyncProgress(
        stage=SyncStage.EMBEDDING,
        done=done,
        total=total,
        n_tokens=n_tokens,
        n_documents=n_documents,
    )


def _fill(
    vectors: NDArray[np.float32],
    rows: dict[bytes, list[int]],
    found: dict[bytes, NDArray[np.float32]],
) -> None:
    for digest, vector in found.items():
        vectors[rows[digest]] = vector
