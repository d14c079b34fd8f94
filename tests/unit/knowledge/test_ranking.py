"""Lexical ranking, fusion and the refusal gate."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Answerability
from knowledge.errors import IndexCorruptError
from knowledge.fusion import Ranked, best_of, blend, fuse, promote, without_near_duplicates
from knowledge.lexical import LexicalIndex
from knowledge.refusal import Signals, confidence, judge
from knowledge.terms import terms

TEXTS = [
    "Restart the checkout service when its pool is empty",
    "Postgres keeps its write ahead log in pg_wal",
    "The office has a coffee machine",
]


def test_the_text_with_the_rare_words_comes_first() -> None:
    index = LexicalIndex.build(TEXTS)
    assert index.search(terms("where is the postgres log?"), 3)[0].row == 1


def test_nothing_in_common_finds_nothing() -> None:
    assert LexicalIndex.build(TEXTS).search(terms("kafka rebalance"), 3) == []


def test_hidden_rows_are_not_found() -> None:
    index = LexicalIndex.build(TEXTS)
    allowed = np.array([True, False, True])
    assert index.search(terms("postgres"), 3, allowed) == []


def test_an_identifier_leads_to_its_rows() -> None:
    index = LexicalIndex.build(TEXTS)
    assert index.rows_with("pg_wal").tolist() == [1]
    assert index.rows_with("never_seen").tolist() == []


@pytest.mark.parametrize("texts", [[], ["..."], TEXTS])
def test_a_saved_index_ranks_like_the_built_one(texts: list[str], tmp_path: Path) -> None:
    built = LexicalIndex.build(texts)
    built.save(tmp_path / "lexical")
    loaded = LexicalIndex.load(tmp_path / "lexical", len(texts))
    for query in ("postgres log", "pool", "coffee"):
        assert loaded.search(terms(query), 3) == built.search(terms(query), 3)


def test_a_damaged_index_is_refused(tmp_path: Path) -> None:
    LexicalIndex.build(TEXTS).save(tmp_path / "lexical")
    with pytest.raises(IndexCorruptError):
        LexicalIndex.load(tmp_path / "lexical", len(TEXTS) + 1)
    (tmp_path / "lexical" / "pointers.npy").write_bytes(b"{")
    with pytest.raises(IndexCorruptError):
        LexicalIndex.load(tmp_path / "lexical", len(TEXTS))


def test_unknown_words_lower_the_coverage() -> None:
    index = LexicalIndex.build(TEXTS)
    full = index.coverage(terms("checkout pool"), [0])
    half = index.coverage(terms("checkout pool mongodb"), [0])
    assert full == pytest.approx(1.0)
    assert 0 < half < 0.7
    assert index.coverage([], [0]) == 0


def test_a_row_in_both_rankings_beats_the_first_of_one() -> None:
    assert [one.row for one in fuse([[1, 2], [3, 2]])] == [2, 1, 3]


def test_a_score_says_how_near_and_how_many_words() -> None:
    scores = blend({1: 10.0, 2: 5.0}, {1: 0.3, 2: 0.6, 3: 0.5})
    assert scores == pytest.approx({1: 0.8, 2: 0.85, 3: 0.5})


def test_a_row_that_only_words_found_counts_as_near_as_the_farthest() -> None:
    assert blend({9: 4.0}, {1: 0.5, 2: 0.2})[9] == pytest.approx(0.7)
    assert blend({9: 4.0}, {})[9] == pytest.approx(0.5)
    assert blend({}, {1: 0.4}) == {1: 0.4}


def test_a_row_keeps_its_best_score_under_any_wording() -> None:
    ranked = best_of([{1: 0.2, 2: 0.5}, {1: 0.9}, {}])
    assert ranked == [Ranked(1, 0.9), Ranked(2, 0.5)]


rankings = st.lists(st.lists(st.integers(0, 20), unique=True, max_size=10), max_size=4)


@given(rankings)
def test_fusion_returns_every_row_once_in_falling_order(given_rankings: list[list[int]]) -> None:
    fused = fuse(given_rankings)
    rows = [one.row for one in fused]
    assert sorted(rows) == sorted({row for ranking in given_rankings for row in ranking})
    assert all(a.score >= b.score for a, b in pairwise(fused))


@given(rankings, st.sets(st.integers(0, 20)))
def test_promotion_keeps_all_rows_and_scores_falling(
    given_rankings: list[list[int]], first: set[int]
) -> None:
    fused = fuse(given_rankings)
    promoted = promote(fused, first)
    assert sorted(one.row for one in promoted) == sorted(one.row for one in fused)
    assert all(a.score >= b.score for a, b in pairwise(promoted))
    n_first = sum(one.row in first for one in fused)
    assert all(one.row in first for one in promoted[:n_first])


def test_a_repetition_gives_its_place_to_the_next() -> None:
    ranked = [Ranked(0, 3.0), Ranked(1, 2.0), Ranked(2, 1.0)]
    same, other = frozenset("abcdefghij"), frozenset("xyz")
    kept = without_near_duplicates(ranked, [same, same | {"k"}, other], 2)
    assert [one.row for one in kept] == [0, 2]


@pytest.mark.parametrize(
    ("cosine", "coverage", "has_name", "is_agreed", "expected"),
    [
        (0.75, 0.5, False, True, Answerability.YES),
        (0.55, 0.6, True, True, Answerability.YES),
        (0.45, 0.4, False, True, Answerability.UNSURE),
        (0.45, 0.4, True, False, Answerability.UNSURE),
        (0.25, 0.3, False, False, Answerability.NO),
        (None, 0.5, False, False, Answerability.UNSURE),
        (None, 0.0, False, False, Answerability.NO),
    ],
)
def test_the_gate_weighs_meaning_words_and_names(
    cosine: float | None,
    coverage: float,
    has_name: bool,
    is_agreed: bool,
    expected: Answerability,
) -> None:
    signals = Signals(cosine=cosine, coverage=coverage, has_name=has_name, is_agreed=is_agreed)
    assert judge(confidence(signals)) is expected


def test_more_of_anything_raises_the_confidence() -> None:
    low = Signals(cosine=0.3, coverage=0.2, has_name=False)
    for more in (
        replace(low, cosine=0.4),
        replace(low, coverage=0.4),
        replace(low, has_name=True),
        replace(low, is_agreed=True),
    ):
        assert 0 < confidence(low) < confidence(more) < 1
