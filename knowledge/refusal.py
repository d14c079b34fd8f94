"""Whether what was found can answer the question, decided before a model is asked."""

from __future__ import annotations

from dataclasses import dataclass

from .documents import Answerability


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a search saw.

    Attributes:
        cosine: Best similarity of any passage to the question, in [-1, 1].
        bm25: Best BM25 score of any passage, >= 0.
        identifier_hit: Whether a rare name of the question stands in a passage found.
    """

    cosine: float
    bm25: float
    identifier_hit: bool


def confidence(signals: Signals) -> float:
    """One number: similarity, plus a little for shared rare words, plus a name found exactly."""
    return signals.cosine + 0.03 * signals.bm25 + (0.3 if signals.identifier_hit else 0.0)


CLEAR_YES = 1.05
CLEAR_NO = 0.70


def judge(value: float) -> Answerability:
    """Clear yes, clear no, or a grey zone in which the model has to say so itself."""
    if value >= CLEAR_YES:
        return Answerability.YES
    return Answerability.NO if value < CLEAR_NO else Answerability.UNSURE
