"""One search over one index: two rankings, fused, exact names first, repetitions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from .access import ANYBODY, Reader
from .entries import DocumentEntry
from .fusion import Ranked, best_of, blend, fuse, promote, without_near_duplicates
from .index import Index
from .refusal import Signals
from .terms import identifiers, terms

DEPTH = 100
"""Rows each ranking contributes."""

_MEASURED = 10
"""Of the best rows by words, how many get their cosine looked up when it is not among the best."""

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
        hidden: Source and path of documents that are not searched.
    """

    sources: frozenset[str] = frozenset()
    under: str = ""
    services: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    hidden: frozenset[tuple[str, str]] = frozenset()

    def allows(self, document: DocumentEntry) -> bool:
        """Whether the chunks of a document may be returned."""
        if self.sources and document.source not in self.sources:
            return False
        if (document.source, document.path) in self.hidden:
            return False
        if self.services and document.metadata.service not in self.services:
            return False
        if self.owners and document.metadata.owner not in self.owners:
            return False
        folder = self.under.strip("/")
        return not folder or document.path == folder or document.path.startswith(f"{folder}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """What takes part in a search. Everything does, except where the parts are measured.

    Attributes:
        words: BM25.
        meaning: Vectors.
        scores: The two are fused by score; else by rank.
        names: Exact rare names come first.
        glossary: A question in another language is also searched in English words.
        rewriting: So is what a model makes of it, where there is one.
    """

    words: bool = True
    meaning: bool = True
    scores: bool = True
    names: bool = True
    glossary: bool = True
    rewriting: bool = True


ALL_METHODS = Methods()


@dataclass(frozen=True, slots=True)
class Wording:
    """One way of putting the question.

    Attributes:
        vector: Its embedding, shape (n_dimensions,); None searches by words alone.
    """

    text: str
    vector: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Rows, best first, and what the refusal gate needs to know."""

    ranked: tuple[Ranked, ...]
    cosines: Mapping[int, float]
    signals: Signals


def retrieve(
    index: Index,
    wordings: Sequence[Wording],
    k: int,
    *,
    only: SearchFilter | None = None,
    reader: Reader = ANYBODY,
    methods: Methods = ALL_METHODS,
) -> Retrieved:
    """Search. Blocks on disk for a millisecond or two a wording.

    Args:
        wordings: The question as it was asked, without chat markup, then others of it; >= 1.
        k: Most rows returned.
        reader: What they may not read takes no part in the search, not even in its scores.
    """
    allowed = index.rows_allowed(only or SearchFilter(), reader)
    findings = [_find(index, wording, allowed, methods) for wording in wordings]
    ranked = best_of([_fused(finding, methods) for finding in findings])
    asked = " ".join(wording.text for wording in wordings)
    exact = _rows_with_names(index, asked, allowed)
    if methods.names:
        ranked = promote(ranked, exact)
    best = _distinct(index, ranked, k)
    cosines = {row: cosine for one in findings for row, cosine in one.meaning.items()}
    return Retrieved(
        ranked=tuple(best),
        cosines=cosines,
        signals=_signals(index, wordings, findings, best, has_name=bool(exact)),
    )


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one wording found: BM25 scores and cosines by row, each best first."""

    words: Mapping[int, float]
    meaning: Mapping[int, float]


def _find(
    index: Index, wording: Wording, allowed: NDArray[np.bool_] | None, methods: Methods
) -> _Finding:
    lexical = index.lexical.search(terms(wording.text), DEPTH, allowed) if methods.words else []
    near = []
    if wording.vector is not None and methods.meaning:
        near = index.nearest(wording.vector, DEPTH, allowed)
    meaning = {match.row: match.cosine for match in near}
    if wording.vector is not None and methods.meaning:
        far = [match.row for match in lexical[:_MEASURED] if match.row not in meaning]
        meaning |= _cosines(index, wording.vector, far)
    return _Finding(words={match.row: match.score for match in lexical}, meaning=meaning)


def _cosines(index: Index, vector: NDArray[np.float32], rows: Sequence[int]) -> dict[int, float]:
    """How near rows are that the vector search did not return."""
    if not rows:
        return {}
    return dict(zip(rows, map(float, index.chunks.vectors[list(rows)] @ vector), strict=True))


def _fused(finding: _Finding, methods: Methods) -> dict[int, float]:
    if methods.scores:
        return blend(finding.words, finding.meaning)
    return {one.row: one.score for one in fuse([list(finding.words), list(finding.meaning)])}


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
    sets = (index.terms_of(one.row) for one in pool)  # read as far as they are needed
    return without_near_duplicates(pool, sets, k)


def _signals(
    index: Index,
    wordings: Sequence[Wording],
    findings: Sequence[_Finding],
    best: Sequence[Ranked],
    *,
    has_name: bool,
) -> Signals:
    has_vector = any(wording.vector is not None for wording in wordings)
    cosine = max((c for one in findings for c in one.meaning.values()), default=0.0)
    rows = [one.row for one in best]
    coverages = (index.lexical.coverage(terms(wording.text), rows) for wording in wordings)
    return Signals(
        cosine=cosine if has_vector else None,
        coverage=max(coverages, default=0.0),
        has_name=has_name,
        is_agreed=any(_agree(index, one) for one in findings),
    )


def _agree(index: Index, finding: _Finding) -> bool:
    """Whether the best row by words and the best by meaning belong to one document."""
    by_words = next(iter(finding.words), None)
    by_meaning = next(iter(finding.meaning), None)
    if by_words is None or by_meaning is None:
        return False
    first, second = index.chunks[by_words], index.chunks[by_meaning]
    return (first.source, first.path) == (second.source, second.path)
