"""What people thought of answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, select

from .tables import FeedbackRow, KnowledgeAnswerRow
from .transaction import reading, writing


class Verdict(StrEnum):
    """Thumbs up or down."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One person's verdict on one answer.

    Attributes:
        created_at: Aware UTC.
    """

    request_id: str
    user_id: str
    verdict: Verdict
    question: str
    answer: str
    created_at: datetime


class FeedbackBook:
    """Keeps verdicts: one per person and answer, the last one counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, feedback: Feedback) -> None:
        """Keep a verdict, replacing an earlier one of the same person on the same answer.

        Of an answer from documents, question and answer are taken from what was stored of it.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            known = session.get(KnowledgeAnswerRow, feedback.request_id)
            session.merge(
                FeedbackRow(
                    request_id=feedback.request_id,
                    user_id=feedback.user_id,
                    verdict=feedback.verdict.value,
                    question=feedback.question if known is None else known.question,
                    answer=feedback.answer if known is None else known.answer,
                    created_at=feedback.created_at,
                )
            )

    def about(self, request_id: str) -> tuple[Feedback, ...]:
        """All verdicts on one answer, oldest first.

        Raises:
            StoreError: The database failed.
        """
        query = (
            select(FeedbackRow)
            .where(FeedbackRow.request_id == request_id)
            .order_by(FeedbackRow.created_at)
        )
        with reading(self._engine) as session:
            return tuple(_feedback(row) for row in session.scalars(query))


def _feedback(row: FeedbackRow) -> Feedback:
    return Feedback(
        request_id=row.request_id,
        user_id=row.user_id,
        verdict=Verdict(row.verdict),
        question=row.question,
        answer=row.answer,
        created_at=row.created_at,
    )
