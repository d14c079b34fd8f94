"""The figures of retrieval and refusal, on prepared results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.evaluation.kb import Case, evaluate, read_cases
from bot.evaluation.kb_ablation import VARIANTS, ablate
from bot.evaluation.kb_index import index_folder, question_files
from knowledge import ALL_METHODS, ANYBODY, Answerability, Hit, Methods, Reader, SearchResult


def _hit(path: str) -> Hit:
    return Hit(
        source="/d", path=path, title="", heading="", lines=(1, 1), score=1.0, cosine=None, text=""
    )


class _Prepared:
    """Finds, for a question, the comma separated paths it consists of."""

    async def search(
        self,
        question: str,
        k: int = 5,
        *,
        reader: Reader = ANYBODY,
        widen_tokens: int = 0,
        methods: Methods = ALL_METHODS,
    ) -> SearchResult:
        assert reader.is_owner
        hits = tuple(_hit(path) for path in question.split(",")[:k] if methods.words)
        if widen_tokens:
            hits = tuple(replace(hit, text=f"all of {hit.path}") for hit in hits)
        verdict = Answerability.NO if question.startswith("none") else Answerability.YES
        return SearchResult(hits=hits, answerability=verdict, confidence=0.0, ms=2.0)


def _case(question: str, *expected: str, kind: str = "howto", must: str = "") -> Case:
    patterns = (must,) if must else ()
    return Case(question=question, expected=frozenset(expected), kind=kind, must_mention=patterns)


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


async def test_the_context_holds_an_answer_only_when_it_says_all_of_it() -> None:
    cases = [_case("a", "a", must="ALL OF a"), _case("b", "b", must="all of c")]
    report = await evaluate(cases, _Prepared())
    assert report.recall.held == pytest.approx(0.5)


async def test_the_ablation_scores_every_variant_with_its_own_methods() -> None:
    steps = await ablate([_case("a", "a", must="all of a")], _Prepared())
    assert [step.name for step in steps] == [variant.name for variant in VARIANTS]
    found = {step.name: step.recall.at_1 for step in steps}
    assert found["vectors"] == 0
    assert found["words (BM25)"] == 1
    assert [step.recall.held for step in steps] == [0] * (len(steps) - 1) + [1]


def test_an_index_belongs_to_one_folder_of_documents(tmp_path: Path) -> None:
    one, two = (index_folder(tmp_path, tmp_path / name) for name in ("one", "two"))
    assert one != two
    assert one == index_folder(tmp_path, tmp_path / "two" / ".." / "one")
    assert one.is_relative_to(tmp_path)


def test_without_a_named_file_all_questions_beside_the_documents_are_asked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="--questions"):
        question_files(tmp_path, None)
    (tmp_path / "kb-eval").mkdir()
    (tmp_path / "kb-eval" / "dev.jsonl").touch()
    assert [file.name for file in question_files(tmp_path, None)] == ["dev.jsonl"]
    assert question_files(tmp_path, tmp_path / "own.jsonl") == [tmp_path / "own.jsonl"]


def test_cases_are_read_and_a_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps({"question": "q", "expected_docs": ["a"], "type": "error"}) + "\n\n")
    assert read_cases(file) == [_case("q", "a", kind="error")]
    labels = {"question": "q", "expected_docs": [], "id": "x1", "must_mention": ["a|b"]}
    file.write_text(json.dumps(labels))
    (case,) = read_cases(file)
    assert (case.case_id, case.kind, case.must_mention) == ("x1", "other", ("a|b",))
    file.write_text(json.dumps({**labels, "must_mention": ["("]}))
    with pytest.raises(ValueError, match=r"q\.jsonl:1 is not a labelled question"):
        read_cases(file)
    file.write_text('{"question": "q", "expected_docs": []}\n{"question": "q"}\n')
    with pytest.raises(ValueError, match=r"q\.jsonl:2 is not a labelled question"):
        read_cases(file)
    file.write_text("")
    with pytest.raises(ValueError, match="no labelled questions"):
        read_cases(file)
