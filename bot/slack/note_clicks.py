"""Keep, Edit and Discard below a thread's summary; only members of the workspace count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from runbooks.errors import DirectoryError
from runbooks.policy import AccountKind

from ..messages import Reply, ThreadRef
from ..note_desk import NoteDesk, NoteRefusedError
from ..skills.learn import replies
from ..skills.learn.actions import DISCARD, EDIT, KEEP
from ..store.errors import StoreError
from ..store.thread_notes import ThreadNote
from .blocks import fallback_text, reply_blocks
from .clicker import clicker
from .mrkdwn import escape
from .note_modal import FilledNote, note_modal
from .people import People
from .web import SlackCallError, SlackWeb
from .whispers import whisper


class NoteClicks:
    """Takes such clicks; who clicked is told when theirs did not count."""

    def __init__(self, *, web: SlackWeb, people: People, desk: NoteDesk) -> None:
        self._web = web
        self._people = people
        self._desk = desk

    async def press(
        self, value: str, clicked: tuple[str, str], thread: ThreadRef, ts: str, trigger_id: str
    ) -> None:
        """Take a button.

        Args:
            value: What the button carries: a verb and the summary's number.
            clicked: User id and workspace of who clicked.
            ts: The message that shows the summary.
            trigger_id: Opens a form.
        """
        verb, _, number = value.partition(" ")
        name = await self._member(clicked, thread)
        if not name:
            return
        note_id, user_id = int(number), clicked[0]
        if verb == EDIT:
            await self._open(note_id, user_id, thread, ts, trigger_id)
        elif verb == KEEP:
            await self._decide(
                lambda: self._desk.keep(note_id, user_id, name), note_id, user_id, thread, ts
            )
        elif verb == DISCARD:
            await self._decide(
                lambda: self._desk.discard(note_id, user_id, name), note_id, user_id, thread, ts
            )

    async def change(self, filled: FilledNote, clicked: tuple[str, str]) -> None:
        """Take the submitted form."""
        name = await self._member(clicked, filled.thread)
        if not name:
            return
        try:
            note = await self._desk.change(filled.note_id, filled.title, filled.text)
        except (NoteRefusedError, StoreError) as exc:
            await self._whisper(filled.thread, clicked[0], f"Not changed: {exc}.")
            return
        shown = replies.waiting(note, f"edited by {name}")
        await self._show(filled.thread, filled.message_ts, shown)

    async def _open(
        self, note_id: int, user_id: str, thread: ThreadRef, ts: str, trigger_id: str
    ) -> None:
        try:
            note = await self._desk.waiting(note_id)
            await self._web.open_view(trigger_id, note_modal(note, thread, ts))
        except (NoteRefusedError, StoreError) as exc:
            await self._whisper(thread, user_id, f"Not opened: {exc}.")
        except SlackCallError as exc:
            text = f"The form could not be opened ({exc.error}); click again."
            await self._whisper(thread, user_id, text)

    async def _decide(
        self,
        decide: Callable[[], Awaitable[tuple[ThreadNote, str]]],
        note_id: int,
        user_id: str,
        thread: ThreadRef,
        ts: str,
    ) -> None:
        try:
            note, line = await decide()
        except (NoteRefusedError, StoreError) as exc:
            await self._whisper(thread, user_id, f"Not counted: {exc}.")
            await self._show_again(note_id, thread, ts)
            return
        await self._show(thread, ts, replies.decided(note, line))

    async def _show_again(self, note_id: int, thread: ThreadRef, ts: str) -> None:
        """A summary that still waits may have another audience now."""
        try:
            note = await self._desk.waiting(note_id)
        except (NoteRefusedError, StoreError):
            return
        await self._show(thread, ts, replies.waiting(note))

    async def _member(self, clicked: tuple[str, str], thread: ThreadRef) -> str:
        """The name of who clicked; empty, and they are told, when they may not decide this."""
        user_id, team_id = clicked
        try:
            who, kind = await clicker(self._people, user_id, team_id)
        except DirectoryError as exc:
            await self._whisper(thread, user_id, f"Not counted: {exc}.")
            return ""
        if kind is not AccountKind.MEMBER:
            text = "Not counted: only members decide what is learned."
            await self._whisper(thread, user_id, text)
            return ""
        return who.name

    async def _show(self, thread: ThreadRef, ts: str, reply: Reply) -> None:
        blocks = reply_blocks(reply, f"note-{ts}")
        await self._web.update(thread.channel_id, ts, fallback_text(reply), blocks)

    async def _whisper(self, thread: ThreadRef, user_id: str, text: str) -> None:
        await whisper(self._web, thread, user_id, escape(text))
