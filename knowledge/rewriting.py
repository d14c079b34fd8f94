"""When a question is worth putting into other words before it is looked up, and in which.

Two ways lead from another language to English documents: a table of words, which costs nothing, and
a model, which costs a second and is asked once per question. What they give is searched beside the
question itself, never instead of it.
"""

from __future__ import annotations

from typing import Protocol

from .documents import Answerability
from .language import Language, language_of

MAX_WORDS = 14
"""Of a rewriting; what goes on longer is an answer, not a search."""


class Rewriter(Protocol):
    """Whatever puts a question into English search words; a language model."""

    async def rewrite(self, question: str) -> str:
        """A dozen English words, or nothing when it cannot be done in time. Never raises."""
        ...


def is_worth_rewriting(question: str, found: Answerability) -> bool:
    """Whether a model may find better words: another language, and no clear answer without it.

    English questions are left alone: a small model only drops their small words, which changes
    no ranking.

    Args:
        found: What the gate says of a search with the question and the table of words.
    """
    return found is not Answerability.YES and language_of(question) is not Language.ENGLISH


def search_words(rewritten: str) -> str:
    """A model's rewriting as one line of at most `MAX_WORDS` different words; may be empty."""
    words = dict.fromkeys(rewritten.replace("\n", " ").split())
    return " ".join(list(words)[:MAX_WORDS])
