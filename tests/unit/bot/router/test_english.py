"""English is told from the other languages that people write to the bot in."""

from __future__ import annotations

import pytest

from bot.router.english import is_english


@pytest.mark.parametrize(
    "text",
    [
        "restart nginx on web-3",
        "why is the login so slow in the Zürich office since the last big release",
        "who owns el-dorado",
        "what was the war room link",
        "`SELECT * FROM orders`",
        "",
        "???",
    ],
)
def test_english_and_what_has_no_language_is_english(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "wer ist für das Portal zuständig",
        "zeig mir die letzten Fehler",
        "por qué falla el servicio de pagos",
        "reinicia el portal",
        "重启支付服务",
        "checkout を再起動して",
    ],
)
def test_other_languages_are_not(text: str) -> None:
    assert not is_english(text)
