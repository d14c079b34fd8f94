"""What was said in a thread, for follow-up questions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, delete, func, select

from bot.messages import Intent, ThreadRef, Turn

from .tables import TurnRow
from .transaction import reading, writing


class Threads:
    """The memory of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def remember(self, thread: ThreadRef, request_id: str, turn: Turn, at: datetime) -> None:
        """Add an exchange to a thread.

        Args:
            at: Aware UTC.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            session.add(
                TurnRow(
                    channel_id=thread.channel_id,
                    thread_ts=thread.thread_ts,
                    request_id=request_id,
                    text=turn.text,
                    intent=turn.intent.value,
                    answer=turn.answer,
                    facts=dict(turn.facts),
                    created_at=at,
                )
            )

    def recent(self, thread: ThreadRef, limit: int) -> tuple[Turn, ...]:
        """The last exchanges of a thread, oldest first: at most `limit`, at least half of them.

        The oldest ones leave several at a time, so that prompts made of them begin alike for a
        while and what was computed of their beginning is of use again.

        Raises:
            StoreError: The database failed.
        """
        here = (TurnRow.channel_id == thread.channel_id, TurnRow.thread_ts == thread.thread_ts)
        with reading(self._engine) as session:
            n_turns = session.scalar(select(func.count()).where(*here).select_from(TurnRow)) or 0
            first = first_kept(n_turns, limit)
            query = select(TurnRow).where(*here).order_by(TurnRow.turn_id).offset(first)
            rows = session.scalars(query).all()
        return tuple(_turn(row) for row in rows)

    def takes_part(self, thread: ThreadRef) -> bool:
        """Whether the bot has answered in this thread.

        Raises:
            StoreError: The database failed.
        """
        return bool(self.recent(thread, 1))

    def forget_before(self, at: datetime) -> int:
        """Delete the exchanges made before a time, aware UTC.

        Returns:
            How many were deleted.

        Raises:
            StoreError: The database failed.
        """
        old = delete(TurnRow).where(TurnRow.created_at < at).returning(TurnRow.turn_id)
        with writing(self._engine) as session:
            return len(session.scalars(old).all())


def first_kept(n_turns: int, limit: int) -> int:
    """Where a thread's kept turns begin, in blocks of half the limit."""
    block = max(1, limit // 2)
    return -(-max(0, n_turns - limit) // block) * block


def _turn(row: TurnRow) -> Turn:
    return Turn(text=row.text, intent=Intent(row.intent), answer=row.answer, facts=dict(row.facts))
