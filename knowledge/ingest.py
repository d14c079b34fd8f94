"""What a sync has to do, and doing it: read, compare, cut, embed, write a new generation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .chunking import CHUNKER_VERSION, chunk_document
from .documents import Chunk, Document, SkippedFile, SyncProgress, SyncReport, SyncStage
from .embedding import Embedder
from .errors import EmbeddingError
from .index import Contents, DocumentEntry, Index, Recipe, documents_of
from .sources.folder import read_source

Progress: TypeAlias = Callable[[SyncProgress], None]
"""Called on the event loop."""

_TEXTS_PER_CALL = 32

Identity: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the sources hold now."""

    documents: tuple[Document, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the documents differ from the ones indexed.

    Attributes:
        unchanged: Documents whose chunks are taken over.
        why_rebuild: Why nothing can be taken over; empty when it can.
    """

    added: int
    changed: int
    removed: int
    unchanged: frozenset[Identity]
    why_rebuild: str

    @property
    def is_idle(self) -> bool:
        """Whether the index already is as it should be."""
        return not (self.added or self.changed or self.removed or self.why_rebuild)


def read_sources(folders: Iterable[Path]) -> Reading:
    """Read all sources; a folder named twice counts once. Blocks on disk.

    Raises:
        SourceError: A folder does not exist or cannot be listed.
    """
    documents: dict[Identity, Document] = {}
    skipped: dict[str, SkippedFile] = {}
    for folder in folders:
        for found in read_source(folder):
            if isinstance(found, Document):
                documents[found.source, found.path] = found
            else:
                skipped[found.path] = found
    return Reading(documents=tuple(documents.values()), skipped=tuple(skipped.values()))


def recipe_for(embedder: Embedder) -> Recipe:
    """What an index made now with this embedder is made with."""
    return Recipe(
        encoder=embedder.name, n_dimensions=embedder.n_dimensions, chunker=CHUNKER_VERSION
    )


def plan(
    documents: Sequence[Document], old: Index | None, recipe: Recipe, trouble: str = ""
) -> Plan:
    """Compare documents by content.

    Args:
        old: The index that serves now, or None.
        trouble: Why there is no old index although there should be one.
    """
    known = {(entry.source, entry.path): entry.sha256 for entry in _entries(old)}
    now = {(document.source, document.path): document.sha256 for document in documents}
    unchanged = frozenset(identity for identity in now if known.get(identity) == now[identity])
    why = trouble
    if old is not None and old.manifest.recipe != recipe:
        why = _difference(old.manifest.recipe, recipe)
    return Plan(
        added=len(now.keys() - known.keys()),
        changed=len(now.keys() & known.keys()) - len(unchanged),
        removed=len(known.keys() - now.keys()),
        unchanged=frozenset() if why else unchanged,
        why_rebuild=why,
    )


def _entries(old: Index | None) -> tuple[DocumentEntry, ...]:
    return old.manifest.documents if old is not None else ()


def _difference(old: Recipe, new: Recipe) -> str:
    if old.chunker != new.chunker:
        return f"chunker {old.chunker} became {new.chunker}"
    return f"embedding model {old.encoder} became {new.encoder}"


def cut(documents: Sequence[Document], old: Index | None, plan_: Plan) -> tuple[Chunk, ...]:
    """Chunks of all documents, those of unchanged ones taken over. Blocks on the CPU."""
    kept = documents_of(old.chunks) if old is not None and plan_.unchanged else {}
    chunks: list[Chunk] = []
    for document in documents:
        identity = (document.source, document.path)
        if identity in plan_.unchanged:
            chunks.extend(kept.get(identity, ()))
        else:
            chunks.extend(chunk_document(document))
    return tuple(chunks)


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


def contents(
    reading: Reading, chunks: tuple[Chunk, ...], vectors: NDArray[np.float32], recipe: Recipe
) -> Contents:
    """Everything that goes into the new generation."""
    by_document = documents_of(chunks)
    return Contents(
        recipe=recipe,
        documents=tuple(_entry(document, by_document) for document in reading.documents),
        skipped=reading.skipped,
        chunks=chunks,
        vectors=vectors,
    )


def _entry(document: Document, by_document: dict[Identity, tuple[Chunk, ...]]) -> DocumentEntry:
    its = by_document.get((document.source, document.path), ())
    return DocumentEntry(
        source=document.source,
        path=document.path,
        sha256=document.sha256,
        title=its[0].title if its else document.path,
        n_chunks=len(its),
        metadata=document.metadata,
    )


def report(
    reading: Reading, plan_: Plan, n_chunks: int, n_embedded: int, began_mono: float
) -> SyncReport:
    """What the sync did."""
    return SyncReport(
        n_documents=len(reading.documents),
        added=plan_.added,
        changed=plan_.changed,
        removed=plan_.removed,
        skipped=reading.skipped,
        n_chunks=n_chunks,
        n_embedded=n_embedded,
        rebuilt=plan_.why_rebuild,
        seconds=time.monotonic() - began_mono,
    )
