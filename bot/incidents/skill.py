"""Takes orders about incidents: declare, look, say, end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Protocol

import structlog

from bot.conversation.facts import ORDER
from bot.messages import (
    ActorKind,
    Attached,
    Heading,
    Intent,
    Note,
    OutgoingFile,
    Phase,
    Prose,
    Reply,
    Request,
    SkillEvent,
    SourcedLine,
    SourcedLines,
    ThreadRef,
    Turn,
)
from bot.phrases import say
from bot.quotes import split_sentences
from bot.skills.learn import replies as notes_replies
from bot.store.incidents import EntryKind, Incident
from bot.store.thread_notes import NewThreadNote, ThreadNote
from runbooks.errors import ExecutionError

from .desk import IncidentDesk
from .orders import IncidentOrder, Verb, read_order
from .post_mortem import draft, title
from .status import heading, standing_line, status_reply
from .timeline import Event

_MAX_ROWS = 60
_FIRST_ROWS = 10
_PATIENCE_S = 8.0
_QUESTION = "In one sentence: what is wrong, and what was done about it?"
_LOOKS = frozenset({Verb.TIMELINE, Verb.SUMMARY})


class Notes(Protocol):
    """Keeps drafts until a person decides; its calls block."""

    def add(self, new: NewThreadNote) -> ThreadNote:
        """Keep one."""
        ...


class Wording(Protocol):
    """Words what lines show; every sentence is checked against them."""

    async def word(self, question: str, shown: str) -> str:
        """Answer a question about some lines."""
        ...


class IncidentOrders:
    """See the module.

    Args:
        desk: Keeps incidents.
        notes: Where drafts of post-mortems wait for a person's yes.
        audience: Who may read what was said in a channel.
        name_of: Gives the name of a user id.
        wording: Writes one sentence of a status update; None: there is none.
    """

    intent = Intent.CHAT

    def __init__(
        self,
        desk: IncidentDesk,
        *,
        notes: Notes,
        audience: Callable[[str], Awaitable[frozenset[str]]],
        name_of: Callable[[str], Awaitable[str]],
        wording: Wording | None = None,
    ) -> None:
        self._desk = desk
        self._notes = notes
        self._audience = audience
        self._name_of = name_of
        self._wording = wording

    async def takes(self, request: Request, history: tuple[Turn, ...]) -> bool:
        """Whether the whole text is such an order; a short one only while an incident is open."""
        order = None if request.attachments else read_order(request.text)
        if order is None:
            return False
        return order.says_incident or await self._here(request) is not None

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Carry an order out and say what was done."""
        order = read_order(request.text)
        if order is None:
            return
        async for event in self._carried_out(order, request):
            yield _as_order(event)

    async def _carried_out(
        self, order: IncidentOrder, request: Request
    ) -> AsyncIterator[SkillEvent]:
        language = request.language
        if request.actor.kind is not ActorKind.MEMBER and order.verb not in _LOOKS:
            yield _sentence(say("incident_members_only", language))
        elif not request.thread.channel_id:
            yield _sentence(say("incident_not_here", language))
        elif order.verb is Verb.START:
            yield await self._start(order, request)
        elif (incident := await self._here(request)) is None:
            yield _sentence(say("incident_none_open", language))
        elif order.verb is Verb.TIMELINE:
            yield _timeline_reply(incident, await self._desk.events(incident, language), request)
        elif order.verb is Verb.SUMMARY:
            async for event in self._summary(incident, request):
                yield event
        elif order.verb is Verb.END:
            async for event in self._end(incident, request):
                yield event
        else:
            yield await self._said(order, incident, request)

    async def _here(self, request: Request) -> Incident | None:
        channel_id = request.thread.channel_id
        return await self._desk.open_in(channel_id) if channel_id else None

    async def _start(self, order: IncidentOrder, request: Request) -> Reply:
        incident, is_new = await self._desk.start(request, order.text)
        language = request.language
        name = heading(incident, language)
        if not is_new:
            text = say("incident_open_already", language, name=name)
            row = SourcedLines(rows=(_place(incident),))
            return Reply(parts=(Prose(text=text), row), summary=text)
        text = say("incident_started", language)
        parts = (Heading(text=name), Prose(text=text), Note(text=say("incident_how", language)))
        return Reply(parts=parts, summary=f"{name}. {text}")

    async def _said(self, order: IncidentOrder, incident: Incident, request: Request) -> Reply:
        """Severity, commander, impact, a note."""
        language = request.language
        if order.verb is Verb.SEVERITY:
            await self._desk.set_roles(incident, severity=int(order.text))
            kind, text = EntryKind.SEVERITY, order.text
        elif order.verb is Verb.COMMANDER:
            kind, text = EntryKind.COMMANDER, await self._person(order.text, request)
            await self._desk.set_roles(incident, commander=text)
        else:
            kind = EntryKind.IMPACT if order.verb is Verb.IMPACT else EntryKind.MESSAGE
            text = order.text
        await self._desk.note(incident, request, kind, text)
        name = heading(incident, language)
        return _sentence(say(f"incident_set_{order.verb.value}", language, name=name, value=text))

    async def _person(self, text: str, request: Request) -> str:
        if text.casefold() in {"me", "i", "ich", "mich", "我", "yo", "私"}:
            return request.actor.name
        return await self._name_of(text) or text

    async def _summary(self, incident: Incident, request: Request) -> AsyncIterator[SkillEvent]:
        language, now = request.language, request.received_at
        events = await self._desk.events(incident, language)
        reply = status_reply(incident, events, now, language)
        if self._wording is None or len(events) < 3 or language != "en":
            yield reply
            return
        yield replace(reply, phase=Phase.WORKING, status="summarising")
        sentence = await self._sentence(self._wording, events)
        yield status_reply(incident, events, now, language, sentence)

    async def _sentence(self, wording: Wording, events: tuple[Event, ...]) -> str:
        shown = "\n".join(event.text for event in events[-_MAX_ROWS:])
        try:
            async with asyncio.timeout(_PATIENCE_S):
                said = await wording.word(_QUESTION, shown)
        except (ExecutionError, TimeoutError) as exc:
            structlog.get_logger().info("incident_not_worded", reason=str(exc) or "timed out")
            return ""
        return next(iter(split_sentences(said)), "")

    async def _end(self, incident: Incident, request: Request) -> AsyncIterator[SkillEvent]:
        language = request.language
        ended = await self._desk.end(incident, request)
        if ended is None:
            yield _sentence(say("incident_none_open", language))
            return
        events = await self._desk.events(ended, language)
        text = draft(ended, events, request.received_at, language)
        channel_id = ended.thread.channel_id
        new = NewThreadNote(
            # The thread itself may be learned too: this is another document of it.
            thread=ThreadRef(channel_id, f"{ended.thread.thread_ts}-incident-{ended.incident_id}"),
            title=title(ended, language),
            text=text,
            url=ended.url,
            groups=await self._audience(channel_id),
            asked_by=request.actor.user_id,
            created_at=request.received_at,
        )
        note = await asyncio.to_thread(self._notes.add, new)
        remark = standing_line(ended, request.received_at, language)
        yield notes_replies.waiting(note, remark)
        yield Attached(make=lambda: (_file(note, ended),))


