"""Which language a question is in."""

from __future__ import annotations

import pytest

from bot.language import language_of
from bot.skills.knowledge.phrases import phrases_for


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("who do I page for the database?", "en"),
        ("KubeletTooManyPods", "en"),
        ("", "en"),
        ("wie stelle ich die Datenbank wieder her", "de"),
        ("¿cómo restauro la base de datos de pedidos?", "es"),
        ("comment restaurer la base des commandes ?", "fr"),
        ("como faço para restaurar o banco de dados", "pt"),
        ("come si ripristina il database degli ordini", "it"),
        ("如何恢复 orders 数据库", "zh"),
        ("ordersデータベースを復元するには", "ja"),
        ("주문 데이터베이스를 어떻게 복구합니까", "ko"),
        ("как восстановить базу заказов", "ru"),
        ("error in der foo", "en"),
    ],
)
def test_the_language_of_a_question(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["wie geht das nicht", "如何", "comment on fait les choses"])
def test_fixed_sentences_are_the_askers(text: str) -> None:
    english = phrases_for("how?")
    assert phrases_for(text).nothing != english.nothing
    assert phrases_for(text).quoted
    assert not english.quoted
