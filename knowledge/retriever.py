"""One search over one index: two rankings, fused, exact names first, repetitions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from .access import ANYBODY, Reader
from .documents import Chunk, Hit, Metadata
from .fusion import Ranked, fuse, promote, without_near_duplicates
from .index import Index
from .refusal import Signals
from .terms import identifiers, strip_markup, terms
from .vectors import VectorMatch

DEPTH = 100
"""Rows each ranking contributes."""

_RARE_ROWS = 12
"""A name in more chunks than this says too little about any one of them."""

_DUPLICATE_POOL = 4
"""Candidates looked at for each passage wanted, when repetitions are dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Which documents a search may return.

    Attributes:
        sources: Folders as given to a sync, absolute; empty allows all.
        under: Only documents whose path is this or lies below it; empty allows all.
        services: Only documents about one of these; empty allows all.
        owners: Only documents kept by one of these; empty allows all.
    """

    sources: frozenset[str] = frozenset()
    under: str = ""
    services: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()

    def allows(self, chunk: Chunk, metadata: Metadata) -> bool:
        """Whether a chunk may be returned."""
        if self.sources and chunk.source not in self.sources:
            return False
        if self.services and metadata.service not in self.services:
            return False
        if self.owners and metadata.owner not in self.owners:
            return False
        folder = self.under.strip("/")
        return not folder or chunk.path == folder or chunk.path.startswith(f"{folder}/")


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Hits, best first, and what the refusal gate needs to know."""

    hits: tuple[Hit, ...]
    signals: Signals


def retrieve(
    index: Index,
    question: str,
    vector: NDArray[np.float32] | None,
    k: int,
    only: SearchFilter | None = None,
    reader: Reader = ANYBODY,
) -> Retrieved:
    """Search. Blocks on disk for a millisecond or two.

    Args:
        vector: The question's embedding, shape (n_dimensions,); None searches by words alone.
        k: Most hits returned.
        reader: What they may not read takes no part in the search, not even in its scores.
    """
    asked = strip_markup(question)
    allowed = _allowed(index, only or SearchFilter(), reader)
    lexical = index.lexical.search(terms(asked), DEPTH, allowed)
    near = _nearest(index, vector, allowed)
    exact = _rows_with_names(index, asked, allowed)
    ranked = fuse([[match.row for match in lexical], [match.row for match in near]])
    ranked = promote(ranked, exact)
    best = _distinct(index, ranked, k)
    cosines = {match.row: match.cosine for match in near}
    return Retrieved(
        hits=tuple(_hit(index, one, cosines.get(one.row)) for one in best),
        signals=Signals(
            cosine=None if vector is None else max(cosines.values(), default=0.0),
            coverage=_coverage(index, asked, best),
            has_name=bool(exact),
        ),
    )


def _allowed(index: Index, only: SearchFilter, reader: Reader) -> NDArray[np.bool_] | None:
    """Rows that may be found; None when all may."""
    known = [index.metadata_of(row) for row in range(len(index.chunks))]
    rows = [
        only.allows(chunk, metadata) and reader.may_read(metadata.groups)
        for chunk, metadata in zip(index.chunks, known, strict=True)
    ]
    return None if all(rows) else np.array(rows, dtype=np.bool_)


def _nearest(
    index: Index, vector: NDArray[np.float32] | None, allowed: NDArray[np.bool_] | None
) -> list[VectorMatch]:
    if vector is None:
        return []
    rows = None if allowed is None else [int(row) for row in np.flatnonzero(allowed)]
    return index.vectors.search(vector, DEPTH, rows)


def _rows_with_names(
    index: Index, question: str, allowed: NDArray[np.bool_] | None
) -> frozenset[int]:
    """Rows that hold a rare name of the question exactly."""
    found: set[int] = set()
    for name in identifiers(question):
        rows = index.lexical.rows_with(name)
        if 0 < len(rows) <= _RARE_ROWS:
            found.update(int(row) for row in rows if allowed is None or allowed[row])
    return frozenset(found)


def _distinct(index: Index, ranked: Sequence[Ranked], k: int) -> list[Ranked]:
    pool = list(islice(ranked, k * _DUPLICATE_POOL))
    sets = [index.terms_of(one.row) for one in pool]
    return without_near_duplicates(pool, sets, k)


def _coverage(index: Index, question: str, found: Sequence[Ranked]) -> float:
    asked = terms(question)
    return max((index.lexical.coverage(asked, one.row) for one in found), default=0.0)


def _hit(index: Index, ranked: Ranked, cosine: float | None) -> Hit:
    chunk = index.chunks[ranked.row]
    return Hit(
        source=chunk.source,
        path=chunk.path,
        title=chunk.title,
        heading=chunk.heading,
        lines=chunk.lines,
        score=ranked.score,
        cosine=cosine,
        text=chunk.text,
        ordinal=chunk.ordinal,
        metadata=index.metadata_of(ranked.row),
    )
