"""Summaries of threads that wait for a person's yes before they are learned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, update

from bot.messages import ThreadRef

from .tables import ThreadNoteRow
from .transaction import reading, writing


class NoteState(StrEnum):
    """What became of a summary."""

    SHOWN = "shown"
    KEPT = "kept"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewThreadNote:
    """A summary as it is shown.

    Attributes:
        url: The thread's permalink; empty where Slack gave none.
        groups: Who will be able to read it; empty: everybody.
        created_at: Aware UTC.
    """

    thread: ThreadRef
    title: str
    text: str
    url: str
    groups: frozenset[str]
    asked_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadNote(NewThreadNote):
    """A summary that was stored."""

    note_id: int
    state: NoteState


class ThreadNotes:
    """Keeps summaries; each is decided once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, new: NewThreadNote) -> ThreadNote:
        """Keep a summary that is about to be shown.

        Raises:
            StoreError: The database failed.
        """
        row = ThreadNoteRow(
            state=NoteState.SHOWN.value,
            channel_id=new.thread.channel_id,
            thread_ts=new.thread.thread_ts,
            title=new.title,
            text=new.text,
            url=new.url,
            groups=sorted(new.groups),
            asked_by=new.asked_by,
            created_at=new.created_at,
        )
        with writing(self._engine) as session:
            session.add(row)
            session.flush()
            return _note(row)

    def find(self, note_id: int) -> ThreadNote | None:
        """One summary.

        Raises:
            StoreError: The database failed.
        """
        with reading(self._engine) as session:
            row = session.get(ThreadNoteRow, note_id)
            return None if row is None else _note(row)

    def decide(self, note_id: int, state: NoteState, by: str, at: datetime) -> bool:
        """Keep or discard a summary that still waits; exactly one caller is told that it did.

        Args:
            by: User id of who decided.
            at: Aware UTC.

        Raises:
            StoreError: The database failed.
        """
        waiting = update(ThreadNoteRow).where(
            ThreadNoteRow.note_id == note_id, ThreadNoteRow.state == NoteState.SHOWN.value
        )
        done = waiting.values(state=state.value, decided_by=by, decided_at=at)
        with writing(self._engine) as session:
            return bool(session.scalars(done.returning(ThreadNoteRow.note_id)).all())

    def reopen(self, note_id: int) -> None:
        """Take back a yes that could not be carried out.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            row = session.get(ThreadNoteRow, note_id)
            if row is not None and row.state == NoteState.KEPT.value:
                row.state, row.decided_by, row.decided_at = NoteState.SHOWN.value, None, None

    def change(
        self, note_id: int, *, title: str, text: str, groups: frozenset[str]
    ) -> ThreadNote | None:
        """Give a summary that still waits another content; None when it waits no more.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            row = session.get(ThreadNoteRow, note_id)
            if row is None or row.state != NoteState.SHOWN.value:
                return None
            row.title, row.text, row.groups = title, text, sorted(groups)
            return _note(row)


def _note(row: ThreadNoteRow) -> ThreadNote:
    return ThreadNote(
        note_id=row.note_id,
        state=NoteState(row.state),
        thread=ThreadRef(row.channel_id, row.thread_ts),
        title=row.title,
        text=row.text,
        url=row.url,
        groups=frozenset(row.groups),
        asked_by=row.asked_by,
        created_at=row.created_at,
    )
