"""The form of the questions that come with the project; no document is needed to check it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import PurePosixPath

import pytest

from bot.evaluation.kb import read_cases

_FOLDER = files("bot.evaluation").joinpath("questions")
_NAMES = ("kb_tuning", "kb_held_back")
_LANGUAGES = {"zh", "de", "es", "fr", "ja"}
_TYPES = {"symptom", "alert", "howto", "error", "unanswerable"} | _LANGUAGES
_FIELDS = {"id", "question", "expected_docs", "must_mention", "type"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    id: str
    question: str
    expected_docs: tuple[str, ...]
    must_mention: tuple[str, ...]
    type: str


def _questions(name: str) -> list[_Question]:
    text = _FOLDER.joinpath(f"{name}.jsonl").read_text(encoding="utf-8")
    found: list[_Question] = []
    for line in text.splitlines():
        fields = json.loads(line)
        assert set(fields) == _FIELDS, line
        found.append(
            _Question(
                id=fields["id"],
                question=fields["question"],
                expected_docs=tuple(fields["expected_docs"]),
                must_mention=tuple(fields["must_mention"]),
                type=fields["type"],
            )
        )
    return found


_TUNING, _HELD_BACK = (_questions(name) for name in _NAMES)
_ALL = [*_TUNING, *_HELD_BACK]


@pytest.mark.parametrize("name", _NAMES)
def test_the_evaluation_reads_every_question_of_a_file(name: str) -> None:
    with as_file(_FOLDER.joinpath(f"{name}.jsonl")) as file:
        cases = read_cases(file)
    assert [case.question for case in cases] == [item.question for item in _questions(name)]


def test_no_id_and_no_wording_appears_twice_in_the_two_files() -> None:
    for values in ([item.id for item in _ALL], [item.question.casefold() for item in _ALL]):
        assert [value for value, times in Counter(values).items() if times > 1] == []


def test_a_document_of_one_file_is_not_in_the_other() -> None:
    tuning, held_back = (
        {path for item in items for path in item.expected_docs} for items in (_TUNING, _HELD_BACK)
    )
    assert tuning & held_back == set()


def _ids(bad: Callable[[_Question], bool]) -> list[str]:
    """Return the ids of the questions that are bad."""
    return [item.id for item in _ALL if bad(item)]


def test_every_question_has_text_and_a_known_type() -> None:
    assert _ids(lambda item: not item.question or item.question != item.question.strip()) == []
    assert _ids(lambda item: item.type not in _TYPES) == []


def test_only_an_answerable_question_has_documents_and_required_facts() -> None:
    answerable = {item.id for item in _ALL if item.type != "unanswerable"}
    assert set(_ids(lambda item: bool(item.expected_docs))) == answerable
    assert set(_ids(lambda item: 1 <= len(item.must_mention) <= 4)) == answerable
    assert set(_ids(lambda item: bool(item.must_mention))) == answerable


def test_documents_are_different_relative_paths_of_markdown_files() -> None:
    def wrong(path: PurePosixPath) -> bool:
        return path.suffix != ".md" or path.is_absolute() or ".." in path.parts

    assert _ids(lambda item: any(map(wrong, map(PurePosixPath, item.expected_docs)))) == []
    assert _ids(lambda item: len(set(item.expected_docs)) < len(item.expected_docs)) == []


def test_a_required_fact_is_a_pattern_that_no_empty_answer_satisfies() -> None:
    def holds_for_nothing(pattern: str) -> bool:
        return re.compile(pattern, re.IGNORECASE).search("") is not None

    assert _ids(lambda item: any(map(holds_for_nothing, item.must_mention))) == []


@pytest.mark.parametrize("items", [_TUNING, _HELD_BACK], ids=_NAMES)
def test_both_files_mix_the_types_alike(items: list[_Question]) -> None:
    shares = {kind: times / len(items) for kind, times in Counter(q.type for q in items).items()}
    shares["languages"] = sum(shares.pop(kind, 0) for kind in _LANGUAGES - {"zh"})
    wanted = {"symptom": 0.2, "alert": 0.13, "howto": 0.22, "error": 0.13, "zh": 0.1}
    wanted |= {"languages": 0.06, "unanswerable": 0.16}
    assert shares.keys() == wanted.keys()
    assert [kind for kind in wanted if abs(shares[kind] - wanted[kind]) > 0.02] == []
