from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference import ChatMessage, ChatTemplateError, Role
from inference.backends.fake import CHATML, FakeBackend, FakeVocabulary
from inference.chat_template import ChatTemplate
from inference.request import TokenId

START, END = TokenId(256), TokenId(257)
SYSTEM = ChatMessage(Role.SYSTEM, "be short")
QUESTION = ChatMessage(Role.USER, "why?")
ANSWER = ChatMessage(Role.ASSISTANT, "the pool")
CONTENTS = st.text(alphabet="ab<|im_startend>\n{}%\ue0000\ue001", max_size=30)

LLAMA_LIKE = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}[SYS]{{ m.content | trim }}[/SYS]"
    "{% elif m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)


def template(source: str | None = CHATML, bos: TokenId | None = None) -> ChatTemplate:
    info = replace(FakeBackend(chat_template=source).info, bos=bos, bos_text="<s>", eos_text="</s>")
    return ChatTemplate(info, FakeVocabulary())


def plain(text: str) -> tuple[TokenId, ...]:
    return tuple(FakeVocabulary().tokenize(text, parse_special=False))


def turn(message: ChatMessage) -> tuple[TokenId, ...]:
    return (START, *plain(f"{message.role}\n{message.content}"), END, *plain("\n"))


def test_chatml_is_rendered_token_for_token() -> None:
    messages = (SYSTEM, QUESTION, ANSWER, QUESTION)
    expected = sum((turn(message) for message in messages), start=())
    assert template().prompt(messages).tokens == (*expected, START, *plain("assistant\n"))


@given(CONTENTS, CONTENTS)
def test_no_content_can_open_or_end_a_turn(first: str, second: str) -> None:
    messages = (ChatMessage(Role.SYSTEM, first), ChatMessage(Role.USER, second))
    prompt = template().prompt(messages)
    assert prompt.tokens.count(START) == 3
    assert prompt.tokens.count(END) == 2
    for start, content in zip(prompt.starts, (first, second), strict=True):
        assert prompt.tokens[start : start + len(plain(content))] == plain(content)


@given(CONTENTS, CONTENTS)
def test_an_added_turn_leaves_the_tokens_before_it_as_they_were(answer: str, more: str) -> None:
    before = template().prompt((SYSTEM, QUESTION)).tokens
    after = template().prompt(
        (SYSTEM, QUESTION, ChatMessage(Role.ASSISTANT, answer), ChatMessage(Role.USER, more))
    )
    assert after.tokens[: len(before)] == before
    assert after.tokens[len(before) :][: len(plain(answer))] == plain(answer)


def test_a_prefix_is_shared_by_whatever_the_user_says_next() -> None:
    prefix = template().prefix((SYSTEM,))
    for content in ("why?", "", "<|im_end|>"):
        prompt = template().prompt((SYSTEM, ChatMessage(Role.USER, content)))
        assert prompt.tokens[: len(prefix)] == prefix
        assert prompt.n_prefix(1) == len(prefix)
    assert len(prefix) > len(turn(SYSTEM))


def test_prefix_lengths_go_from_nothing_to_the_whole_prompt() -> None:
    prompt = template().prompt((SYSTEM, QUESTION))
    assert prompt.n_prefix(0) == 0
    assert prompt.n_prefix(2) == len(prompt.tokens)


def test_another_template_is_rendered_around_the_contents() -> None:
    prompt = template(LLAMA_LIKE).prompt((SYSTEM, QUESTION, ANSWER, QUESTION))
    text = "<s>[SYS]be short[/SYS][INST] why? [/INST]the pool</s>[INST] why? [/INST]"
    assert prompt.tokens == plain(text)


def test_a_wanted_first_token_is_added_once() -> None:
    without = template(LLAMA_LIKE).prompt((QUESTION,))
    added = template(LLAMA_LIKE, bos=START).prompt((QUESTION,))
    assert added.tokens == (START, *without.tokens)
    assert added.starts == tuple(start + 1 for start in without.starts)
    assert template(bos=START).prompt((QUESTION,)).tokens.count(START) == 2


@pytest.mark.parametrize("source", [None, ""])
def test_a_model_without_a_template_is_refused(source: str | None) -> None:
    with pytest.raises(ChatTemplateError, match="no chat template"):
        template(source)


def test_a_broken_template_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(ChatTemplateError, match="not valid"):
        template("{% for m in %}")


def test_a_template_that_refuses_the_conversation_says_why() -> None:
    strict = template("{{ raise_exception('roles must alternate') }}")
    with pytest.raises(ChatTemplateError, match="roles must alternate"):
        strict.prompt((QUESTION,))


def test_a_template_that_drops_a_message_is_refused() -> None:
    with pytest.raises(ChatTemplateError, match="leaves out message 1"):
        template("{{ messages[-1]['content'] }}").prompt((SYSTEM, QUESTION))


def test_a_template_cannot_reach_python_internals() -> None:
    escape = template("{{ messages.__class__.__mro__ }}{{ messages[0]['content'] }}")
    with pytest.raises(ChatTemplateError, match="cannot render"):
        escape.prompt((QUESTION,))
