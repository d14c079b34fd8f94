"""What people said a request had been meant as, for the router's next training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from .tables import RouteCorrectionRow
from .transaction import reading, writing

MAX_TEXT_CHARS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCorrection:
    """One choice of a person.

    Attributes:
        text: What was asked.
        intent: What it was meant as.
        user_id: Who said so.
        at: Aware UTC.
    """

    text: str
    intent: str
    user_id: str
    at: datetime


class RouteCorrections:
    """Keeps choices; for one text the last one counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, correction: RouteCorrection) -> None:
        """Keep one; an empty text is not kept, a long one only in part.

        Raises:
            StoreError: The database failed.
        """
        text = correction.text.strip()[:MAX_TEXT_CHARS]
        if not text:
            return
        row = RouteCorrectionRow(
            text=text, intent=correction.intent, user_id=correction.user_id, at=correction.at
        )
        with writing(self._engine) as session:
            session.add(row)

    def all(self) -> tuple[RouteCorrection, ...]:
        """One for each text, oldest first.

        Raises:
            StoreError: The database failed.
        """
        query = select(RouteCorrectionRow).order_by(RouteCorrectionRow.correction_id)
        with reading(self._engine) as session:
            last = {row.text: _correction(row) for row in session.scalars(query)}
        return tuple(last.values())


def _correction(row: RouteCorrectionRow) -> RouteCorrection:
    return RouteCorrection(text=row.text, intent=row.intent, user_id=row.user_id, at=row.at)
