"""When a question is rewritten, and what becomes of the rewriting."""

from __future__ import annotations

import pytest

from knowledge.refusal import Signals
from knowledge.rewriting import MAX_WORDS, WEAK_COSINE, is_worth_rewriting, search_words


def _signals(cosine: float | None, *, has_name: bool = False) -> Signals:
    return Signals(cosine=cosine, coverage=0.5, has_name=has_name)


@pytest.mark.parametrize(
    ("question", "signals", "expected"),
    [
        ("where is the log", _signals(WEAK_COSINE + 0.1), False),
        ("where is the log", _signals(WEAK_COSINE - 0.1), True),
        ("where is KubePodCrashLooping", _signals(WEAK_COSINE - 0.1, has_name=True), False),
        ("where is the log", _signals(None), False),
        ("日志在哪里", _signals(0.9, has_name=True), True),
        ("где логи", _signals(None), True),
    ],
)
def test_another_language_or_a_weak_search_is_worth_a_model(
    question: str, signals: Signals, expected: bool
) -> None:
    assert is_worth_rewriting(question, signals) is expected


def test_a_rewriting_is_one_line_of_few_different_words() -> None:
    assert search_words("disk full\ndisk  full how") == "disk full how"
    assert search_words(" \n") == ""
    assert len(search_words(" ".join(map(str, range(99)))).split()) == MAX_WORDS
