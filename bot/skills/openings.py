"""What the next prompt of a thread will begin with, as far as that is known before the question.

Who asks on in a thread mostly stays with the skill that answered last. Its static prefix and what
people said meanwhile are known; evidence, passages and notes are looked up for the question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from inference import ChatMessage

from ..messages import Intent, Turn
from ..prompts import code, knowledge, logs
from ..settings import GeneratorOrder, Skill
from .code.languages import named

Messages: TypeAlias = tuple[ChatMessage, ...]


def opening(last: Turn, talk: str) -> Messages:
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


def local_openings(order: Mapping[Skill, GeneratorOrder]) -> Callable[[Turn, str], Messages]:
    """`opening`, for the skills that the local model answers first.

    Args:
        order: Who answers which skill; one that is not named is answered locally.
    """
    elsewhere = {str(skill) for skill, places in order.items() if places.startswith("remote")}

    def known(last: Turn, talk: str) -> Messages:
        return () if last.intent.value in elsewhere else opening(last, talk)

    return known
