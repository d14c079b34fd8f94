"""Answers from documents are marked by what the documents say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.evaluation.kb_answers import (
    Answer,
    Cited,
    Question,
    chosen,
    evaluate_answers,
    judge,
    read_labelled,
    report,
)
from bot.evaluation.kb_asking import lines_under

_TEXT = """# Mail

Pause the newsletter with `mailctl pause newsletter` when the queue is above 5000.
Call team Mail.

```sh
mailctl status --all
mailctl drain
```
"""
_PLACE = Cited(number=1, path="mail.md", lines=(3, 9))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "mail.md").write_text(_TEXT, "utf-8")
    (tmp_path / "secret.md").write_text(_TEXT, "utf-8")
    return tmp_path / "docs"


def _question(name: str = "q1", kind: str = "howto", *needs: str) -> Question:
    return Question(
        question_id=name,
        text="mail piles up",
        expected=frozenset() if kind == "unanswerable" else frozenset({"mail.md"}),
        must_mention=tuple(map(re.compile, needs or ("newsletter", "5000"))),
        kind=kind,
    )


def _answer(text: str, *cited: Cited, refused: bool = False) -> Answer:
    return Answer(
        text=text, citations=cited, refused=refused, passages_s=0.1, first_s=0.2, end_s=0.3
    )


@pytest.mark.parametrize(
    "text",
    [
        "Pause the newsletter with `mailctl pause newsletter` when the queue is above 5000. [1]",
        "Call team Mail. [1]\n```sh\nmailctl status --all\nmailctl drain\n``` [1]",
        "Die Dokumente sagen dazu:\n- Call team Mail [1]",
    ],
)
def test_what_the_cited_lines_say_holds(text: str, folder: Path) -> None:
    judged = judge(_question(), _answer(text, _PLACE), lines_under(folder))
    assert judged.claims
    assert all(claim.holds for claim in judged.claims)


@pytest.mark.parametrize(
    ("text", "resolves", "supported", "n_code_absent"),
    [
        ("Pause the newsletter when the queue is above 6000. [1]", True, False, 0),
        ("Delete every mailbox and reboot the relay. [1]", True, False, 0),
        ("Pause the newsletter with `mailctl stop newsletter` [1]", True, False, 1),
        ("Call team Mail. [2]", False, False, 0),
        ("Call team Mail.", False, False, 0),
    ],
)
def test_what_they_do_not_say_does_not(
    text: str, resolves: bool, supported: bool, n_code_absent: int, folder: Path
) -> None:
    (claim,) = judge(_question(), _answer(text, _PLACE), lines_under(folder)).claims
    assert (claim.resolves, claim.supported) == (resolves, supported)
    assert claim.n_code_absent == n_code_absent


def test_lines_that_do_not_exist_resolve_to_nothing(folder: Path) -> None:
    read = lines_under(folder)
    assert read("mail.md", (3, 4)) is not None
    assert read("mail.md", (3, 400)) is None
    assert read("mail.md", (0, 2)) is None
    assert read("other.md", (1, 1)) is None
    assert read("../secret.md", (1, 1)) is None


def test_facts_count_only_in_answers_that_were_given(folder: Path) -> None:
    text = "Pause it: `mailctl pause newsletter`, above 5000. [1]"
    given = judge(_question(), _answer(text, _PLACE), lines_under(folder))
    refused = judge(_question(), _answer(text, refused=True), lines_under(folder))
    assert given.has_facts
    assert given.cites_expected
    assert not refused.has_facts
    assert refused.claims == ()


async def test_the_counts_add_up(folder: Path) -> None:
    questions = (
        _question(),
        _question("q2", "alert", "nowhere"),
        _question("q3", "unanswerable"),
    )
    told: list[str] = []

    async def ask(question: str) -> Answer:
        return _answer("Pause newsletter above 5000. [1]", _PLACE)

    judged = await evaluate_answers(questions, ask, lines_under(folder), told.append)
    found = report(judged)
    assert len(told) == 3
    assert found.answerable.n == 2
    assert found.answerable.n_facts == 1
    assert found.unanswerable.n_refused == 0
    assert sum(group.n for group in found.by_kind.values()) == 3
    assert set(found.misses) == {"q2", "q3"}
    assert found.end_s.p50 == 0.3


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    questions = tuple(_question(str(at)) for at in range(20))
    assert chosen(questions, limit=5, seed=7) == chosen(questions, limit=5, seed=7)
    assert len(chosen(questions, limit=5, seed=7)) == 5
    assert chosen(questions, kinds=["howto"]) == questions
    with pytest.raises(ValueError, match="howto"):
        chosen(questions, kinds=["nothing"])


@pytest.mark.parametrize(
    "record", [[], {"question": "x"}, {"question": "x", "expected_docs": [], "must_mention": ["("]}]
)
def test_a_line_that_is_no_question_is_named(record: object, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps(record), "utf-8")
    with pytest.raises(ValueError, match=r"q\.jsonl:1"):
        read_labelled(file)


def test_labelled_lines_are_read(tmp_path: Path) -> None:
    record = {"id": "a", "question": "x", "expected_docs": ["y"], "must_mention": ["Z"]}
    file = tmp_path / "q.jsonl"
    file.write_text(f"{json.dumps(record)}\n\n", "utf-8")
    (only,) = read_labelled(file)
    assert (only.question_id, only.text, only.kind) == ("a", "x", "other")
    assert only.must_mention[0].search("a z")
