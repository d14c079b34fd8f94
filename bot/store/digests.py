"""Scheduled log digests, as people talk about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, select

from .tables import DigestRow
from .transaction import reading, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest that is posted by the clock.

    Attributes:
        digest_id: Also the id of the scheduler's job.
        cron: Five fields: minute, hour, day, month, weekday.
        timezone: IANA name.
        words: The schedule as it was confirmed, for example "every weekday at 09:00".
        created_by: User id.
        created_at: Aware UTC.
    """

    digest_id: str
    channel_id: str
    service: str
    cron: str
    timezone: str
    words: str
    created_by: str
    created_at: datetime


class Digests:
    """Keeps the schedules."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, digest: Digest) -> None:
        """Keep a schedule, replacing one of the same id.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            session.merge(
                DigestRow(
                    digest_id=digest.digest_id,
                    channel_id=digest.channel_id,
                    service=digest.service,
                    cron=digest.cron,
                    timezone=digest.timezone,
                    words=digest.words,
                    created_by=digest.created_by,
                    created_at=digest.created_at,
                )
            )

    def get(self, digest_id: str) -> Digest | None:
        """Look one up.

        Raises:
            StoreError: The database failed.
        """
        with reading(self._engine) as session:
            row = session.get(DigestRow, digest_id)
            return _digest(row) if row is not None else None

    def all(self, channel_id: str | None = None) -> tuple[Digest, ...]:
        """Every schedule, or those of one channel, oldest first.

        Raises:
            StoreError: The database failed.
        """
        query = select(DigestRow).order_by(DigestRow.created_at, DigestRow.digest_id)
        if channel_id is not None:
            query = query.where(DigestRow.channel_id == channel_id)
        with reading(self._engine) as session:
            return tuple(_digest(row) for row in session.scalars(query))

    def remove(self, digest_id: str) -> bool:
        """Delete one; False when there was none.

        Raises:
            StoreError: The database failed.
        """
        gone = (
            delete(DigestRow).where(DigestRow.digest_id == digest_id).returning(DigestRow.digest_id)
        )
        with writing(self._engine) as session:
            return session.scalar(gone) is not None


def _digest(row: DigestRow) -> Digest:
    return Digest(
        digest_id=row.digest_id,
        channel_id=row.channel_id,
        service=row.service,
        cron=row.cron,
        timezone=row.timezone,
        words=row.words,
        created_by=row.created_by,
        created_at=row.created_at,
    )
