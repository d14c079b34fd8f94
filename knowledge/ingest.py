"""What an index has to become: compare with the stored documents, cut, embed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .chunking import CHUNKER_VERSION, chunk_document
from .document_store import DocumentStore, StoredKey, StoredSource
from .documents import (
    Chunk,
    Document,
    SourceOutcome,
    SyncProgress,
    SyncReport,
    SyncStage,
)
from .embedding import Embedder
from .errors import EmbeddingError
from .index import DocumentEntry, Index, Recipe, documents_of

Progress: TypeAlias = Callable[[SyncProgress], None]
"""Called on the event loop."""

_TEXTS_PER_CALL = 32

Identity: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the stored documents differ from the ones indexed.

    Attributes:
        unchanged: Documents whose chunks are taken over.
        why_rebuild: Why nothing can be taken over; empty when it can.
    """

    added: frozenset[Identity]
    changed: frozenset[Identity]
    removed: frozenset[Identity]
    unchanged: frozenset[Identity]
    why_rebuild: str

    @property
    def is_idle(self) -> bool:
        """Whether the index already is as it should be."""
        return not (self.added or self.changed or self.removed or self.why_rebuild)


def recipe_for(embedder: Embedder) -> Recipe:
    """What an index made now with this embedder is made with."""
    return Recipe(
        encoder=embedder.name, n_dimensions=embedder.n_dimensions, chunker=CHUNKER_VERSION
    )


def plan(stored: Sequence[StoredKey], old: Index | None, recipe: Recipe, trouble: str = "") -> Plan:
    """Compare documents by everything that is stored of them.

    Args:
        old: The index that serves now, or None.
        trouble: Why there is no old index although there should be one.
    """
    known = {(entry.source, entry.path): entry.revision for entry in _entries(old)}
    now = {(key.source, key.path): key.revision for key in stored}
    unchanged = frozenset(identity for identity in now if known.get(identity) == now[identity])
    why = trouble
    if old is not None and old.manifest.recipe != recipe:
        why = _difference(old.manifest.recipe, recipe)
    return Plan(
        added=frozenset(now.keys() - known.keys()),
        changed=frozenset(now.keys() & known.keys()) - unchanged,
        removed=frozenset(known.keys() - now.keys()),
        unchanged=frozenset() if why else unchanged,
        why_rebuild=why,
    )


def _entries(old: Index | None) -> tuple[DocumentEntry, ...]:
    return old.manifest.documents if old is not None else ()


def _difference(old: Recipe, new: Recipe) -> str:
    if old.chunker != new.chunker:
        return f"chunker {old.chunker} became {new.chunker}"
    return f"embedding model {old.encoder} became {new.encoder}"


def cut(
    stored: Sequence[StoredKey], store: DocumentStore, old: Index | None, plan_: Plan
) -> tuple[tuple[Chunk, ...], tuple[DocumentEntry, ...]]:
    """Chunks and entries of all documents, those of unchanged ones taken over. Blocks."""
    kept = documents_of(old.chunks) if old is not None and plan_.unchanged else {}
    entries = {(one.source, one.path): one for one in _entries(old)}
    fresh = _fresh(stored, store, plan_)
    chunks: list[Chunk] = []
    documents: list[DocumentEntry] = []
    for key in stored:
        identity = (key.source, key.path)
        if identity in plan_.unchanged:
            chunks.extend(kept.get(identity, ()))
            documents.append(entries[identity])
        else:
            document = next(fresh)
            its = chunk_document(document)
            chunks.extend(its)
            documents.append(_entry(document, key.revision, its))
    return tuple(chunks), tuple(documents)


def _fresh(stored: Sequence[StoredKey], store: DocumentStore, plan_: Plan) -> Iterator[Document]:
    identities = ((key.source, key.path) for key in stored)
    return store.documents(one for one in identities if one not in plan_.unchanged)


