"""Every language says the same things with the same values, and commands stay what they are."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from bot.incidents.orders import Verb, read_order
from bot.language import language_of
from bot.phrases import LANGUAGES, say, speaks
from bot.phrases.tables import table

ENGLISH = table("en")
OTHERS = [language for language in LANGUAGES if language != "en"]


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_every_table_has_the_same_phrases_with_the_same_values(language: str) -> None:
    other = table(language)
    assert set(other) == set(ENGLISH)
    assert {key: values(text) for key, text in other.items()} == {
        key: values(text) for key, text in ENGLISH.items()
    }


@pytest.mark.parametrize("language", OTHERS)
def test_no_phrase_is_left_in_english(language: str) -> None:
    other = table(language)
    same = {key for key in ENGLISH if other[key] == ENGLISH[key]}
    assert same <= {"incident_line_commander", "skill_logs", "skill_runbook"}  # said so there too


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_neither_shout_nor_mention(language: str) -> None:
    for text in table(language).values():
        assert not re.search(r"[!！]|<[@!#]", text)  # noqa: RUF001


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_orders_that_help_names_are_orders(language: str) -> None:
    quoted = re.findall(r"`([^`]+)`", say("incident_how", language))
    verbs = {order.verb for text in quoted if (order := read_order(text)) is not None}
    assert verbs >= {Verb.TIMELINE, Verb.SUMMARY, Verb.END, Verb.SEVERITY}


def test_a_language_without_a_table_is_answered_in_english() -> None:
    assert speaks("ko") == "en"
    assert say("stopped", "") == say("stopped", "en")
    with pytest.raises(KeyError):
        say("no such phrase", "en")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("why is checkout failing?", "en"),
        ("promql checkout", "en"),
        ("", "en"),
        ("warum ist checkout langsam?", "de"),
        ("warum?", "de"),
        ("und gestern?", "de"),
        ("¿por qué falla checkout?", "es"),
        ("y ayer?", "es"),
        ("checkout 为什么失败", "zh"),
        ("checkout はなぜ失敗？", "ja"),  # noqa: RUF001
        ("why does `warum und gestern nicht` fail?", "en"),
        ("the log says 连接失败, why?", "zh"),
    ],
)
def test_the_language_of_a_question_is_known(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_text_that_does_not_say_has_the_language_of_its_thread() -> None:
    assert language_of("payments?", ["checkout", "warum ist das so?"]) == "de"
    assert language_of("why?", ["warum ist das so?"]) == "en"
