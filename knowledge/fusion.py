"""Several rankings into one: pure functions over row numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

WORDS_WEIGHT = 0.5
"""What the best BM25 score of a search is worth in cosine. Anything from .4 to .8 ranks alike."""

RANK_CONSTANT = 60
"""The k of reciprocal rank fusion."""

NEAR_DUPLICATE = 0.85
"""Jaccard similarity of two passages' terms from which they count as the same text."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row and its fused score."""

    row: int
    score: float


def fuse(rankings: Iterable[Sequence[int]]) -> list[Ranked]:
    """Reciprocal rank fusion: each ranking gives a row 1 / (60 + rank), rank from 1.

    Returns:
        Every row of any ranking, best first, ties by row.

    Source:
        Cormack, Clarke, Buettcher: Reciprocal Rank Fusion outperforms Condorcet (SIGIR 2009).
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1.0 / (RANK_CONSTANT + rank)
    return _in_order(scores)


def _in_order(scores: Mapping[int, float]) -> list[Ranked]:
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [Ranked(row, score) for row, score in ordered]


def blend(
    words: Mapping[int, float], meaning: Mapping[int, float], words_weight: float = WORDS_WEIGHT
) -> dict[int, float]:
    """Score fusion: the cosine, plus the share of the best BM25 score that a row has.

    A cosine says how near, which its rank does not; a BM25 score has no scale of its own, so it is
    measured against the best one. A row that only words found counts as near as the farthest of
    `meaning`.

    Args:
        words: BM25 scores by row, > 0.
        meaning: Cosines by row, in [-1, 1].

    Returns:
        The score of every row of either.
    """
    best = max(words.values(), default=1.0)
    farthest = min(meaning.values(), default=0.0)
    return {
        row: meaning.get(row, farthest) + words_weight * words.get(row, 0.0) / best
        for row in meaning.keys() | words.keys()
    }


def best_of(wordings: Sequence[Mapping[int, float]]) -> list[Ranked]:
    """Rows by their best score under any wording of the question, best first, ties by row."""
    scores: dict[int, float] = {}
    for wording in wordings:
        for row, score in wording.items():
            scores[row] = max(score, scores.get(row, score))
    return _in_order(scores)


def promote(ranked: Sequence[Ranked], first: AbstractSet[int]) -> list[Ranked]:
    """Put some rows before all others; inside both groups the order stays.

    The scores of promoted rows grow by 2.5, the most that two rows can differ, so that scores still fall
    along the list.
    """
    ahead = [Ranked(one.row, one.score + 2.5) for one in ranked if one.row in first]
    return ahead + [one for one in ranked if one.row not in first]


def without_near_duplicates(
    ranked: Iterable[Ranked], terms_of: Iterable[frozenset[str]], k: int
) -> list[Ranked]:
    """The best `k` rows of which no two say almost the same.

    Args:
        terms_of: The distinct terms of each of `ranked`, in the same order; taken one by one.
    """
    kept: list[tuple[Ranked, frozenset[str]]] = []
    for one, its_terms in zip(ranked, terms_of, strict=True):
        if len(kept) == k:
            break
        if all(_similarity(its_terms, other) < NEAR_DUPLICATE for _, other in kept):
            kept.append((one, its_terms))
    return [one for one, _ in kept]


def _similarity(first: frozenset[str], second: frozenset[str]) -> float:
    union = len(first | second)
    return len(first & second) / union if union else 1.0
