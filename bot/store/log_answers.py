"""What answers about logs were about, so that their buttons work for weeks and over restarts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select

from .tables import LogAnswerRow
from .transaction import reading, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One message of an answer.

    Attributes:
        number: The [n] it has in the answer.
        service: Configured name, or the name of the text.
        value: Status, exit code or the like that belongs to the template; empty without one.
        line: The verbatim line, as far as it was kept.
        second: Its time, seconds since the epoch, or None when it has none.
        around: Numbers and lines around it, for texts, which are not kept themselves.
    """

    number: int
    service: str
    template_id: str
    value: str
    pattern: str
    source: str
    line_number: int
    line: str
    second: int | None = None
    around: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAnswer:
    """An answer about logs.

    Attributes:
        channel_id: Where it was given; only from there its buttons are answered.
        is_text: Pasted or uploaded text was looked at, not configured services.
        start_at: Beginning of the window, aware UTC, or None when everything was read.
        end_at: End of the window, not part of it.
    """

    request_id: str
    channel_id: str
    services: tuple[str, ...]
    is_text: bool
    start_at: datetime | None
    end_at: datetime | None
    evidence: tuple[Evidence, ...]
    created_at: datetime


class LogAnswers:
    """Keeps answers about logs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, answer: LogAnswer) -> None:
        """Keep an answer, replacing one of the same request.

        Raises:
            StoreError: The database failed.
        """
        row = LogAnswerRow(
            request_id=answer.request_id,
            channel_id=answer.channel_id,
            services=list(answer.services),
            is_text=answer.is_text,
            start_at=answer.start_at,
            end_at=answer.end_at,
            evidence=[asdict(each) for each in answer.evidence],
            created_at=answer.created_at,
        )
        with writing(self._engine) as session:
            session.merge(row)

    def find(self, request_id: str) -> LogAnswer | None:
        """Look one up.

        Raises:
            StoreError: The database failed.
        """
        with reading(self._engine) as session:
            row = session.get(LogAnswerRow, request_id)
            return _answer(row) if row is not None else None

    def all(self) -> tuple[LogAnswer, ...]:
        """Those kept, oldest first.

        Raises:
            StoreError: The database failed.
        """
        query = select(LogAnswerRow).order_by(LogAnswerRow.created_at, LogAnswerRow.request_id)
        with reading(self._engine) as session:
            return tuple(_answer(row) for row in session.scalars(query))

    def prune(self, before: datetime) -> int:
        """Forget answers given before a time, aware UTC.

        Returns:
            How many were forgotten.

        Raises:
            StoreError: The database failed.
        """
        old = delete(LogAnswerRow).where(LogAnswerRow.created_at < before)
        with writing(self._engine) as session:
            return len(session.scalars(old.returning(LogAnswerRow.request_id)).all())


def _answer(row: LogAnswerRow) -> LogAnswer:
    return LogAnswer(
        request_id=row.request_id,
        channel_id=row.channel_id,
        services=tuple(row.services),
        is_text=row.is_text,
        start_at=row.start_at,
        end_at=row.end_at,
        evidence=tuple(_evidence(each) for each in row.evidence),
        created_at=row.created_at,
    )


# The column holds what `asdict` made of an `Evidence`.
def _evidence(record: dict[str, Any]) -> Evidence:
    kept = dict(record)
    around = tuple((int(number), str(line)) for number, line in kept.pop("around"))
    return Evidence(**kept, around=around)
