from __future__ import annotations

from inference.answers import AnswerBook
from inference.backends.fake import FakeBackend
from inference.chat_template import ChatTemplate
from inference.request import ChatMessage, Role, TokenId

ODD = (TokenId(9), TokenId(8))


def test_an_answer_keeps_the_tokens_it_was_generated_with() -> None:
    answers = AnswerBook()
    answers.remember(b"ok", ODD)
    backend = FakeBackend()
    template = ChatTemplate(backend.info, backend.vocabulary, answers)
    question = ChatMessage(Role.USER, "ok")
    prompt = template.prompt((question, ChatMessage(Role.ASSISTANT, "ok"), question))
    assert prompt.tokens[prompt.starts[1] : prompt.stops[1]] == ODD
    assert prompt.tokens[prompt.starts[0] : prompt.stops[0]] == tuple(b"ok")


def test_an_answer_cut_inside_a_character_is_not_kept() -> None:
    answers = AnswerBook()
    answers.remember("é".encode()[:1], ODD)
    assert answers.tokens_of("\ufffd") is None


def test_the_least_recently_used_answer_is_forgotten() -> None:
    answers = AnswerBook(max_answers=2)
    answers.remember(b"a", ODD)
    answers.remember(b"b", ODD)
    assert answers.tokens_of("a") == ODD
    answers.remember(b"c", ODD)
    assert answers.tokens_of("b") is None
    assert answers.tokens_of("a") == ODD