def _entry(document: Document, revision: str, chunks: Sequence[Chunk]) -> DocumentEntry:
    return DocumentEntry(
        source=document.source,
        path=document.path,
        revision=revision,
        title=chunks[0].title if chunks else document.path,
        n_chunks=len(chunks),
        metadata=document.metadata,
    )


async def embed_chunks(
    chunks: Sequence[Chunk],
    old: Index | None,
    plan_: Plan,
    embedder: Embedder,
    on_progress: Progress,
) -> tuple[NDArray[np.float32], int]:
    """Vectors of all chunks; the same text under the same headings is never embedded twice.

    Returns:
        Shape (len(chunks), n_dimensions), and the number of texts that were embedded.

    Raises:
        EmbeddingError: The embedder's answer cannot be used.
    """
    usable = old if old is not None and not plan_.why_rebuild else None
    vectors = await asyncio.to_thread(_known_vectors, chunks, usable)
    missing = list(dict.fromkeys(c.embedded_text for c in chunks if c.embedded_text not in vectors))
    for start in range(0, len(missing), _TEXTS_PER_CALL):
        on_progress(SyncProgress(stage=SyncStage.EMBEDDING, done=start, total=len(missing)))
        texts = missing[start : start + _TEXTS_PER_CALL]
        vectors.update(zip(texts, await embed_checked(embedder, texts), strict=True))
    on_progress(SyncProgress(stage=SyncStage.EMBEDDING, done=len(missing), total=len(missing)))
    rows = [vectors[chunk.embedded_text] for chunk in chunks]
    empty = np.zeros((0, embedder.n_dimensions), dtype=np.float32)
    return (np.stack(rows) if rows else empty), len(missing)


def _known_vectors(chunks: Sequence[Chunk], old: Index | None) -> dict[str, NDArray[np.float32]]:
    if old is None:
        return {}
    wanted = {chunk.embedded_text for chunk in chunks}
    rows = {
        chunk.embedded_text: row
        for row, chunk in enumerate(old.chunks)
        if chunk.embedded_text in wanted
    }
    if not rows:
        return {}
    return dict(zip(rows, old.vectors.read(list(rows.values())), strict=True))


async def embed_checked(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed, and hold the embedder to its promise.

    Raises:
        EmbeddingError: The shape is wrong or a number is not finite.
    """
    vectors = np.asarray(await embedder.embed(texts), dtype=np.float32)
    if vectors.shape != (len(texts), embedder.n_dimensions):
        raise EmbeddingError(
            f"expected {len(texts)} vectors of {embedder.n_dimensions} numbers, "
            f"got an array of shape {vectors.shape}"
        )
    if not np.isfinite(vectors).all():
        raise EmbeddingError("a vector holds a number that is not finite")
    return vectors


def outcome(source: StoredSource, plan_: Plan) -> SourceOutcome:
    """What the sync did with one source."""
    return SourceOutcome(
        name=source.name,
        kind=source.kind,
        n_documents=source.n_documents,
        added=_n_of(source.name, plan_.added),
        changed=_n_of(source.name, plan_.changed),
        removed=_n_of(source.name, plan_.removed),
        skipped=source.skipped,
        trouble=source.trouble,
    )


def _n_of(source: str, identities: frozenset[Identity]) -> int:
    return sum(its == source for its, _ in identities)


def report(
    outcomes: Sequence[SourceOutcome],
    plan_: Plan,
    n_documents: int,
    n_chunks: int,
    n_embedded: int,
    began_mono: float,
) -> SyncReport:
    """What the sync did."""
    return SyncReport(
        n_documents=n_documents,
        added=len(plan_.added),
        changed=len(plan_.changed),
        removed=len(plan_.removed),
        skipped=tuple(file for one in outcomes for file in one.skipped),
        n_chunks=n_chunks,
        n_embedded=n_embedded,
        rebuilt=plan_.why_rebuild,
        seconds=time.monotonic() - began_mono,
        sources=tuple(outcomes),
    )
