"""Only a whole text that does nothing but say yes counts as "do it"."""

# ruff: noqa: RUF001 (punctuation of other scripts)
from __future__ import annotations

import pytest

from bot.conversation.go_ahead_words import is_bare_yes, is_go_ahead, number_in


@pytest.mark.parametrize(
    "text",
    [
        "do it", "Do it!", "yes, do it please", "go ahead", "ok go ahead", "run it", "approve",
        "approve it", "approve #12", "approve proposal 12", "lgtm", "mach das", "ja, mach das",
        "leg los", "hazlo", "sí, adelante", "执行吧", "好的，执行吧", "同意执行", "実行してください",
        "just do it", "proceed", "let's do it",
    ],
)  # fmt: skip
def test_a_yes_in_five_languages_is_recognised(text: str) -> None:
    assert is_go_ahead(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "why?", "do it again tomorrow at 9", "how do I do it?", "restart it", "don't do it",
        "do not run it", "who may approve it?", "go ahead and delete everything",
        "run the runbook for pool exhaustion", "不要执行", "the log says: do it", "> do it\nwhy?",
        "yes " * 40 + "do it",
    ],
)  # fmt: skip
def test_any_other_text_is_not(text: str) -> None:
    assert not is_go_ahead(text)


def test_a_bare_yes_is_told_apart() -> None:
    assert is_bare_yes("yes please")
    assert is_bare_yes("好的")
    assert not is_bare_yes("yesterday")
    assert not is_go_ahead("yes")


def test_the_number_of_a_proposal_is_read() -> None:
    assert number_in("approve #12") == 12
    assert number_in("do it") is None
