"""Carries out what people decide about a thread's summary: learn it, change it, drop it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

import structlog

from knowledge import (
    OWNER,
    Document,
    Format,
    KnowledgeError,
    Metadata,
    Reader,
    SyncBusyError,
    SyncReport,
)
from runbooks.actions.output import safe_text

from .skills.generation import as_data
from .skills.learn.summary import MAX_KEPT_CHARS, MAX_TITLE_CHARS
from .store.errors import StoreError
from .store.thread_notes import NoteState, ThreadNote, ThreadNotes

T = TypeVar("T")

SOURCE = "threads"
KIND = "threads"
GONE = "this summary is not known any more; ask me to learn the thread again"
BUSY_WAITS_S = (1.0, 3.0, 10.0, 30.0)

_DECIDED = {
    NoteState.KEPT: "it is learned already",
    NoteState.DISCARDED: "it was discarded already",
}


class Shelf(Protocol):
    """Takes documents in; `knowledge.KnowledgeBase` does."""

    async def add(self, documents: Sequence[Document], *, kind: str) -> SyncReport:
        """Take documents in, replacing those of the same place; `kind` names their source's."""
        ...

    async def document(self, source: str, path: str, *, reader: Reader) -> Document | None:
        """A stored document that the reader may read."""
        ...


class NoteRefusedError(Exception):
    """A decision does not count; the message says why."""


class NoteDesk:
    """Decides each summary once.

    Args:
        notes: Where summaries wait.
        shelf: Where what is kept goes.
        audience: The access groups of a channel now.
        clock: The time, aware UTC.
        waits_s: Pauses before another try while a sync is running, in seconds.
    """

    def __init__(
        self,
        notes: ThreadNotes,
        shelf: Shelf,
        audience: Callable[[str], Awaitable[frozenset[str]]],
        clock: Callable[[], datetime],
        waits_s: Sequence[float] = BUSY_WAITS_S,
    ) -> None:
        self._notes = notes
        self._shelf = shelf
        self._audience = audience
        self._clock = clock
        self._waits_s = waits_s

    async def waiting(self, note_id: int) -> ThreadNote:
        """A summary that nobody has decided about.

        Raises:
            NoteRefusedError: There is none.
        """
        note = await asyncio.to_thread(self._notes.find, note_id)
        if note is None:
            raise NoteRefusedError(GONE)
        if note.state is not NoteState.SHOWN:
            raise NoteRefusedError(_DECIDED[note.state])
        return note

    async def keep(self, note_id: int, user_id: str, name: str) -> tuple[ThreadNote, str]:
        """Learn a summary.

        Returns:
            The note, and in one sentence what was learned.

        Raises:
            NoteRefusedError: It was decided already, who may read it has changed since it was
                shown, or the knowledge base did not take it; then it can be kept again.
        """
        note = await self.waiting(note_id)
        groups = await self._audience(note.thread.channel_id)
        if groups != note.groups:
            await asyncio.to_thread(
                self._notes.change, note_id, title=note.title, text=note.text, groups=groups
            )
            raise NoteRefusedError("who may read it has changed; look again, then keep it")
        now = self._clock()
        if not await asyncio.to_thread(self._notes.decide, note_id, NoteState.KEPT, user_id, now):
            raise NoteRefusedError(_DECIDED[NoteState.KEPT])
        try:
            learned = document_of(note, name, now)
            _, remark = await take_in(self._shelf, learned, KIND, self._waits_s)
        except (KnowledgeError, StoreError) as exc:
            await asyncio.to_thread(self._notes.reopen, note_id)
            raise NoteRefusedError(f"the knowledge base did not take it: {exc}") from exc
        structlog.get_logger().info("thread_learned", note_id=note_id, user_id=user_id)
        line = " ".join(filter(None, (f"Learned; {name} confirmed it.", remark)))
        return replace(note, state=NoteState.KEPT), line

    async def discard(self, note_id: int, user_id: str, name: str) -> tuple[ThreadNote, str]:
        """Drop a summary.

        Raises:
            NoteRefusedError: It was decided already.
        """
        note = await self.waiting(note_id)
        now, state = self._clock(), NoteState.DISCARDED
        if not await asyncio.to_thread(self._notes.decide, note_id, state, user_id, now):
            raise NoteRefusedError(_DECIDED[NoteState.DISCARDED])
        return replace(note, state=state), f"Discarded by {name}; nothing was learned."

    async def change(self, note_id: int, title: str, text: str) -> ThreadNote:
        """Give a summary another content, without secrets; it still waits for a yes.

        Raises:
            NoteRefusedError: It was decided already, or nothing is left of it.
        """
        note = await self.waiting(note_id)
        title, text = _clean(title)[:MAX_TITLE_CHARS], _clean(text)[:MAX_KEPT_CHARS]
        if not title or not text:
            raise NoteRefusedError("a summary needs a title and a text")
        changed = await asyncio.to_thread(
            self._notes.change, note_id, title=" ".join(title.split()), text=text,
            groups=note.groups,
        )  # fmt: skip
        if changed is None:
            raise NoteRefusedError(_DECIDED[NoteState.KEPT])
        return changed


async def take_in(
    shelf: Shelf, document: Document, kind: str, waits_s: Sequence[float] = BUSY_WAITS_S
) -> tuple[SyncReport | None, str]:
    """Take a document in; while a sync is running, try again.

    Returns:
        The report; None, and a sentence that says why, when the document is stored but cannot be
        found before the index is built again.

    Raises:
        KnowledgeError: It was not taken in.
    """
    try:
        return await patiently(lambda: shelf.add([document], kind=kind), waits_s), ""
    except SyncBusyError:
        raise
    except KnowledgeError as exc:
        stored = await shelf.document(document.source, document.path, reader=OWNER)
        if stored is None or stored.sha256 != document.sha256:
            raise
        return None, f"It is found once the index is built again ({exc})."


async def patiently(work: Callable[[], Awaitable[T]], waits_s: Sequence[float]) -> T:
    """Do something to the knowledge base; while a sync is running, try again.

    Raises:
        SyncBusyError: It was running all the time.
    """
    for wait_s in waits_s:
        try:
            return await work()
        except SyncBusyError:
            await asyncio.sleep(wait_s)
    return await work()


def document_of(note: ThreadNote, confirmed_by: str, at: datetime) -> Document:
    """What is learned of a summary; the same thread learned again is the same document."""
    text = f"# {note.title}\n\n{note.text}\n"
    return Document(
        source=SOURCE,
        path=f"{note.thread.channel_id}/{note.thread.thread_ts}",
        text=text,
        format=Format.MARKDOWN,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        metadata=Metadata(
            title=note.title,
            url=note.url,
            owner=confirmed_by,
            updated_at=at,
            groups=note.groups,
        ),
    )


def _clean(text: str) -> str:
    return safe_text(as_data(text)).strip()
