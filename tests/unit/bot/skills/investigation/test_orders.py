"""Few wordings are orders; questions are not."""

from __future__ import annotations

import pytest

from bot.skills.investigation.orders import (
    Investigate,
    StopInvestigating,
    order_text,
    read_order,
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("investigate checkout", "en"),
        ("please investigate checkout since 10:00", "en"),
        ("Investigate", "en"),
        ("look into checkout", "en"),
        ("bitte untersuche checkout", "de"),
        ("investiga checkout", "es"),
        ("调查 checkout", "zh"),
        ("请排查 checkout", "zh"),
        ("checkoutを調査して", "ja"),
        ("checkout の調査", "ja"),
    ],
)
def test_an_order_is_recognised_in_its_language(text: str, language: str) -> None:
    order = read_order(text)
    assert isinstance(order, Investigate)
    assert order.language == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "why is checkout slow?",
        "how do we investigate a slow query?",
        "investigate the process for approvals, who should sign?",
        "the investigation is over",
        "restart checkout",
        "investigate " + "x" * 500,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert read_order(text) is None


@pytest.mark.parametrize("text", ["stop investigating", "cancel the investigation", "停止调查"])
def test_stopping_is_an_order(text: str) -> None:
    assert read_order(text) == StopInvestigating()


@pytest.mark.parametrize("language", ["en", "de", "es", "zh", "ja"])
def test_what_a_button_says_is_read_back_in_its_language(language: str) -> None:
    assert read_order(order_text("orders-db", language)) == Investigate("orders-db", language)