def _file(note: ThreadNote, incident: Incident) -> OutgoingFile:
    name = f"post-mortem-{incident.incident_id}.md"
    content = f"# {note.title}\n\n{note.text}\n".encode()
    return OutgoingFile(name=name, title=name, content=content)


def _timeline_reply(incident: Incident, events: tuple[Event, ...], request: Request) -> Reply:
    language = request.language
    name = heading(incident, language)
    n_out = max(0, len(events) - _MAX_ROWS)
    shown = events if not n_out else (*events[:_FIRST_ROWS], *events[_FIRST_ROWS - _MAX_ROWS :])
    note = say("incident_left_out", language, n_lines=n_out, number=incident.incident_id)
    parts = (
        Heading(text=name),
        Prose(text=standing_line(incident, request.received_at, language)),
        SourcedLines(rows=tuple(event.line for event in shown)),
        Note(text=note if n_out else say("incident_note", language, n_lines=len(events))),
    )
    return Reply(parts=parts, summary=f"{name}: {events[-1].text}")


def _place(incident: Incident) -> SourcedLine:
    return SourcedLine(text=incident.title or "", url=incident.url, at=incident.started_at)


def _as_order(event: SkillEvent) -> SkillEvent:
    """The answer marked as no topic for follow-ups."""
    return replace(event, facts={ORDER: "incident"}) if isinstance(event, Reply) else event


def _sentence(text: str) -> Reply:
    return Reply(parts=(Prose(text=text),), summary=text)
