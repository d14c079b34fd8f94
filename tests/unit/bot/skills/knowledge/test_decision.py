"""How the evidence adds up."""

from __future__ import annotations

import pytest

from bot.skills.knowledge.decision import decide, log_odds, searched_text
from bot.skills.knowledge.products import named
from bot.skills.knowledge.selection import candidates
from knowledge import Answerability, Hit, SearchResult

_TEXT = "The rota of team Kiln is in the calendar. Fire the kiln at 900 degrees."


def _evidence(question: str, *, confidence: float = 0.5, text: str = _TEXT) -> float:
    hit = Hit(
        source="/docs",
        path="kiln.md",
        title="Kiln",
        heading="",
        lines=(1, 1),
        score=0.1,
        cosine=0.5,
        text=text,
    )
    found = SearchResult(
        hits=(hit,), answerability=Answerability.UNSURE, confidence=confidence, ms=1.0
    )
    among = candidates((hit,), [0])
    names = named(question, [searched_text(hit)])
    return log_odds(question, "", found, names, among, [1.0] * len(among))


def test_more_words_of_the_question_in_the_paragraph_are_more_evidence() -> None:
    assert _evidence("fire the kiln") > _evidence("fire the kiln with oak")


def test_a_surer_search_is_more_evidence() -> None:
    assert _evidence("fire the kiln", confidence=0.9) > _evidence("fire the kiln")


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_search_without_any_doubt_does_not_decide_alone(confidence: float) -> None:
    assert abs(_evidence("fire the kiln", confidence=confidence)) < 10


def test_names_that_stand_nowhere_are_evidence_against() -> None:
    assert _evidence("fire kiln for KilnTooHot") < _evidence("fire kiln for days")
    assert _evidence("fire kiln with redis") < _evidence("fire kiln with trees")


def test_what_holds_only_now_is_refused_unless_it_says_where_to_look() -> None:
    question = "which kiln do we fire right now"
    nowhere = _evidence(question, text="Fire the kiln at 900 degrees.")
    assert decide(nowhere).answerability is Answerability.NO
    assert _evidence(question) > nowhere + 2


def test_the_model_is_asked_in_between_and_its_no_counts_the_more_the_less_there_is() -> None:
    asked = [decide(value / 10) for value in range(-100, 100)]
    verdicts = [each.answerability for each in asked]
    assert verdicts == sorted(
        verdicts, key=[Answerability.NO, Answerability.UNSURE, Answerability.YES].index
    )
    doubts = [each.doubt for each in asked if each.answerability is Answerability.UNSURE]
    assert doubts == sorted(doubts)
    assert 0 < doubts[0] < doubts[-1] == 1
