from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bot.messages import Intent
from bot.router.examples import load_examples
from bot.router.follow_up import is_follow_up
from bot.router.ngrams import features
from bot.router.rules import RULES, decide
from bot.router.shape import shapes
from bot.router.student import shipped


def test_every_intent_has_many_distinct_examples() -> None:
    examples = load_examples()
    counts = Counter(example.intent for example in examples)
    assert min(counts[intent] for intent in Intent) >= 40
    assert len({example.text for example in examples}) == len(examples)


def test_rules_rarely_contradict_the_examples() -> None:
    decided = [(rule, e) for e in load_examples() if (rule := decide(e.text)) is not None]
    wrong = [(rule.name, e.text) for rule, e in decided if rule.intent is not e.intent]
    assert len(decided) > 100
    assert len(wrong) <= 0.03 * len(decided), wrong


def test_every_rule_decides_something() -> None:
    extra = [
        "Traceback (most recent call last):",
        "...",
        "10:00:00 ERROR x",
        "thanks",
        "ignored templates",
        "[FIRING:1] DiskFull",
        "what does the DiskFull alert mean?",
        "[FIRING:1] DiskFull\nwho owns this?",
    ]
    texts = [example.text for example in load_examples()]
    used = {rule.name for text in [*texts, *extra] if (rule := decide(text)) is not None}
    assert used == {rule.name for rule in RULES}


def test_the_student_recalls_its_own_examples() -> None:
    examples = load_examples()
    student = shipped()
    shares = [student.shares(example.text) for example in examples]
    right = [max(s, key=s.__getitem__) is e.intent for s, e in zip(shares, examples, strict=True)]
    assert np.mean(right) > 0.97


def test_shares_add_up_to_one_even_for_unknown_text() -> None:
    shares = shipped().shares("ᚠᛇᚻ")
    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) == set(Intent)


def test_chinese_is_compared_by_characters() -> None:
    assert "c:日志" in features("看日志")


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("at 17:30 please", "clock"),
        ("mondays", "weekday"),
        ("每周", "recurring"),
        ("on web-3", "host"),
        ("run 12", "number"),
        ("2026-01-01 x", "pasted"),
        ("谁负责", "who"),
    ],
)
def test_shapes_are_seen(text: str, shape: str) -> None:
    assert shape in set(shapes(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("and orders?", True),
        ("why?", True),
        ("what about the last hour", True),
        ("那订单呢?", True),
        ("please restart the whole cluster in frankfurt", False),
        ("and then tell me everything that you know about the old data centre", False),
        ("库存服务的超时是不是变多了,帮我看看最近一个小时", False),
    ],
)
def test_follow_ups_are_short_and_lean_on_what_was_said(text: str, expected: bool) -> None:
    assert is_follow_up(text) is expected
