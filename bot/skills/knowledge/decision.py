"""Whether what was chosen answers the question: all evidence in one number. Pure.

A logistic regression on questions that 401 public documents answer, questions about something near
that they do not answer, and, as most of the latter, the first kind once more with the documents
that answer them taken away. Both sides weigh the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge import Answerability, Hit, SearchResult, identifiers, terms

from .live import asks_for_now, says_where_to_look
from .products import Named
from .selection import Candidate

_INTERCEPT = -1.5
_GATE = 0.57
_PARAGRAPH = 3.5
_MISSING_PRODUCT = -1.4
_UNKNOWN_NAME = -1.5
_NOW = -6.0
"""Not fitted: no document knows how things stand at this moment."""

_MOST_UNKNOWN = 2
_AROUND = 3
"""Statements before and behind the best one that make up its paragraph."""

_CUT = 0.1
_MODEL = 1.0
"""What one unit of the model's log-odds adds; its yes alone says little."""

_CONVINCED = 2.5
_DISMAYED = -1.0
"""Log-odds beyond which the model's verdict would change nothing, as it is hardly ever so sure."""

_SMALL = 1e-4

HOPELESS = 0.05
"""Confidence of the search below which nothing is read or shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the evidence says without a model.

    Attributes:
        doubt: UNSURE: how likely a no of the model must be, its yes being 1, to count; (0, 1].
    """

    answerability: Answerability
    doubt: float = 1.0


def searched_text(hit: Hit) -> str:
    """Everything of a hit in which a name may stand."""
    return f"{hit.path} {hit.title} {hit.heading} {hit.text}"


def log_odds(
    question: str,
    english: str,
    found: SearchResult,
    names: Named,
    among: Sequence[Candidate],
    fit: Sequence[float],
) -> float:
    """The evidence that what was found answers.

    Args:
        english: English words for a question in another language, else empty.
        names: The products of the question, compared with what was found.
        fit: How well each candidate fits; at least one.
    """
    sure = min(max(found.confidence, _SMALL), 1 - _SMALL)
    paragraph = _paragraph(among, fit)
    asked = set(terms(english or question))
    return (
        _INTERCEPT
        + _GATE * math.log(sure / (1 - sure))
        + _PARAGRAPH * len(asked & set(terms(paragraph))) / max(1, len(asked))
        + _MISSING_PRODUCT * bool(names.missing)
        + _UNKNOWN_NAME * min(_n_unknown(question, found.hits), _MOST_UNKNOWN)
        + _NOW * (asks_for_now(question) and not says_where_to_look(paragraph))
    )


def decide(evidence: float) -> Decision:
    """Yes, no, or a question to the model, whose no counts the more the weaker the evidence is."""
    needed = (_CUT - evidence) / _MODEL
    if needed > _CONVINCED:
        return Decision(answerability=Answerability.NO)
    if needed < _DISMAYED:
        return Decision(answerability=Answerability.YES)
    return Decision(answerability=Answerability.UNSURE, doubt=min(1.0, math.exp(-needed)))


def _n_unknown(question: str, hits: Sequence[Hit]) -> int:
    """Exact names of the question that nothing found holds."""
    known = "\n".join(map(searched_text, hits)).casefold()
    return sum(name not in known for name in identifiers(question))


def _paragraph(among: Sequence[Candidate], fit: Sequence[float]) -> str:
    """What stands around the best statement, with the headings above it."""
    best = max(range(len(among)), key=lambda at: fit[at])
    source = among[best].statement.source
    near = among[max(0, best - _AROUND) : best + _AROUND + 1]
    return "\n".join(
        f"{one.header}\n{one.statement.text}" for one in near if one.statement.source == source
    )
