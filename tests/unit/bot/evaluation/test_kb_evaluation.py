"""The figures of retrieval and refusal, on prepared results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.evaluation.kb import Case, evaluate, read_cases
from knowledge import Answerability, Hit, SearchResult


def _hit(path: str) -> Hit:
    return Hit(
        source="/d", path=path, title="", heading="", lines=(1, 1), score=1.0, cosine=None, text=""
    )


class _Prepared:
    """Finds, for a question, the comma separated paths it consists of."""

    async def search(self, question: str, k: int = 5) -> SearchResult:
        hits = tuple(_hit(path) for path in question.split(",")[:k])
        verdict = Answerability.NO if question.startswith("none") else Answerability.YES
        return SearchResult(hits=hits, answerability=verdict, confidence=0.0, ms=2.0)


def _case(question: str, *expected: str, kind: str = "howto") -> Case:
    return Case(question=question, expected=frozenset(expected), kind=kind)


async def test_a_document_counts_once_at_the_rank_of_its_best_chunk() -> None:
    report = await evaluate([_case("a,a,a,b", "b")], _Prepared())
    assert report.recall.at_1 == 0
    assert report.recall.at_5 == 1
    assert report.recall.mrr_10 == pytest.approx(0.5)
    assert [(miss.rank, miss.first) for miss in report.misses] == [(2, "a")]


async def test_groups_and_verdicts_are_counted_apart() -> None:
    cases = [
        _case("a", "a"),
        _case("b", "x", kind="alert"),
        _case("none", kind="unanswerable"),
        _case("c", kind="unanswerable"),
    ]
    report = await evaluate(cases, _Prepared())
    assert {kind: group.at_1 for kind, group in report.by_kind.items()} == {"alert": 0, "howto": 1}
    assert (report.answerable.n, report.answerable.yes) == (2, 2)
    assert (report.unanswerable.n, report.unanswerable.no, report.unanswerable.yes) == (2, 1, 1)


def test_cases_are_read_and_a_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps({"question": "q", "expected_docs": ["a"], "type": "error"}) + "\n\n")
    assert read_cases(file) == [_case("q", "a", kind="error")]
    file.write_text('{"question": "q", "expected_docs": []}\n{"question": "q"}\n')
    with pytest.raises(ValueError, match=r"q\.jsonl:2 is not a labelled question"):
        read_cases(file)
    file.write_text("")
    with pytest.raises(ValueError, match="no labelled questions"):
        read_cases(file)
