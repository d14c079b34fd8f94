"""What was answered from documents: for verdicts on answers, and for what nothing answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select

from .feedback import Verdict
from .tables import FeedbackRow, KnowledgeAnswerRow
from .transaction import reading, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPassage:
    """A passage as it stood in an answer.

    Attributes:
        lines: First and last line, 1-based, inclusive.
    """

    title: str
    heading: str
    path: str
    lines: tuple[int, int]
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeAnswer:
    """An answer from documents, or a refusal; without secrets.

    Attributes:
        is_refusal: Nothing answered the question.
        nearest: Titles that were named as the nearest ones in a refusal.
        created_at: Aware UTC.
    """

    request_id: str
    channel_id: str
    user_id: str
    question: str
    is_refusal: bool
    answer: str
    passages: tuple[ShownPassage, ...]
    nearest: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswer:
    """An answer with what people thought of it."""

    answer: KnowledgeAnswer
    n_good: int
    n_bad: int


class KnowledgeAnswers:
    """Keeps answers from documents."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, answer: KnowledgeAnswer) -> None:
        """Keep an answer, replacing one of the same request.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            session.merge(_row(answer))

    def find(self, request_id: str) -> KnowledgeAnswer | None:
        """One answer.

        Raises:
            StoreError: The database failed.
        """
        with reading(self._engine) as session:
            row = session.get(KnowledgeAnswerRow, request_id)
            return None if row is None else _answer(row)

    def refusals(self, since: datetime | None = None) -> tuple[KnowledgeAnswer, ...]:
        """What nothing answered, oldest first.

        Args:
            since: Aware UTC; None: from the beginning.

        Raises:
            StoreError: The database failed.
        """
        query = select(KnowledgeAnswerRow).where(KnowledgeAnswerRow.is_refusal.is_(True))
        if since is not None:
            query = query.where(KnowledgeAnswerRow.created_at >= since)
        with reading(self._engine) as session:
            rows = session.scalars(query.order_by(KnowledgeAnswerRow.created_at))
            return tuple(_answer(row) for row in rows)

    def judged(self, since: datetime | None = None) -> tuple[JudgedAnswer, ...]:
        """Answers that people gave a verdict on, the latest answer first.

        Raises:
            StoreError: The database failed.
        """
        query = select(KnowledgeAnswerRow, FeedbackRow.verdict).join(
            FeedbackRow, FeedbackRow.request_id == KnowledgeAnswerRow.request_id
        )
        if since is not None:
            query = query.where(KnowledgeAnswerRow.created_at >= since)
        answers: dict[str, KnowledgeAnswer] = {}
        verdicts: dict[str, list[str]] = {}
        with reading(self._engine) as session:
            for row, verdict in session.execute(
                query.order_by(KnowledgeAnswerRow.created_at.desc())
            ):
                answers.setdefault(row.request_id, _answer(row))
                verdicts.setdefault(row.request_id, []).append(verdict)
        return tuple(
            JudgedAnswer(
                answer=answer,
                n_good=verdicts[key].count(Verdict.GOOD.value),
                n_bad=verdicts[key].count(Verdict.BAD.value),
            )
            for key, answer in answers.items()
        )

    def prune(self, before: datetime) -> int:
        """Forget answers made before a time, aware UTC, and the verdicts on them.

        Returns:
            How many answers were forgotten.

        Raises:
            StoreError: The database failed.
        """
        is_old = KnowledgeAnswerRow.created_at < before
        old = select(KnowledgeAnswerRow.request_id).where(is_old)
        gone = delete(KnowledgeAnswerRow).where(is_old).returning(KnowledgeAnswerRow.request_id)
        with writing(self._engine) as session:
            session.execute(delete(FeedbackRow).where(FeedbackRow.request_id.in_(old)))
            return len(session.scalars(gone).all())


def _row(answer: KnowledgeAnswer) -> KnowledgeAnswerRow:
    return KnowledgeAnswerRow(
        request_id=answer.request_id,
        channel_id=answer.channel_id,
        user_id=answer.user_id,
        question=answer.question,
        is_refusal=answer.is_refusal,
        answer=answer.answer,
        passages=[asdict(passage) for passage in answer.passages],
        nearest=list(answer.nearest),
        created_at=answer.created_at,
    )


def _answer(row: KnowledgeAnswerRow) -> KnowledgeAnswer:
    return KnowledgeAnswer(
        request_id=row.request_id,
        channel_id=row.channel_id,
        user_id=row.user_id,
        question=row.question,
        is_refusal=row.is_refusal,
        answer=row.answer,
        passages=tuple(_passage(record) for record in row.passages),
        nearest=tuple(row.nearest),
        created_at=row.created_at,
    )


def _passage(record: dict[str, Any]) -> ShownPassage:
    first, last = record["lines"]
    return ShownPassage(
        title=str(record["title"]),
        heading=str(record["heading"]),
        path=str(record["path"]),
        lines=(int(first), int(last)),
        excerpt=str(record["excerpt"]),
    )
