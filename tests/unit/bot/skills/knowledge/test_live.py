"""Which questions ask how things stand at this moment."""

from __future__ import annotations

import pytest

from bot.skills.knowledge.live import asks_for_now, says_where_to_look


@pytest.mark.parametrize(
    "question",
    [
        "which version of vault do we run right now",
        "who is at the helm tonight?",
        "how many nodes are there at the moment",
        "wer hat heute Dienst",
        "今晚谁值班",
    ],
)
def test_who_or_how_many_now_is_asked(question: str) -> None:
    assert asks_for_now(question)


@pytest.mark.parametrize(
    "question",
    [
        "who do I page for the database?",
        "which alert fires today when the disk is full",
        "how can I see how many connections are currently open?",
        "maintenance tonight, how do we drain the node",
        "",
    ],
)
def test_what_a_document_can_know_is_asked(question: str) -> None:
    assert not asks_for_now(question)


def test_a_rota_says_where_to_look() -> None:
    assert says_where_to_look("See the rota in the calendar.")
    assert not says_where_to_look("Restart the pod.")
