"""Which events were taken in already, so that a redelivered one is answered once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import IntegrityError

from .tables import SeenEventRow
from .transaction import writing


class SeenEvents:
    """Remembers event ids, also over a restart and between processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def first_sight(self, key: str, at: datetime) -> bool:
        """Note an event; of several concurrent callers exactly one gets True.

        Args:
            key: Event id or another key of at most 200 characters.
            at: Aware UTC.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            try:
                with session.begin_nested():
                    session.execute(insert(SeenEventRow).values(key=key, seen_at=at))
            except IntegrityError:
                return False
        return True

    def prune(self, before: datetime) -> int:
        """Forget events seen before a time, aware UTC.

        Returns:
            How many were forgotten.

        Raises:
            StoreError: The database failed.
        """
        old = delete(SeenEventRow).where(SeenEventRow.seen_at < before).returning(SeenEventRow.key)
        with writing(self._engine) as session:
            return len(session.scalars(old).all())
