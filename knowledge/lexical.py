"""The lexical index: BM25 over terms, with the postings of whole identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from .errors import IndexCorruptError
from .terms import terms

_NO_TERM = "\x00none"
"""A term no text has: it keeps an index without any term valid for bm25s."""


@dataclass(frozen=True, slots=True)
class LexicalMatch:
    """A chunk's row number and its BM25 score (> 0)."""

    row: int
    score: float


@dataclass(frozen=True, slots=True)
class _Postings:
    """Which rows hold which term: `rows[pointers[t] : pointers[t + 1]]` for term number t."""

    n_rows: int
    pointers: NDArray[np.int32]
    rows: NDArray[np.int32]


def _postings(bm25: bm25s.BM25) -> _Postings:
    scores: Any = bm25.scores  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return _Postings(int(scores["num_docs"]), scores["indptr"], scores["indices"])


class LexicalIndex:
    """BM25 over all chunks of one index, by row number. Immutable; safe to share by threads."""

    def __init__(self, bm25: bm25s.BM25, n_rows: int) -> None:
        self._bm25 = bm25
        self._vocabulary: dict[str, int] = bm25.vocab_dict  # pyright: ignore[reportUnknownMemberType]
        self._postings = _postings(bm25)
        self.n_rows = n_rows

    @classmethod
    def build(cls, texts: Sequence[str]) -> LexicalIndex:
        """Index texts; the position of a text is its row."""
        bm25 = bm25s.BM25(method="lucene")
        corpus = [terms(text) or [_NO_TERM] for text in texts] or [[_NO_TERM]]
        bm25.index(corpus, show_progress=False)  # pyright: ignore[reportUnknownMemberType]
        return cls(bm25, len(texts))

    def save(self, directory: Path) -> None:
        """Write the index into a new folder."""
        self._bm25.save(  # pyright: ignore[reportUnknownMemberType]
            str(directory), show_progress=False
        )

    @classmethod
    def load(cls, directory: Path, n_rows: int) -> LexicalIndex:
        """Open a saved index; its arrays stay on disk, memory-mapped.

        Raises:
            IndexCorruptError: Files are missing or damaged, or not made for `n_rows` rows.
        """
        try:
            bm25 = bm25s.BM25.load(  # pyright: ignore[reportUnknownMemberType]
                str(directory), mmap=True, show_progress=False
            )
            index = cls(bm25, n_rows)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as exc:
            raise IndexCorruptError(directory, f"lexical part: {exc}") from exc
        if index._postings.n_rows != max(n_rows, 1):
            raise IndexCorruptError(directory, f"lexical part is not made for {n_rows} chunks")
        return index

    def search(
        self, query: Sequence[str], depth: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[LexicalMatch]:
        """The best rows for query terms, best first, ties by row.

        Args:
            query: Terms as `terms.terms` gives them; repeats count once.
            depth: Most matches returned.
            allowed: Shape (n_rows,); False hides a row. None allows all.
        """
        known = [
            self._vocabulary[term] for term in dict.fromkeys(query) if term in self._vocabulary
        ]
        if not known or not self.n_rows:
            return []
        scores: NDArray[np.float32] = self._bm25.get_scores_from_ids(known)  # pyright: ignore[reportUnknownMemberType]
        if allowed is not None:
            scores = np.where(allowed, scores, 0.0)
        best = np.argsort(-scores, kind="stable")[:depth]
        return [LexicalMatch(int(row), float(scores[row])) for row in best if scores[row] > 0]

    def rows_with(self, term: str) -> NDArray[np.int32]:
        """Rows that hold a term (stem or lower-case identifier), ascending."""
        term_id = self._vocabulary.get(term)
        if term_id is None:
            return np.empty(0, dtype=np.int32)
        pointers, rows = self._postings.pointers, self._postings.rows
        return np.sort(rows[pointers[term_id] : pointers[term_id + 1]])

    def n_rows_with(self, term: str) -> int:
        """How many rows hold a term."""
        return len(self.rows_with(term))

    def coverage(self, query: Sequence[str], row: int) -> float:
        """Share of the query's distinct terms that a row holds, rare terms counting more.

        Terms unknown to the whole index count as the rarest, so that a question about something
        never written down stays low. In [0, 1]; 0 for an empty query.
        """
        weights = {term: self._rarity(term) for term in dict.fromkeys(query)}
        total = sum(weights.values())
        held = sum(weight for term, weight in weights.items() if row in self.rows_with(term))
        return held / total if total else 0.0

    def _rarity(self, term: str) -> float:
        n_with = self.n_rows_with(term)
        return float(np.log(1 + (self.n_rows - n_with + 0.5) / (n_with + 0.5)))
