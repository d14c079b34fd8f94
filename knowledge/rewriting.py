"""When a question is worth putting into other words before it is looked up, and in which.

Two ways lead from another language to English documents: a table of words, which costs nothing, and
a model, which costs a second and is asked once per question. What they give is searched beside the
question itself, never instead of it.
"""

from __future__ import annotations

from typing import Protocol

from .language import Language, language_of
from .refusal import Signals

WEAK_COSINE = 0.45
"""A best similarity below this says that the question's words are not those of the documents."""

MAX_WORDS = 14
"""Of a rewriting; what goes on longer is an answer, not a search."""


class Rewriter(Protocol):
    """Whatever puts a question into English search words; a language model."""

    async def rewrite(self, question: str) -> str:
        """A dozen English words, or nothing when it cannot be done in time. Never raises."""
        ...


def is_worth_rewriting(question: str, signals: Signals) -> bool:
    """Whether a model may find better words: another language, or a weak first search.

    An exact name found is never a weak search.
    """
    if language_of(question) is not Language.ENGLISH:
        return True
    if signals.has_name or signals.cosine is None:
        return False
    return signals.cosine < WEAK_COSINE


def search_words(rewritten: str) -> str:
    """A model's rewriting as one line of at most `MAX_WORDS` different words; may be empty."""
    words = dict.fromkeys(rewritten.replace("\n", " ").split())
    return " ".join(list(words)[:MAX_WORDS])
