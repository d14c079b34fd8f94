"""Every language has every sentence, with the same names to be filled in."""

from __future__ import annotations

import re

import pytest

from bot.skills.investigation.causes import causes
from bot.skills.investigation.clues import Tool
from bot.skills.investigation.phrases import Phrases, phrases, phrases_of
from bot.skills.investigation.ranking import Against, Confidence

ENGLISH = phrases_of("en")


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("say", phrases().values(), ids=phrases())
def test_a_language_is_complete(say: Phrases) -> None:
    assert set(say.looked) == set(Tool)
    assert set(say.confidence) == set(Confidence)
    assert set(say.against) == set(Against)
    assert set(say.causes) == set(causes())


@pytest.mark.parametrize("say", phrases().values(), ids=phrases())
def test_sentences_ask_for_the_same_names(say: Phrases) -> None:
    for name, text in ENGLISH.model_dump().items():
        if isinstance(text, str):
            assert names_in(getattr(say, name)) == names_in(text), name
    assert all(names_in(text) == {"service"} for text in say.causes.values())


def test_an_unknown_language_is_english() -> None:
    assert phrases_of("xx") is ENGLISH
