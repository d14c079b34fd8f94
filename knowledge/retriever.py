"""One search over one index: two rankings, fused, exact names first, repetitions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from .access import ANYBODY, Reader
from .documents import Hit
from .entries import DocumentEntry
from .fusion import Ranked, fuse, promote, without_near_duplicates
from .index import Index
from .refusal import Signals
from .terms import identifiers, strip_markup, terms

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

    def allows(self, document: DocumentEntry) -> bool:
        """Whether the chunks of a document may be returned."""
        if self.sources and document.source not in self.sources:
            return False
        if self.services and document.metadata.service not in self.services:
            return False
        if self.owners and document.metadata.owner not in self.owners:
            return False
        folder = self.under.strip("/")
        return not folder or document.path == folder or document.path.startswith(f"{folder}/")


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
    allowed = index.rows_allowed(only or SearchFilter(), reader)
    lexical = index.lexical.search(terms(asked), DEPTH, allowed)
    near = index.nearest(vector, DEPTH, allowed) if vector is not None else []
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


def _rows_with_names(
    index: Index, question: str, allowed: NDArray[np.bool_] | None
) -> frozenset[int]:
    """Rows that hold a rare name of the question exactly; hidden rows make no name common."""
    found: set[int] = set()
    for name in identifiers(question):
        rows = [row for row in index.lexical.rows_with(name) if allowed is None or allowed[row]]
        if 0 < len(rows) <= _RARE_ROWS:
            found.update(int(row) for row in rows)
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
