"""Which file of Slack each uploaded document was made of, so that both go together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, select

from .tables import UploadRow
from .transaction import reading, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedDocument:
    """A document and the file it was made of.

    Attributes:
        path: The document's path in its source.
        created_at: Aware UTC.
    """

    path: str
    file_id: str
    channel_id: str
    message_ts: str
    user_id: str
    created_at: datetime


class UploadedDocuments:
    """Keeps one file for each document: the one uploaded last."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, uploaded: UploadedDocument) -> None:
        """Keep where a document comes from, replacing what was known of its path.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            session.merge(
                UploadRow(
                    path=uploaded.path,
                    file_id=uploaded.file_id,
                    channel_id=uploaded.channel_id,
                    message_ts=uploaded.message_ts,
                    user_id=uploaded.user_id,
                    created_at=uploaded.created_at,
                )
            )

    def of_file(self, file_id: str) -> tuple[str, ...]:
        """Paths of the documents made of a file.

        Raises:
            StoreError: The database failed.
        """
        query = select(UploadRow.path).where(UploadRow.file_id == file_id)
        with reading(self._engine) as session:
            return tuple(session.scalars(query))

    def of_message(self, channel_id: str, ts: str) -> tuple[str, ...]:
        """Paths of the documents whose files came with a message.

        Raises:
            StoreError: The database failed.
        """
        query = select(UploadRow.path).where(
            UploadRow.channel_id == channel_id, UploadRow.message_ts == ts
        )
        with reading(self._engine) as session:
            return tuple(session.scalars(query))

    def forget(self, path: str) -> None:
        """Forget a document that was removed.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            session.execute(delete(UploadRow).where(UploadRow.path == path))
