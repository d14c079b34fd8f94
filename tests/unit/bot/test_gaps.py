"""What was not answered is counted by what was asked, however it was put."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.gaps import Gap, GapState, group_gaps, state_of
from bot.store.knowledge_answers import KnowledgeAnswer
from knowledge import Answerability, Hit, SearchResult

START = datetime(2026, 11, 1, tzinfo=UTC)


def refusal(number: int, question: str, user_id: str = "U1") -> KnowledgeAnswer:
    return KnowledgeAnswer(
        request_id=f"r{number}",
        channel_id="C1",
        user_id=user_id,
        question=question,
        is_refusal=True,
        answer="",
        passages=(),
        nearest=(f"near {number}",),
        created_at=START + timedelta(hours=number),
    )


def test_equal_and_similar_questions_are_one_gap_and_the_counts_add_up() -> None:
    asked = [
        refusal(1, "How do I rotate the signing key?"),
        refusal(2, "what is the coffee budget"),
        refusal(3, "how do i rotate the signing keys", "U2"),
        refusal(4, "how do i rotate the signing keys", "U2"),
    ]
    gaps = group_gaps(list(reversed(asked)))
    assert [gap.n_asked for gap in gaps] == [3, 1]
    first = gaps[0]
    assert first.question == "how do i rotate the signing keys"
    assert first.wordings == ("How do I rotate the signing key?",)
    assert (first.n_people, first.nearest) == (2, ("near 4",))
    assert (first.first_at, first.last_at) == (asked[0].created_at, asked[3].created_at)


def test_of_gaps_asked_equally_often_the_latest_comes_first() -> None:
    gaps = group_gaps([refusal(1, "coffee budget"), refusal(2, "parking lots")])
    assert [gap.question for gap in gaps] == ["parking lots", "coffee budget"]
    assert group_gaps([]) == ()


def found(answerability: Answerability, title: str = "near 1") -> SearchResult:
    hit = Hit(
        source="s", path="p", title=title, heading="", lines=(1, 2), score=1.0, cosine=0.5, text="t"
    )
    return SearchResult(hits=(hit,), answerability=answerability, confidence=0.5, ms=1.0)


YES, UNSURE, NO = Answerability.YES, Answerability.UNSURE, Answerability.NO


@pytest.mark.parametrize(
    ("anybody", "owner", "state"),
    [
        (found(YES), found(YES), GapState.CLOSED),
        (found(UNSURE, "a new document"), found(YES), GapState.CLOSED),
        (found(NO), found(YES), GapState.RESTRICTED),
        (found(UNSURE), found(UNSURE), GapState.OPEN),
        (found(NO, "a new document"), found(NO), GapState.OPEN),
    ],
)
def test_a_gap_counts_as_closed_only_by_what_everybody_may_read(
    anybody: SearchResult, owner: SearchResult, state: GapState
) -> None:
    (gap,) = group_gaps([refusal(1, "how do I rotate the key?")])
    assert isinstance(gap, Gap)
    assert state_of(gap, anybody, owner) is state
