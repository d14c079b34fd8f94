"""Orders are read as they were written, and questions are not orders."""

from __future__ import annotations

import pytest

from bot.messages import Intent
from bot.router.rules import decide
from bot.skills.logs.orders import (
    CompareYesterday,
    ListMarks,
    MoreContext,
    SetMark,
    TakeBack,
    order_text,
    read_order,
)
from bot.store.log_marks import MarkKind


@pytest.mark.parametrize(
    "order",
    [
        MoreContext("C0INCIDENTS-1795276872.209907"),
        CompareYesterday("C1-1.0"),
        SetMark(request_id="C1-1.0", number=8, kind=MarkKind.IGNORED, reason="a\nb [2] of C9-9.9"),
        SetMark(request_id="C1-1.0", number=1, kind=MarkKind.KNOWN, reason="SHOP-12"),
    ],
)
def test_a_buttons_text_is_read_as_its_order(
    order: MoreContext | CompareYesterday | SetMark,
) -> None:
    assert read_order(order_text(order)) == order


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("ignored templates", ListMarks()),
        ("show me the ignored templates", ListMarks()),
        ("list ignored log messages.", ListMarks()),
        ("which known issues are there?", ListMarks()),
        ("what is ignored?", ListMarks()),
        ("what\u2019s ignored?", ListMarks()),
        ("take back 3", TakeBack(3)),
        ("stop ignoring #12", TakeBack(12)),
        ("please unignore template 4", TakeBack(4)),
        ("forget known issue number 5", TakeBack(5)),
    ],
)
def test_people_say_it_in_words(text: str, order: ListMarks | TakeBack) -> None:
    assert read_order(text) == order


@pytest.mark.parametrize("text", ["ignored templates", "known issues", "take back mark 3"])
def test_words_about_marks_reach_the_log_skill(text: str) -> None:
    rule = decide(text)
    assert rule is not None
    assert rule.intent is Intent.LOGS


@pytest.mark.parametrize(
    "text",
    [
        "why is shop failing?",
        "which known issue explains the errors of checkout?",
        "ignored packets on eth0, why?",
        "take back the deploy of 14:03 and 3",
        "more context of the errors",
        "mark [1] of C1-1.0 as ignored",
        "",
    ],
)
def test_a_question_is_no_order(text: str) -> None:
    assert read_order(text) is None
