"""What people said of log messages: which to ignore, which are known; who, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, select

from .tables import LogMarkRow
from .transaction import reading, writing


class MarkKind(StrEnum):
    """What a mark does: IGNORED folds a message away, KNOWN shows what it is known to be."""

    IGNORED = "ignored"
    KNOWN = "known"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMark:
    """A mark that somebody wants to set.

    Attributes:
        service: A configured name, or "" for pasted and uploaded texts.
        value: Status, exit code or the like that belongs to the template; empty without one.
        created_at: Aware UTC.
    """

    kind: MarkKind
    service: str
    template_id: str
    value: str
    pattern: str
    reason: str
    user_id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(NewMark):
    """A mark that was set.

    Attributes:
        mark_id: The number people use for it.
    """

    mark_id: int


class LogMarks:
    """Keeps marks; those taken back stay in the table with who did it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, new: NewMark) -> tuple[Mark, bool]:
        """Set a mark, unless the message has one of this kind.

        Returns:
            The mark that holds now, and whether it is the new one.

        Raises:
            StoreError: The database failed.
        """
        same = select(LogMarkRow).where(
            LogMarkRow.ended_at.is_(None),
            LogMarkRow.kind == new.kind.value,
            LogMarkRow.service == new.service,
            LogMarkRow.template_id == new.template_id,
            LogMarkRow.value == new.value,
        )
        with writing(self._engine) as session:
            found = session.scalars(same).first()
            if found is not None:
                return _mark(found), False
            row = _row(new)
            session.add(row)
            session.flush()
            return _mark(row), True

    def all(self) -> tuple[Mark, ...]:
        """Those that hold, oldest first.

        Raises:
            StoreError: The database failed.
        """
        query = select(LogMarkRow).where(LogMarkRow.ended_at.is_(None)).order_by(LogMarkRow.mark_id)
        with reading(self._engine) as session:
            return tuple(_mark(row) for row in session.scalars(query))

    def take_back(self, mark_id: int, by: str, at: datetime) -> Mark | None:
        """End a mark; None when there is none that holds.

        Args:
            by: Who takes it back.
            at: Aware UTC.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            row = session.get(LogMarkRow, mark_id)
            if row is None or row.ended_at is not None:
                return None
            row.ended_at, row.ended_by = at, by
            return _mark(row)


def _row(new: NewMark) -> LogMarkRow:
    return LogMarkRow(
        kind=new.kind.value,
        service=new.service,
        template_id=new.template_id,
        value=new.value,
        pattern=new.pattern,
        reason=new.reason,
        user_id=new.user_id,
        name=new.name,
        created_at=new.created_at,
    )


def _mark(row: LogMarkRow) -> Mark:
    return Mark(
        mark_id=row.mark_id,
        kind=MarkKind(row.kind),
        service=row.service,
        template_id=row.template_id,
        value=row.value,
        pattern=row.pattern,
        reason=row.reason,
        user_id=row.user_id,
        name=row.name,
        created_at=row.created_at,
    )
