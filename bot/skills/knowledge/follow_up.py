"""A question that leans on the one before it, made to stand alone for retrieval."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.conversation.facts import base_of
from bot.messages import Turn
from knowledge import terms

_FEW_TERMS = 3
_POINTS_BACK = re.compile(
    r"\b(it|its|that|this|those|these|they|them|there|then|same|one|ones|else)\b"
    r"|^\s*(and|but|so|or|what about|how about|why|what if|who)\b",
    re.IGNORECASE,
)
_MANY_TERMS = 8


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for.

    Attributes:
        query: For retrieval.
        earlier: The question before, when this one leans on it, else empty.
    """

    query: str
    earlier: str


def standalone(text: str, history: tuple[Turn, ...]) -> Question:
    """Put the previous question (and its topic) before a short or pointing one."""
    if not history or not _leans(text):
        return Question(text, "")
    last = history[-1]
    topic, earlier = last.facts.get("topic", ""), base_of(last)
    return Question(" ".join(filter(None, (topic, earlier, text))), earlier)


def _leans(text: str) -> bool:
    n_terms = len(set(terms(text)))
    return n_terms <= _FEW_TERMS or (n_terms <= _MANY_TERMS and bool(_POINTS_BACK.search(text)))
