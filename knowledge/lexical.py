"""The lexical index: BM25 over terms, with the postings of whole identifiers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import IndexCorruptError
from .postings import Postings, build_postings
from .terms import terms

TERMS_VERSION = "1"
"""To be raised when `terms.terms` gives other terms for a text, so that indices are made anew."""

_K1 = 1.5
"""How soon more of the same term adds nothing."""

_B = 0.75
"""How much a long text is held against it."""


@dataclass(frozen=True, slots=True)
class LexicalMatch:
    """A chunk's row number and its BM25 score (> 0)."""

    row: int
    score: float


class LexicalIndex:
    """BM25 over all chunks of one index, by row number. Immutable; safe to share by threads.

    The scores are Lucene's: inverse document frequency, saturated by length.
    """

    def __init__(self, postings: Postings) -> None:
        self._postings = postings
        lengths = postings.lengths
        self.n_rows = int(np.count_nonzero(lengths))
        mean = float(lengths.sum()) / max(1, self.n_rows)
        self._norms = (_K1 * (1 - _B + _B * lengths / max(mean, 1.0))).astype(np.float32)

    @classmethod
    def build(cls, texts: Iterable[str]) -> LexicalIndex:
        """Index texts; the position of a text is its row."""
        return cls(build_postings(terms(text) for text in texts))

    def patched(self, gone: Sequence[range], texts: Iterable[str]) -> LexicalIndex:
        """This index without some rows and with texts in rows after the last."""
        return LexicalIndex(self._postings.patched(gone, (terms(text) for text in texts)))

    def save(self, directory: Path) -> None:
        """Write the index into a new folder."""
        self._postings.save(directory)

    @classmethod
    def load(cls, directory: Path, n_rows: int) -> LexicalIndex:
        """Open a saved index; its arrays stay on disk, memory-mapped.

        Raises:
            IndexCorruptError: Files are missing or damaged, or not made for `n_rows` rows.
        """
        postings = Postings.load(directory)
        if len(postings.lengths) != n_rows:
            raise IndexCorruptError(directory, f"lexical part is not made for {n_rows} chunks")
        index = cls(postings)
        _ = index._saturated  # worked out now, so that the first search does not wait for it
        return index

    @cached_property
    def _saturated(self) -> NDArray[np.float32]:
        """What each posting counts, before its term's rarity: in (0, 1), more of a term adds less."""
        counts = self._postings.counts.astype(np.float32)
        norms = self._norms[self._postings.rows]
        return (counts / (counts + norms)).astype(np.float32, copy=False)

    def search(
        self, query: Sequence[str], depth: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[LexicalMatch]:
        """The best rows for query terms, best first, ties by row.

        Args:
            query: Terms as `terms.terms` gives them; repeats count once.
            depth: Most matches returned.
            allowed: Shape (n_rows,); False hides a row. None allows all.
        """
        scores = np.zeros(len(self._norms), dtype=np.float32)
        for term in dict.fromkeys(query):
            span = self._postings.span(term)
            scores[self._postings.rows[span]] += self._rarity(term) * self._saturated[span]
        if allowed is not None:
            scores[~allowed] = 0.0
        return [LexicalMatch(int(row), float(scores[row])) for row in _best(scores, depth)]

    def rows_with(self, term: str) -> NDArray[np.int32]:
        """Rows that hold a term (stem or lower-case identifier), ascending."""
        return self._postings.rows[self._postings.span(term)]

    def n_rows_with(self, term: str) -> int:
        """How many rows hold a term."""
        span = self._postings.span(term)
        return span.stop - span.start

    def coverage(self, query: Sequence[str], rows: Sequence[int]) -> float:
        """Share of the query's distinct terms that a row holds, rare terms counting more.

        Terms unknown to the whole index count as the rarest, so that a question about something
        never written down stays low. Of several rows the best. In [0, 1]; 0 for an empty query.
        """
        wanted = np.array(rows, dtype=np.int32)
        held, total = np.zeros(len(wanted)), 0.0
        for term in dict.fromkeys(query):
            its_rows, weight = self.rows_with(term), self._rarity(term)
            total += weight
            if len(its_rows):
                at = np.searchsorted(its_rows, wanted)
                held += weight * (its_rows[np.minimum(at, len(its_rows) - 1)] == wanted)
        return float(held.max() / total) if total and len(held) else 0.0

    def _rarity(self, term: str) -> float:
        n_with = self.n_rows_with(term)
        return math.log(1 + (self.n_rows - n_with + 0.5) / (n_with + 0.5))


def _best(scores: NDArray[np.float32], depth: int) -> NDArray[np.int64]:
    """Places of the largest positive scores, best first, ties by place."""
    found = np.flatnonzero(scores > 0)
    if len(found) > depth:
        least = np.partition(scores[found], len(found) - depth)[len(found) - depth]
        found = found[scores[found] >= least]
    return found[np.argsort(-scores[found], kind="stable")][:depth]
