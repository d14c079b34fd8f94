"""Where answers and cards appear in Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from runbooks.lifecycle import is_final

from ..messages import Attached, Note, Phase, Reply, ThreadRef
from ..runs import CaseView
from ..store.message_refs import MessageKind, MessageRef, MessageRefs
from .blocks import fallback_text, reply_blocks
from .cards import card
from .posting import EditPacer, LiveMessage, Rendered
from .web import SlackCallError, SlackWeb


class AnswerOutlet:
    """One answer: one message in the thread, edited in place.

    Attributes:
        refusal: Slack's error when it did not take the message; empty when it did.
        last: The newest snapshot; None before the first.
    """

    def __init__(
        self,
        web: SlackWeb,
        pacer: EditPacer,
        thread: ThreadRef,
        request_id: str,
        show_proposal: Callable[[int], Awaitable[None]],
    ) -> None:
        """Answer a request in its thread.

        Args:
            show_proposal: Shows the card of a stored proposal.
        """
        self._web = web
        self._thread = thread
        self._request_id = request_id
        self._show_proposal = show_proposal
        self._message = LiveMessage(web, thread, pacer)
        self._status = ""
        self.last: Reply | None = None
        self.refusal = ""
        self._log = structlog.get_logger()

    @property
    def ts(self) -> str:
        """The message that shows the answer; empty before there is one."""
        return self._message.ts

    async def show(self, reply: Reply) -> None:
        """Show a snapshot; the typing status follows its phase."""
        self.last = reply
        rendered = Rendered(text=fallback_text(reply), blocks=reply_blocks(reply, self._request_id))
        try:
            await self._message.show(rendered)
        except SlackCallError as exc:
            self.refusal = exc.error
            raise
        working = reply.phase is Phase.WORKING
        if not working:
            await self._message.settle()
        await self.typing(f"is {reply.status or 'working'}…" if working else "")

    async def show_proposal(self, proposal_id: int) -> None:
        """Show a proposal's card in the same thread."""
        await self._show_proposal(proposal_id)

    async def attach(self, attached: Attached) -> None:
        """Upload files into the thread; without them the answer says why."""
        try:
            files = await asyncio.to_thread(attached.make)
        except (ValueError, OSError, RuntimeError, MemoryError):
            self._log.exception("files_not_made", request_id=self._request_id)
            return
        if not files:
            return
        try:
            await self._web.upload(self._thread.channel_id, self._thread.thread_ts, files)
        except SlackCallError as exc:
            self._log.warning("files_not_uploaded", error=exc.error)
            names = " and ".join(file.title for file in files)
            await self._add_note(f"Not attached: {names}; {_why_not(exc.error)}.")

    async def _add_note(self, text: str) -> None:
        if self.last is not None:
            parts = (*self.last.parts, Note(text=text))
            await self.show(replace(self.last, parts=parts))

    async def typing(self, status: str) -> None:
        """Set the thread's status line; a workspace without it loses nothing else."""
        if status == self._status:
            return
        self._status = status
        try:
            await self._web.status(self._thread.channel_id, self._thread.thread_ts, status)
        except SlackCallError as exc:
            self._log.debug("status_not_shown", error=exc.error)


def _why_not(error: str) -> str:
    if error == "missing_scope":
        return "the app lacks the scope files:write, see its manifest"
    return f"Slack answered {error}"


class CardBoard:
    """One card per proposal, found again after a restart."""

    def __init__(self, web: SlackWeb, pacer: EditPacer, refs: MessageRefs) -> None:
        """Keep cards true; their places are stored in `refs`."""
        self._web = web
        self._pacer = pacer
        self._refs = refs
        self._cards: dict[int, LiveMessage] = {}
        self._missed: set[int] = set()
        self._log = structlog.get_logger()
        self._posting = asyncio.Lock()

    async def show(self, view: CaseView) -> None:
        """Post the card where it was asked for, or edit it; the terminal shows its own.

        What happens to a proposal does not depend on Slack: a card that it does not take is shown
        later, see `behind`.
        """
        proposal = view.case.proposal
        if not proposal.plan.where.channel_id:
            return
        self._missed.discard(proposal.proposal_id)
        try:
            await self._show(view)
        except SlackCallError as exc:
            self._missed.add(proposal.proposal_id)
            self._log.warning("card_not_shown", proposal_id=proposal.proposal_id, error=exc.error)

    def behind(self) -> tuple[int, ...]:
        """Proposals whose card does not show their newest state, because Slack did not take it."""
        late = {number for number, message in self._cards.items() if message.is_behind}
        return tuple(sorted(late | self._missed))

    async def _show(self, view: CaseView) -> None:
        proposal = view.case.proposal
        message = await self._message(view)
        first = not message.ts
        await message.show(card(view))
        if first:
            ref = MessageRef(channel_id=proposal.plan.where.channel_id, ts=message.ts)
            await asyncio.to_thread(
                self._refs.save, MessageKind.PROPOSAL, str(proposal.proposal_id), ref
            )
        if is_final(view.state):
            await message.settle()
            if message.is_behind:
                self._missed.add(proposal.proposal_id)
            self._cards.pop(proposal.proposal_id, None)

    async def _message(self, view: CaseView) -> LiveMessage:
        proposal_id, where = view.case.proposal.proposal_id, view.case.proposal.plan.where
        async with self._posting:
            if proposal_id not in self._cards:
                ref = await asyncio.to_thread(
                    self._refs.find, MessageKind.PROPOSAL, str(proposal_id)
                )
                self._cards[proposal_id] = LiveMessage(
                    self._web,
                    ThreadRef(where.channel_id, where.thread_ts),
                    self._pacer,
                    ref.ts if ref is not None else "",
                )
            return self._cards[proposal_id]
