"""The bot's Slack side as one object: what listeners hand their work to.

Listeners acknowledge and call a method here; every method starts a tracked task and returns, so
that no model, database or file ever delays an acknowledgement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

import structlog

from runbooks.catalog import Catalog
from runbooks.errors import DirectoryError

from ..amendments import Amendments
from ..desk import Desk
from ..dispatch import Dispatcher
from ..language import language_of
from ..loop_guard import LoopGuard, Verdict
from ..messages import ActorKind, Attachment, Intent, Request, ThreadRef
from ..phrases import say
from ..readiness import has_words
from ..skills.logs.book import LogBook
from ..skills.logs.orders import order_text
from ..store.feedback import Feedback, FeedbackBook
from ..store.route_corrections import RouteCorrection, RouteCorrections
from ..thread_talk import Remark
from .blocks import section
from .clicker import account_kind
from .decision_clicks import DecisionClicks
from .edit_modal import FilledEdit
from .incident_intake import IncidentIntake
from .incoming import Incoming, Retraction, split_paste, to_request
from .knowledge_intake import KnowledgeIntake
from .mark_modal import FilledMark, mark_modal
from .mrkdwn import escape
from .note_clicks import NoteClicks
from .outlets import AnswerOutlet
from .people import People
from .posting import EditPacer
from .proposal_clicks import ProposalClicks
from .shortcut import material
from .uploads import MAX_UPLOAD_BYTES, decode_upload
from .web import SlackCallError, SlackWeb
from .whispers import whisper

Tell: TypeAlias = Callable[[str], Awaitable[None]]


class ThreadMembership(Protocol):
    """Knows which threads the bot already answers in; blocking."""

    def takes_part(self, thread: ThreadRef) -> bool:
        """Whether the bot has answered in this thread."""
        ...


class Surface:
    """Takes parsed Slack input and gives it to the dispatcher or the desk."""

    def __init__(  # noqa: PLR0913 - what a surface hands its work to
        self,
        *,
        web: SlackWeb,
        people: People,
        pacer: EditPacer,
        dispatcher: Dispatcher,
        desk: Desk,
        feedback: FeedbackBook,
        threads: ThreadMembership,
        log_book: LogBook | None = None,
        corrections: RouteCorrections | None = None,
        amendments: Amendments | None = None,
        catalog: Catalog | None = None,
        notes: NoteClicks | None = None,
        intake: KnowledgeIntake | None = None,
        incidents: IncidentIntake | None = None,
    ) -> None:
        """Wire the surface; without a log book log answers have no marks.

        Without amendments, proposals can only be approved and rejected; without a catalogue, missing
        values of a runbook are said in words, not in a form. Without notes no thread is learned;
        without an intake no uploaded file becomes a document; without incidents nothing goes onto a
        timeline.
        """
        self.web = web
        self.catalog = catalog
        self._people = people
        self._pacer = pacer
        self._dispatcher = dispatcher
        self._desk = desk
        self._feedback = feedback
        self._threads = threads
        self._log_book = log_book
        self._corrections = corrections
        self._clicks = (
            ProposalClicks(web=web, people=people, amendments=amendments) if amendments else None
        )
        self._notes = notes
        self._intake = intake
        self._incidents = incidents
        self._decisions = DecisionClicks(web=web, people=people, desk=desk)
        self._live: dict[asyncio.Task[None], ThreadRef | None] = {}
        self._loops: LoopGuard[tuple[ThreadRef, str]] = LoopGuard()
        self._log = structlog.get_logger()

    def receive(self, incoming: Incoming, *, addressed: bool) -> None:
        """Answer a message; one that does not address the bot only if its thread is the bot's."""
        self._start(self._receive(incoming, addressed=addressed), incoming.thread)

    def analyse(self, pointed_at: Incoming, team_id: str, tell: Tell) -> None:
        """Analyse a message that somebody used the shortcut on.

        Args:
            team_id: The workspace the click came from.
            tell: Tells only that person something, also where the bot is not a member.
        """
        self._start(self._analyse(pointed_at, team_id, tell), pointed_at.thread)

    def overhear(self, incoming: Incoming) -> None:
        """Take in a message that is not for the bot, if its thread is the bot's."""
        self._start(self._overhear(incoming))

    def retract(self, retraction: Retraction) -> None:
        """Take in that a message was deleted or edited."""
        self._dispatcher.retract(retraction.thread, retraction.ts, retraction.text)
        if self._intake is not None and retraction.is_deleted:
            self._start(self._intake.message_gone(retraction.thread.channel_id, retraction.ts))
        if self._incidents is not None:
            channel_id = retraction.thread.channel_id
            self._start(self._incidents.retracted(channel_id, retraction.ts, retraction.text))

    def takes_documents(self, incoming: Incoming) -> bool:
        """Whether a message brings files to the knowledge channel."""
        return self._intake is not None and self._intake.wants(incoming)

    def index_files(self, incoming: Incoming) -> None:
        """Make documents of a message's files."""
        if self._intake is not None:
            self._start(self._intake.take(incoming), incoming.thread)

    def file_gone(self, file_id: str) -> None:
        """Take in that a file was deleted."""
        if self._intake is not None and file_id:
            self._start(self._intake.file_gone(file_id))

    def learn(self, work: Callable[[NoteClicks], Coroutine[None, None, None]]) -> None:
        """Take a click on a thread's summary."""
        if self._notes is not None:
            self._start(work(self._notes))

    def mark_for_incident(
        self, work: Callable[[IncidentIntake], Coroutine[None, None, None]]
    ) -> None:
        """Put a message on a timeline."""
        if self._incidents is not None:
            self._start(work(self._incidents))

    def choose(self, user_id: str, thread: ThreadRef, ts: str, intent: Intent, text: str) -> None:
        """Answer a question whose skill a person picked."""
        self._start(self._choose(user_id, thread, ts, intent, text), thread)

    def decide(self, work: Callable[[DecisionClicks], Coroutine[None, None, None]]) -> None:
        """Take a click that says yes or no to a proposal, or speaks to its run."""
        self._start(work(self._decisions))

    def open_mark_form(
        self, trigger_id: str, user_id: str, thread: ThreadRef, request_id: str
    ) -> None:
        """Ask what to ignore, or what is known, of an answer about logs."""
        self._start(self._open_mark_form(trigger_id, user_id, thread, request_id))

    def mark_log_message(self, filled: FilledMark, user_id: str, team_id: str) -> None:
        """Take a submitted mark; the answer goes into the thread."""
        self.take_order(
            user_id, team_id, filled.thread, filled.view_id, Intent.LOGS, order_text(filled.order)
        )

    def take_order(
        self, user_id: str, team_id: str, thread: ThreadRef, key: str, intent: Intent, text: str
    ) -> None:
        """Give a skill an order from a form; the answer goes into the thread."""
        self._start(self._order(user_id, team_id, thread, key, intent, text), thread)

    def ask_in_channel(self, user_id: str, channel_id: str, text: str) -> None:
        """Answer a slash command: the question is posted, the answer goes into its thread."""
        self._start(self._ask_in_channel(user_id, channel_id, text))

    def record_feedback(self, feedback: Feedback) -> None:
        """Keep a verdict."""
        self._start(asyncio.to_thread(self._feedback.record, feedback))

    def record_correction(self, correction: RouteCorrection) -> None:
        """Keep what somebody said a request was meant as."""
        if self._corrections is not None:
            self._start(asyncio.to_thread(self._corrections.add, correction))

    def stop_thread(self, thread: ThreadRef) -> None:
        """Cancel the answers being worked on in a thread."""
        for task, where in self._live.items():
            if where == thread:
                task.cancel()

    async def drain(self, grace_s: float) -> None:
        """Let running work end for `grace_s` seconds, then cancel it."""
        if self._live:
            _, late = await asyncio.wait(self._live, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def amend(self, work: Callable[[ProposalClicks], Coroutine[None, None, None]]) -> None:
        """Take a click that changes a proposal, its run or the rules."""
        if self._clicks is not None:
            self._start(work(self._clicks))

    def edit_faults(self, filled: FilledEdit) -> dict[str, str]:
        """What is wrong with edited values, by block of their form; looks at nothing outside."""
        return self._clicks.faults(filled) if self._clicks is not None else {}

    def _start(self, work: Coroutine[None, None, None], where: ThreadRef | None = None) -> None:
        task = asyncio.create_task(work)
        self._live[task] = where
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._live.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            self._log.error("slack_task_failed", exc_info=task.exception())

    async def _receive(self, incoming: Incoming, *, addressed: bool) -> None:
        if not addressed and not await self._is_follow_up(incoming):
            await self._overhear(incoming)
            return
        try:
            actor = await self._people.actor(incoming.user_id)
        except DirectoryError as exc:
            await self._whisper(incoming.thread, incoming.user_id, f"Not answered: {exc}.")
            return
        if actor.kind is ActorKind.BOT or not await self._in_measure(incoming):
            return
        attachments, faults = await self._fetch(incoming)
        if faults:
            await self._whisper(incoming.thread, incoming.user_id, " ".join(faults))
            if not attachments:
                return
        await self._handle(to_request(incoming, actor, attachments))

    async def _in_measure(self, incoming: Incoming) -> bool:
        """Whether to answer this account here still; it is told once when it is too much."""
        now = asyncio.get_running_loop().time()
        verdict = self._loops.ask((incoming.thread, incoming.user_id), now)
        if verdict is Verdict.TOLD:
            text = say("too_many", language_of(incoming.text))
            await self._whisper(incoming.thread, incoming.user_id, text)
        return verdict is Verdict.ANSWERED

    async def _analyse(self, pointed_at: Incoming, team_id: str, tell: Tell) -> None:
        try:
            actor = await self._people.actor(pointed_at.user_id)
        except DirectoryError as exc:
            await tell(f"Not analysed: {exc}.")
            return
        files, faults = await self._fetch(pointed_at)
        found = material(pointed_at, files)
        if faults or not found:
            await tell(" ".join(faults) or "This message has no text and no file to analyse.")
        if not found:
            return
        request = Request(
            request_id=pointed_at.request_id,
            text="Analyse this message.",
            actor=replace(actor, kind=ActorKind(account_kind(actor, team_id).value)),
            thread=pointed_at.thread,
            received_at=datetime.now(UTC),
            attachments=found,
            is_direct=pointed_at.is_direct,
        )
        refusal = await self._handle(request, Intent.LOGS)
        if refusal:
            await tell(_not_posted(refusal))

    async def _overhear(self, incoming: Incoming) -> None:
        """People talk to one another: never answered, at most remembered for the next answer."""
        if not incoming.in_thread or not incoming.text:
            return
        if not await self._is_ours(incoming.thread):
            return
        try:
            actor = await self._people.actor(incoming.user_id)
        except DirectoryError as exc:
            self._log.info("not_overheard", reason=str(exc))
            return
        if actor.kind in {ActorKind.MEMBER, ActorKind.GUEST}:
            text, _ = split_paste(incoming.text)
            self._dispatcher.overhear(
                incoming.thread, Remark(ts=incoming.ts, author=actor.name, text=text)
            )

    async def _is_follow_up(self, incoming: Incoming) -> bool:
        if not incoming.in_thread or incoming.mentions_others or not has_words(incoming.text):
            return False
        return await self._is_ours(incoming.thread)

    async def _is_ours(self, thread: ThreadRef) -> bool:
        """Whether the bot answers there now, or has answered."""
        if thread in self._at_work():
            return True
        return await asyncio.to_thread(self._threads.takes_part, thread)

    def _at_work(self) -> set[ThreadRef]:
        me = asyncio.current_task()
        return {where for task, where in self._live.items() if where and task is not me}

    async def _fetch(self, incoming: Incoming) -> tuple[tuple[Attachment, ...], list[str]]:
        attachments: list[Attachment] = []
        faults: list[str] = []
        for upload in incoming.uploads:
            try:
                content = await self.web.download(upload.url, MAX_UPLOAD_BYTES)
                attachments.append(await asyncio.to_thread(decode_upload, upload.name, content))
            except SlackCallError:
                faults.append(f"`{upload.name}` could not be fetched; upload it again.")
            except ValueError as exc:
                faults.append(str(exc))
        return tuple(attachments), faults

    async def _choose(
        self, user_id: str, thread: ThreadRef, ts: str, intent: Intent, text: str
    ) -> None:
        try:
            actor = await self._people.actor(user_id)
        except DirectoryError as exc:
            await self._whisper(thread, user_id, f"Not answered: {exc}.")
            return
        request = Request(
            request_id=f"{thread.channel_id}-{ts}",
            text=text,
            actor=actor,
            thread=thread,
            received_at=datetime.now(UTC),
            is_direct=is_direct(thread),
        )
        await self._handle(request, intent)

    async def _handle(self, request: Request, intent: Intent | None = None) -> str:
        """Answer a request; gives Slack's error when it did not take the answer, else nothing."""
        outlet = AnswerOutlet(
            self.web, self._pacer, request.thread, request.request_id, self._desk.show
        )
        await self._dispatcher.handle(request, outlet, intent=intent)
        if self._incidents is not None and outlet.last is not None:
            await self._incidents.answered(request, outlet.last, outlet.ts)
        return outlet.refusal

    async def _open_mark_form(
        self, trigger_id: str, user_id: str, thread: ThreadRef, request_id: str
    ) -> None:
        book = self._log_book
        answer = None
        if book is not None:
            answer = await asyncio.to_thread(book.answer_in, thread.channel_id, request_id)
        if answer is None or not answer.evidence:
            text = "I no longer know that answer; ask again, and its buttons work."
            await self._whisper(thread, user_id, text)
            return
        try:
            await self.web.open_view(trigger_id, mark_modal(answer, thread))
        except SlackCallError as exc:
            text = f"The form could not be opened ({exc.error}); click again."
            await self._whisper(thread, user_id, text)

    async def _order(
        self, user_id: str, team_id: str, thread: ThreadRef, key: str, intent: Intent, text: str
    ) -> None:
        """Give a skill what a person filled in; `key` is the same for every delivery."""
        try:
            actor = await self._people.look_up(user_id)
        except DirectoryError as exc:
            await self._whisper(thread, user_id, f"Not taken: {exc}.")
            return
        kind = ActorKind(account_kind(actor, team_id).value)
        request = Request(
            request_id=f"{thread.channel_id}-{key}",
            text=text,
            actor=replace(actor, kind=kind),
            thread=thread,
            received_at=datetime.now(UTC),
            is_direct=is_direct(thread),
        )
        await self._handle(request, intent)

    async def _ask_in_channel(self, user_id: str, channel_id: str, text: str) -> None:
        shown = escape(text)
        try:
            ts = await self.web.post(
                channel_id, "", shown, [section(f"<@{user_id}> asked: {shown}")]
            )
        except SlackCallError as exc:
            self._log.warning("command_not_answered", error=exc.error, channel_id=channel_id)
            return
        thread = ThreadRef(channel_id, ts)
        incoming = Incoming(
            user_id=user_id,
            team_id="",
            thread=thread,
            ts=ts,
            text=text,
            uploads=(),
            is_direct=False,
            in_thread=False,
            mentions_others=False,
        )
        await self._receive(incoming, addressed=True)

    async def _whisper(self, thread: ThreadRef, user_id: str, text: str) -> None:
        await whisper(self.web, thread, user_id, escape(text))


def is_direct(thread: ThreadRef) -> bool:
    """Whether a conversation is a direct message, by Slack's own ids."""
    return thread.channel_id.startswith("D")


def _not_posted(error: str) -> str:
    if error in {"not_in_channel", "channel_not_found"}:
        return "I am not in this conversation; invite me, and use the shortcut again."
    return f"The answer could not be posted here ({error})."
