"""What is computed ahead is what the next prompt really begins with."""

from __future__ import annotations

import pytest

from bot.messages import Intent, Turn
from bot.prompts import code, knowledge, logs
from bot.skills.openings import local_openings, opening
from inference import ChatMessage

TALK = "Maya: I restarted it\nJonas: the table is payments_eu"
SOURCE = knowledge.Quoted(header="Pool", text="End idle sessions.")
PROMPTS = {
    Intent.LOGS: logs.messages("checkout\n[1] NEW, 3 lines: boom", TALK),
    Intent.KNOWLEDGE: knowledge.messages((SOURCE,), "and then?", "what now?", TALK),
    Intent.CODE: code.messages(
        language="SQL", task="per minute", notes=("a",), earlier="SELECT 1", talk=TALK
    ),
}
PLAIN = {
    Intent.LOGS: logs.messages("checkout\n[1] NEW, 3 lines: boom"),
    Intent.KNOWLEDGE: knowledge.messages((SOURCE,), "and then?", "what now?"),
    Intent.CODE: code.messages(language="SQL", task="per minute", notes=("a",), earlier="SELECT 1"),
}


def after(intent: Intent) -> tuple[ChatMessage, ...]:
    return opening(Turn(text="x", intent=intent, answer="", facts={"language": "sql"}), TALK)


@pytest.mark.parametrize("intent", PROMPTS)
def test_every_prompt_with_talk_begins_with_its_opening(intent: Intent) -> None:
    *before, last = after(intent)
    real = PROMPTS[intent]
    assert list(real[: len(before)]) == before
    assert real[len(before)].content.startswith(last.content)
    assert last.content.endswith(TALK)


@pytest.mark.parametrize("intent", PROMPTS)
def test_talk_stands_in_its_own_block_before_what_depends_on_the_question(intent: Intent) -> None:
    with_talk, plain = PROMPTS[intent][-1].content, PLAIN[intent][-1].content
    assert with_talk.endswith(plain)
    assert with_talk[: -len(plain)].count("</thread>") == 1
    assert "<thread>" not in plain


@pytest.mark.parametrize("intent", sorted(set(Intent) - set(PROMPTS)))
def test_skills_that_ask_no_model_have_no_opening(intent: Intent) -> None:
    assert after(intent) == ()


def test_nothing_is_computed_here_for_a_skill_that_is_answered_elsewhere_first() -> None:
    known = local_openings({"logs": "remote,local", "code": "local,remote"})
    assert known(Turn(text="x", intent=Intent.LOGS, answer=""), TALK) == ()
    code_turn = Turn(text="x", intent=Intent.CODE, answer="", facts={"language": "sql"})
    assert known(code_turn, TALK) == after(Intent.CODE)
