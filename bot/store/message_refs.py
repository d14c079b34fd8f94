"""Where the messages of answers and proposal cards are, to edit them later."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Engine

from .tables import MessageRow
from .transaction import reading, writing


class MessageKind(StrEnum):
    """What a message shows."""

    ANSWER = "answer"
    PROPOSAL = "proposal"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """A message's channel and timestamp."""

    channel_id: str
    ts: str


class MessageRefs:
    """Finds messages by what they show."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, kind: MessageKind, key: str, ref: MessageRef) -> None:
        """Note where a message is, replacing an earlier place.

        Args:
            key: Request id, or proposal id as text.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            session.merge(
                MessageRow(kind=kind.value, key=key, channel_id=ref.channel_id, ts=ref.ts)
            )

    def find(self, kind: MessageKind, key: str) -> MessageRef | None:
        """Look a message up.

        Raises:
            StoreError: The database failed.
        """
        with reading(self._engine) as session:
            row = session.get(MessageRow, (kind.value, key))
            return MessageRef(channel_id=row.channel_id, ts=row.ts) if row is not None else None
