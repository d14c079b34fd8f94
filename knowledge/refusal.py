"""Whether what was found can answer the question, decided before a model is asked.

The measure must not depend on how many documents there are, or a question refused today would be
answered when others are added. BM25 scores do (they hold the logarithm of the corpus), so the
lexical part is the share of the question that a passage covers.
"""

from __future__ import annotations

from dataclasses import dataclass

from .documents import Answerability

CLEAR_YES = 0.6
"""From here the model is not asked whether the passages answer."""

CLEAR_NO = 0.42
"""Below this nobody is asked. Measured on 3,343 chunks and on 19: the first answerable questions
begin at .45 (English), the last unanswerable ones end at .55."""

_COVERAGE_WEIGHT = 0.25
_NAME_WEIGHT = 0.3
_UNKNOWN_COSINE = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a search saw.

    Attributes:
        cosine: Best similarity of any passage to the question, in [-1, 1]; None when there was
            no embedder, which leaves most questions to the model.
        coverage: Best share of the question's terms that one passage found holds, rare ones
            counting more; in [0, 1].
        has_name: Whether a rare name of the question stands in a passage exactly.
    """

    cosine: float | None
    coverage: float
    has_name: bool


def confidence(signals: Signals) -> float:
    """One number: similarity, plus the words shared, plus a name found exactly."""
    cosine = _UNKNOWN_COSINE if signals.cosine is None else signals.cosine
    return (
        cosine + _COVERAGE_WEIGHT * signals.coverage + (_NAME_WEIGHT if signals.has_name else 0.0)
    )


def judge(value: float) -> Answerability:
    """Clear yes, clear no, or a grey zone in which the model has to say so itself."""
    if value >= CLEAR_YES:
        return Answerability.YES
    return Answerability.NO if value < CLEAR_NO else Answerability.UNSURE
