"""How fast documents are taken in and found, at several sizes, and how fast the encoder is."""

from __future__ import annotations

import hashlib
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge import (
    ANYBODY,
    OWNER,
    Document,
    Embedder,
    FolderSource,
    Format,
    KnowledgeBase,
    estimate_tokens,
)
from knowledge.chunking import chunk_document

from .figures import percentile
from .tree_memory import peak_rss_of_tree

Progress = Callable[[str], None]

_N_WORDS = 20_000
_N_DIMENSIONS = 384
_CHUNKS_PER_DOCUMENT = 8
_WORDS_PER_CHUNK = 120
_TEXTS_PER_CALL = 32
_SYLLABLES = (
    "ba be bi bo da de di do ka ke ki ko la le li lo ma me mi mo na ne ra re ri ro sa se ta te"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeSpeed:
    """One size.

    Attributes:
        n_documents: Of them every one is stored, cut and indexed.
        n_tokens: Of all passages, within about 10 %.
        first_sync_s: From documents to a complete index, with vectors that cost nothing.
        one_changed_s: From one changed document to the index that holds it.
        search_p50_ms: A search whose vector is given.
        restricted_p95_ms: The same for somebody who may not read a quarter of the documents.
        disk_mb: Of stored documents and index, in millions of bytes.
        peak_rss_mb: Most memory of the process while indexing, in MiB.
    """

    n_documents: int
    n_chunks: int
    n_tokens: int
    first_sync_s: float
    chunks_per_s: float
    one_changed_s: float
    open_s: float
    search_p50_ms: float
    search_p95_ms: float
    restricted_p95_ms: float
    disk_mb: float
    peak_rss_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpeed:
    """What an encoder does with passages as they are indexed.

    Attributes:
        query_p50_ms: One question of a dozen words.
    """

    name: str
    n_chunks: int
    n_tokens: int
    seconds: float
    chunks_per_s: float
    tokens_per_s: float
    query_p50_ms: float
    query_p95_ms: float


class DrawnVectors:
    """An embedder that costs nothing: unit vectors drawn around a few hundred centres."""

    name = "drawn"
    n_dimensions = _N_DIMENSIONS

    def __init__(self, seed: int) -> None:
        self._centres = np.random.default_rng(seed).normal(size=(400, _N_DIMENSIONS))

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same text always gives the same vector."""
        if not texts:
            return np.zeros((0, _N_DIMENSIONS), dtype=np.float32)
        rows = np.stack([self._vector(text) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def _vector(self, text: str) -> NDArray[np.float64]:
        digest = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
        drawn = np.random.default_rng(digest)
        centre = self._centres[digest % len(self._centres)]
        return centre + 0.8 * drawn.normal(size=_N_DIMENSIONS)


def generated_documents(n_chunks: int, seed: int) -> Iterator[Document]:
    """About this many passages; few words are frequent, most are rare."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    syllables = _SYLLABLES.split()
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(_N_WORDS)]
    for number in range(max(1, n_chunks // _CHUNKS_PER_DOCUMENT)):
        yield _document(rng, words, number)


def _document(rng: random.Random, words: Sequence[str], number: int) -> Document:
    parts = [f"# Page {number} {_text(rng, words, 3)}"]
    for _ in range(_CHUNKS_PER_DOCUMENT):
        parts += [f"## {_text(rng, words, 3)}", _text(rng, words, _WORDS_PER_CHUNK)]
    text = "\n\n".join(parts)
    digest = hashlib.sha256(text.encode()).hexdigest()
    made = Document(
        source="bench", path=f"{number}.md", text=text, format=Format.MARKDOWN, sha256=digest
    )
    if number % 4:
        return made
    return replace(made, metadata=replace(made.metadata, groups=frozenset({"some"})))


def _text(rng: random.Random, words: Sequence[str], n_words: int) -> str:
    """Words by Zipf's law."""
    places = (int(len(words) ** rng.random()) - 1 for _ in range(n_words))
    return " ".join(words[place] for place in places)


def read_documents(folder: Path) -> list[Document]:
    """The documents of a folder."""
    found = FolderSource(folder, "bench").read({})
    return [one for one in found if isinstance(one, Document)]


async def measure_knowledge(
    home: Path, documents: Sequence[Document], *, seed: int, n_queries: int, progress: Progress
) -> KnowledgeSpeed:
    """Index documents with drawn vectors, change one, search.

    Args:
        home: An empty folder.
    """
    base = KnowledgeBase(home, DrawnVectors(seed))
    progress(f"indexing {len(documents)} documents")
    with peak_rss_of_tree() as peak:
        report = await base.add(documents)
    progress("indexing one changed document")
    first = documents[0]
    changed = replace(first, text=f"{first.text}\n\nAnother sentence.\n", sha256="changed")
    one_changed_s = (await base.add([changed])).seconds
    await base.close()
    began_mono = time.monotonic()
    await base.open()
    open_s = time.monotonic() - began_mono
    progress(f"{n_queries} searches")
    asked = _questions(documents, seed, n_queries)
    times = [(await base.search(question, reader=OWNER)).ms for question in asked]
    others = [(await base.search(question, reader=ANYBODY)).ms for question in asked]
    await base.close()
    return KnowledgeSpeed(
        n_documents=report.n_documents,
        n_chunks=report.n_chunks,
        n_tokens=sum(estimate_tokens(one.text) for one in documents),
        first_sync_s=report.seconds,
        chunks_per_s=report.n_chunks / report.seconds,
        one_changed_s=one_changed_s,
        open_s=open_s,
        search_p50_ms=percentile(times, 0.5) or 0.0,
        search_p95_ms=percentile(times, 0.95) or 0.0,
        restricted_p95_ms=percentile(others, 0.95) or 0.0,
        disk_mb=_n_bytes(home) / 1e6,
        peak_rss_mb=peak.n_bytes / 2**20,
    )


def _n_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _questions(documents: Sequence[Document], seed: int, n: int) -> list[str]:
    """A dozen words of one document each."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    found: list[str] = []
    for _ in range(n):
        words = rng.choice(documents).text.split()
        start = rng.randrange(max(1, len(words) - 12))
        found.append(" ".join(words[start : start + 12]))
    return found


async def measure_encoder(
    embedder: Embedder, documents: Sequence[Document], *, n_chunks: int, progress: Progress
) -> EncoderSpeed:
    """Embed passages as a sync does, and single questions."""
    texts = passages(documents, n_chunks)
    await embedder.embed(texts[:_TEXTS_PER_CALL])
    progress(f"embedding {len(texts)} passages")
    began_mono = time.monotonic()
    for start in range(0, len(texts), _TEXTS_PER_CALL):
        await embedder.embed(texts[start : start + _TEXTS_PER_CALL])
    seconds = time.monotonic() - began_mono
    times: list[float] = []
    for question in _questions(documents, 0, min(50, len(texts))):
        began_mono = time.monotonic()
        await embedder.embed([question])
        times.append((time.monotonic() - began_mono) * 1000)
    n_tokens = sum(estimate_tokens(text) for text in texts)
    return EncoderSpeed(
        name=embedder.name,
        n_chunks=len(texts),
        n_tokens=n_tokens,
        seconds=seconds,
        chunks_per_s=len(texts) / seconds,
        tokens_per_s=n_tokens / seconds,
        query_p50_ms=percentile(times, 0.5) or math.nan,
        query_p95_ms=percentile(times, 0.95) or math.nan,
    )


def passages(documents: Sequence[Document], n: int) -> list[str]:
    """The first texts that would be embedded, with where they stand."""
    return list(islice(_passages(documents), n))


def _passages(documents: Sequence[Document]) -> Iterator[str]:
    for document in documents:
        for chunk in chunk_document(document):
            yield chunk.embedded_text
