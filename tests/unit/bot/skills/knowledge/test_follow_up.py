"""Questions that lean on the one before."""

from __future__ import annotations

import pytest

from bot.messages import Intent, Turn
from bot.skills.knowledge.follow_up import standalone

HISTORY = (
    Turn(
        text="how do we roll back checkout?",
        intent=Intent.KNOWLEDGE,
        answer="Roll back with ...",
        facts={"topic": "Deploys and rollbacks"},
    ),
)


@pytest.mark.parametrize(
    "text", ["and the database?", "who approves that?", "why?", "what about it"]
)
def test_a_pointing_question_takes_the_earlier_one_and_its_topic_along(text: str) -> None:
    found = standalone(text, HISTORY)
    assert found.query == f"Deploys and rollbacks how do we roll back checkout? {text}"
    assert found.earlier == "how do we roll back checkout?"


def test_a_whole_question_stands_alone() -> None:
    text = "which certificate expires first on the public load balancer in Frankfurt?"
    assert standalone(text, HISTORY).query == text
    assert standalone(text, HISTORY).earlier == ""


def test_without_history_nothing_is_added() -> None:
    assert standalone("and that?", ()).query == "and that?"
