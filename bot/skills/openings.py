"""What the next prompt of a thread will begin with, as far as that is known before the question.

Who asks on in a thread mostly stays with the skill that answered last. Its static prefix and what
people said meanwhile are known; evidence, passages and notes are looked up for the question.
"""

from __future__ import annotations

from inference import ChatMessage

from ..messages import Intent, Turn
from ..prompts import code, knowledge, logs
from .code.languages import named


def opening(last: Turn, talk: str) -> tuple[ChatMessage, ...]:
    """The messages that the next prompt begins with; the last of them goes on there.

    Args:
        last: The thread's latest exchange with the bot.
        talk: What people said in the thread, safe to quote; not empty.

    Returns:
        Nothing after a skill that asks no model.
    """
    match last.intent:
        case Intent.LOGS:
            return logs.opening(talk)
        case Intent.KNOWLEDGE:
            return knowledge.opening(talk)
        case Intent.CODE:
            language = named(last.facts.get("language", ""))
            return () if language is None else code.opening(language.label, talk)
        case _:
            return ()
