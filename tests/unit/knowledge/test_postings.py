"""Postings: patching gives what building anew gives; BM25 is the textbook's."""

from __future__ import annotations

import random
from pathlib import Path

import bm25s
import numpy as np
import pytest

from knowledge.errors import IndexCorruptError
from knowledge.lexical import LexicalIndex
from knowledge.postings import Postings, build_postings

WORDS = [f"word{number}" for number in range(60)]


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


def some_rows(rng: random.Random, n: int) -> list[list[str]]:
    return [rng.choices(WORDS, k=rng.randint(0, 30)) for _ in range(n)]


def held(postings: Postings) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for term in postings.vocabulary:
        span = postings.span(term)
        its = zip(postings.rows[span].tolist(), postings.counts[span].tolist(), strict=True)
        if span.stop > span.start:
            found[term] = dict(its)
            assert list(found[term]) == sorted(found[term])
    return found


@pytest.mark.parametrize("seed", range(5))
def test_patched_postings_are_those_built_from_the_rows_that_are_left(seed: int) -> None:
    rng = seeded(seed)
    old, new = some_rows(rng, 40), some_rows(rng, 9)
    gone = [range(3, 7), range(20, 21), range(38, 40)]
    patched = build_postings(old).patched(gone, new)
    for span in gone:
        for row in span:
            old[row] = []
    anew = build_postings(old + new)
    assert held(patched) == held(anew)
    assert patched.lengths.tolist() == anew.lengths.tolist()


def test_saved_postings_come_back(tmp_path: Path) -> None:
    postings = build_postings(some_rows(seeded(1), 12))
    postings.save(tmp_path / "lexical")
    assert held(Postings.load(tmp_path / "lexical")) == held(postings)
    build_postings([]).save(tmp_path / "none")
    assert held(Postings.load(tmp_path / "none")) == {}


def test_files_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    build_postings(some_rows(seeded(1), 12)).save(tmp_path)
    (tmp_path / "vocabulary.txt").write_text("one\ntwo")
    with pytest.raises(IndexCorruptError, match="do not fit together"):
        Postings.load(tmp_path)


def test_scores_and_order_are_those_of_another_implementation() -> None:
    rows = [row for row in some_rows(seeded(7), 80) if row]
    peer = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    peer.index(rows, show_progress=False)  # pyright: ignore[reportUnknownMemberType]
    query = ["word1", "word7", "word30", "nowhere"]
    expected = peer.get_scores(query)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    found = LexicalIndex(build_postings(rows)).search(query, 100)
    assert len(found) == np.count_nonzero(expected)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    for one in found:
        assert one.score == pytest.approx(float(expected[one.row]), rel=1e-5)


def test_only_the_best_are_given_ties_by_row() -> None:
    index = LexicalIndex(build_postings([["a"], ["b"], ["a"], ["a"], ["a", "b"]]))
    assert [one.row for one in index.search(["a"], 2)] == [0, 2]
    allowed = np.array([False, True, True, False, True])
    assert [one.row for one in index.search(["a"], 9, allowed)] == [2, 4]
    assert index.search(["nowhere"], 9) == []
