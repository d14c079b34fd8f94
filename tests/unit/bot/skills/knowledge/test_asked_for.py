"""What sort of thing a question asks for."""

from __future__ import annotations

import pytest

from bot.skills.knowledge.asked_for import also_said, share_asked_for


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("how long does a firing take?", "A firing takes 9 hours."),
        ("wie oft wird gebrannt", "It is fired 3 times a week."),
        ("who do I call?", "Call team Kiln."),
        ("wen rufe ich an", "Escalate to kiln-oncall."),
        ("what is a glaze?", "A glaze is a thin layer of glass."),
        ("what's GLZ1", "GLZ1 | crazed | fire again"),
        ("was ist eine Glasur", "Glasur: eine dünne Schicht"),
    ],
)
def test_what_is_asked_for_is_recognised(question: str, text: str) -> None:
    assert 0 < share_asked_for(question, text) <= 1


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("how long does a firing take?", "A firing takes a while."),
        ("who do I call?", "Fire it again."),
        ("what is a glaze?", "The kiln needs a glaze."),
        ("why did it crack", "A firing takes 9 hours. Call team Kiln."),
    ],
)
def test_nothing_else_is(question: str, text: str) -> None:
    assert not share_asked_for(question, text)


def test_whom_to_call_is_told_in_other_words() -> None:
    assert "escalate" in also_said("who do I page for the kiln?")
    assert also_said("how do I call the kiln's API?") == ""
    assert also_said("who made the kiln?") == ""
