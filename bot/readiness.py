"""Whether a request can be answered at all, and in which language. Pure."""

from __future__ import annotations

import re

from .language import language_of
from .messages import ActorKind, Intent, Request, Turn
from .phrases import say
from .skills.generation import as_data
from .skills.logs.scope import pasted

MAX_TEXT_CHARS = 6000
"""A longer text is no question; what is pasted or attached is not counted."""

_EMOJI = re.compile(r":[a-z0-9_+'-]{1,60}:(?::skin-tone-\d:)?")


def language_in(request: Request, history: tuple[Turn, ...], intent: Intent | None) -> str:
    """That of the question; what a button says has the language of its thread."""
    earlier = [turn.text for turn in reversed(history)]
    return language_of(request.text if intent is None else "", earlier)


def fault_of(request: Request) -> str:
    """Why a request is not answered, in one sentence; empty when it is."""
    language, text = request.language, request.text
    if request.actor.kind is ActorKind.EXTERNAL:
        return say("members_only", language)
    if len(text) > MAX_TEXT_CHARS and not pasted(text):
        return say("too_long", language, n_chars=f"{len(text):,}")
    if not request.attachments and not has_words(text):
        return say("empty", language)
    return ""


def has_words(text: str) -> bool:
    """Whether a text says anything: more than emoji, punctuation and invisible characters."""
    return any(map(str.isalnum, _EMOJI.sub("", as_data(text).replace("[token]", ""))))
