"""What the next prompt of a thread will begin with, as far as that is known before the question.

Who asks on in a thread mostly stays with the skill that answered last. Only the code skill's prompt
has what people said in it; the others' prompts begin with their static prefix, which is kept
computed anyway, and go on with what is looked up for the question.
"""

from __future__ import annotations

from inference import ChatMessage

from ..messages import Intent, Turn
from ..prompts import code
from .code.languages import named


def opening(last: Turn, talk: str) -> tuple[ChatMessage, ...]:
    """The messages that the next prompt begins with; the last of them goes on there.

    Args:
        last: The thread's latest exchange with the bot.
        talk: What people said in the thread, safe to quote; not empty.

    Returns:
        Nothing when the next prompt has no part that only now became known.
    """
    language = named(last.facts.get("language", ""))
    if last.intent is not Intent.CODE or language is None:
        return ()
    return code.opening(language.label, talk)
