"""When a question is rewritten, and what becomes of the rewriting."""

from __future__ import annotations

import pytest

from knowledge.documents import Answerability
from knowledge.rewriting import MAX_WORDS, is_worth_rewriting, search_words


@pytest.mark.parametrize("found", Answerability)
def test_an_english_question_is_left_alone(found: Answerability) -> None:
    assert not is_worth_rewriting("where is the log", found)


@pytest.mark.parametrize("question", ["日志在哪里", "где логи", "wo ist das protokoll von gestern"])
def test_another_language_is_rewritten_unless_an_answer_is_clear(question: str) -> None:
    assert is_worth_rewriting(question, Answerability.UNSURE)
    assert is_worth_rewriting(question, Answerability.NO)
    assert not is_worth_rewriting(question, Answerability.YES)


def test_a_rewriting_is_one_line_of_few_different_words() -> None:
    assert search_words("disk full\ndisk  full how") == "disk full how"
    assert search_words(" \n") == ""
    assert len(search_words(" ".join(map(str, range(99)))).split()) == MAX_WORDS
