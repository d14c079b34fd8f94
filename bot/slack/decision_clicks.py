"""Clicks that go to the desk: Approve, Reject, Dry run again, Stop, Done, Failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from runbooks.errors import DirectoryError, RunbookError
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef

from ..desk import Desk
from ..messages import ThreadRef
from .cards import preview_blocks
from .clicker import clicker
from .mrkdwn import escape
from .people import People
from .web import SlackWeb
from .whispers import whisper


class DecisionClicks:
    """Takes such clicks; who clicked is told when theirs did not count."""

    def __init__(self, *, web: SlackWeb, people: People, desk: Desk) -> None:
        self._web = web
        self._people = people
        self._desk = desk

    async def approve(
        self, proposal_id: int, user_id: str, team_id: str, thread: ThreadRef
    ) -> None:
        """Take a yes."""
        await self._take(partial(self._desk.approve, proposal_id), user_id, team_id, thread)

    async def reject(
        self, proposal_id: int, user_id: str, team_id: str, thread: ThreadRef, reason: str
    ) -> None:
        """Take a no with its reason."""
        reject = partial(self._desk.reject, proposal_id, reason=reason)
        await self._take(reject, user_id, team_id, thread)

    async def stop(self, proposal_id: int, user_id: str, team_id: str, thread: ThreadRef) -> None:
        """Take a stop."""
        await self._take(partial(self._desk.stop, proposal_id), user_id, team_id, thread)

    async def confirm(
        self,
        step: tuple[int, str],
        user_id: str,
        team_id: str,
        thread: ThreadRef,
        *,
        ok: bool,
    ) -> None:
        """Take somebody's word on a step that a person does: proposal and step id."""
        confirm = partial(self._desk.confirm, *step, ok=ok)
        await self._take(confirm, user_id, team_id, thread)

    async def preview(
        self, proposal_id: int, user_id: str, team_id: str, thread: ThreadRef
    ) -> None:
        """Run the dry run once more and post what it shows."""
        try:
            who = await clicker(self._people, user_id, team_id)
            plan = await self._desk.preview(proposal_id, *who)
        except RunbookError as exc:
            await self._whisper(thread, user_id, f"Not run: {exc}.")
            return
        text = f"Dry run of proposal #{proposal_id}"
        blocks = preview_blocks(proposal_id, plan)
        await self._web.post(thread.channel_id, thread.thread_ts, text, blocks)

    async def _take(
        self,
        take: Callable[[ActorRef, AccountKind], Awaitable[str | None]],
        user_id: str,
        team_id: str,
        thread: ThreadRef,
    ) -> None:
        """Look up who clicked, take the click, and tell them when it did not count."""
        try:
            who = await clicker(self._people, user_id, team_id)
        except DirectoryError as exc:
            await self._whisper(thread, user_id, f"Not counted: {exc}. Nothing was run.")
            return
        answer = await take(*who)
        if answer is not None:
            await self._whisper(thread, user_id, f"Not counted: {answer}.")

    async def _whisper(self, thread: ThreadRef, user_id: str, text: str) -> None:
        await whisper(self._web, thread, user_id, escape(text))
