"""Clicks on a card beside yes and no: Edit, Undo, Break glass."""

from __future__ import annotations

import structlog

from runbooks.errors import DirectoryError, RunbookError
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef

from ..amendments import Amendments
from ..messages import ThreadRef
from .blocks import button, section
from .cards import CONFIRM_GLASS_ACTION
from .clicker import clicker
from .edit_modal import FilledEdit, edit_modal, glass_modal
from .mrkdwn import escape
from .people import People
from .web import SlackCallError, SlackWeb
from .whispers import whisper


class ProposalClicks:
    """Takes such clicks; every method answers, at least to the person who clicked."""

    def __init__(self, *, web: SlackWeb, people: People, amendments: Amendments) -> None:
        self._web = web
        self._people = people
        self._amendments = amendments
        self._log = structlog.get_logger()

    def faults(self, filled: FilledEdit) -> dict[str, str]:
        """What is wrong with submitted values, by block of the form."""
        try:
            found = self._amendments.faults(filled.runbook, filled.values)
        except RunbookError as exc:
            first = next(iter(filled.values), "")
            return {first: str(exc)} if first else {}
        return {name: text for name, text in found.items() if name not in filled.hidden}

    async def open_edit(
        self, trigger_id: str, proposal_id: int, user_id: str, thread: ThreadRef
    ) -> None:
        """Open the form with a proposal's parameters."""
        try:
            form = await self._amendments.form(proposal_id)
            await self._web.open_view(trigger_id, edit_modal(form, thread))
        except RunbookError as exc:
            await self.whisper(thread, user_id, f"Not edited: {exc}.")
        except SlackCallError as exc:
            await self._not_opened(thread, user_id, exc)

    async def edit(self, filled: FilledEdit, user_id: str, team_id: str) -> None:
        """Take a submitted form."""
        who = await self._who(filled.thread, user_id, team_id)
        if who is None:
            return
        answer = await self._amendments.edit(filled.proposal_id, filled.values, *who)
        if answer is not None:
            await self.whisper(filled.thread, user_id, f"Not edited: {answer}.")

    async def undo(self, proposal_id: int, user_id: str, team_id: str, thread: ThreadRef) -> None:
        """Propose the undo of a run."""
        who = await self._who(thread, user_id, team_id)
        if who is None:
            return
        answer = await self._amendments.undo(proposal_id, *who)
        if answer is not None:
            await self.whisper(thread, user_id, f"Not proposed: {answer}.")

    async def open_glass(
        self, trigger_id: str, proposal_id: int, user_id: str, thread: ThreadRef
    ) -> None:
        """Open the form that asks why."""
        try:
            environment = await self._amendments.environment(proposal_id)
            modal = glass_modal(proposal_id, environment, thread)
            await self._web.open_view(trigger_id, modal)
        except RunbookError as exc:
            await self.whisper(thread, user_id, f"Not asked: {exc}.")
        except SlackCallError as exc:
            await self._not_opened(thread, user_id, exc)

    async def ask_glass(
        self,
        asked: tuple[int, str, ThreadRef, str],
        user_id: str,
        team_id: str,
    ) -> None:
        """Take the submitted reason; everybody in the channel is told, one of them confirms."""
        proposal_id, environment, thread, reason = asked
        who = await self._who(thread, user_id, team_id)
        if who is None:
            return
        answer = await self._amendments.ask_glass(environment, *who, reason)
        if not answer.allowed:
            await self.whisper(thread, user_id, f"Not asked: {answer.sentence}.")
            return
        value = f"{proposal_id}\n{environment}"
        confirm = button("Confirm break-glass", CONFIRM_GLASS_ACTION, value, "danger")
        await self._announce(thread, answer.sentence, [{"type": "actions", "elements": [confirm]}])

    async def confirm_glass(
        self, value: str, user_id: str, team_id: str, thread: ThreadRef, asked: str
    ) -> None:
        """Take the second person's click; what was asked stays, its button goes.

        Args:
            thread: Begins with the message that asks.
            asked: That message's text, as Slack gives it.
        """
        who = await self._who(thread, user_id, team_id)
        if who is None:
            return
        number, _, environment = value.partition("\n")
        answer = await self._amendments.confirm_glass(environment, *who, int(number))
        if answer.allowed:
            await self._close_question(thread, asked)
            await self._announce(thread, answer.sentence, [])
        else:
            await self.whisper(thread, user_id, f"Not opened: {answer.sentence}.")

    async def _close_question(self, thread: ThreadRef, asked: str) -> None:
        try:
            blocks = [section(f":rotating_light: {asked}")]
            await self._web.update(thread.channel_id, thread.thread_ts, asked, blocks)
        except SlackCallError as exc:
            self._log.warning("break_glass_button_stays", error=exc.error)

    async def _announce(
        self, thread: ThreadRef, sentence: str, more: list[dict[str, object]]
    ) -> None:
        """Into the channel, not the thread: everybody there should see it."""
        text = escape(sentence)
        try:
            blocks = [section(f":rotating_light: {text}"), *more]
            await self._web.post(thread.channel_id, "", text, blocks)
        except SlackCallError as exc:
            self._log.error("break_glass_not_announced", error=exc.error, sentence=sentence)

    async def _who(
        self, thread: ThreadRef, user_id: str, team_id: str
    ) -> tuple[ActorRef, AccountKind] | None:
        """The person as Slack knows them now; without an answer nothing is done, and they hear it."""
        try:
            return await clicker(self._people, user_id, team_id)
        except DirectoryError as exc:
            await self.whisper(thread, user_id, f"Not counted: {exc}. Nothing was changed.")
            return None

    async def whisper(self, thread: ThreadRef, user_id: str, text: str) -> None:
        """Tell only one person."""
        await whisper(self._web, thread, user_id, escape(text))

    async def _not_opened(self, thread: ThreadRef, user_id: str, exc: SlackCallError) -> None:
        text = f"The form could not be opened ({exc.error}); click again."
        await self.whisper(thread, user_id, text)
