"""Keeps incidents and puts their timelines together."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

import structlog

from bot.conversation.facts import INVESTIGATED
from bot.messages import (
    Excerpt,
    Findings,
    Passages,
    Phase,
    Prose,
    Quote,
    Reply,
    Request,
    ThreadRef,
)
from bot.store.incidents import Entry, EntryKind, Incident, Incidents, NewIncident
from runbooks.case import Case

from .timeline import Event, belongs, clean, timeline

_LOOKED_AT = 500
_EVIDENCE = (Findings, Quote, Passages, Excerpt)
_MAX_NAME_CHARS = 60
_MARKUP = re.compile(r"[*`]|\s*\[\d{1,2}\]")
_CITED = re.compile(r"\s*\[\d{1,2}\]")
_QUOTED = re.compile(r"`[^`]*`")
_CLOCK = re.compile(r"\b\d\d:\d\d\b")
_MAX_SENTENCE_CHARS = 240


class Cases(Protocol):
    """What this needs of `runbooks.approvals.Approvals`."""

    async def recent(self, limit: int = 20) -> tuple[Case, ...]:
        """The newest proposals."""
        ...


class Permalinks(Protocol):
    """Gives addresses of messages; Slack's rooms do."""

    async def permalink(self, thread: ThreadRef) -> str:
        """The address of the message with this timestamp; empty when there is none."""
        ...


class IncidentDesk:
    """What people and answers put on timelines, and how it is read back.

    Args:
        incidents: Where they are kept.
        cases: The proposals.
        card_link: Gives the address of a proposal's card.
        links: Gives addresses of messages; None where there are none.
    """

    def __init__(
        self,
        incidents: Incidents,
        cases: Cases,
        card_link: Callable[[int], Awaitable[str]],
        links: Permalinks | None = None,
    ) -> None:
        self._incidents = incidents
        self._cases = cases
        self._card_link = card_link
        self._links = links

    async def open_in(self, channel_id: str) -> Incident | None:
        """The open incident of a channel.

        Raises:
            StoreError: The database failed.
        """
        return await asyncio.to_thread(self._incidents.open_in, channel_id)

    async def start(self, request: Request, title: str) -> tuple[Incident, bool]:
        """Declare an incident; gives the channel's open one, and whether it is new.

        Raises:
            StoreError: The database failed.
        """
        new = NewIncident(
            thread=request.thread,
            title=clean(title),
            url=await self._url(request.thread.channel_id, message_ts(request)),
            started_by=clean(request.actor.name, _MAX_NAME_CHARS),
            started_at=request.received_at,
        )
        return await asyncio.to_thread(self._incidents.start, new)

    async def end(self, incident: Incident, request: Request) -> Incident | None:
        """End an incident; None when somebody did already.

        Raises:
            StoreError: The database failed.
        """
        name = clean(request.actor.name, _MAX_NAME_CHARS)
        ended = await asyncio.to_thread(
            self._incidents.end, incident.incident_id, name, request.received_at
        )
        if ended is not None:
            await self.note(ended, request, EntryKind.ENDED, "")
        return ended

    async def note(self, incident: Incident, request: Request, kind: EntryKind, text: str) -> None:
        """Put what an order says on the timeline.

        Raises:
            StoreError: The database failed.
        """
        ts, name = message_ts(request), clean(request.actor.name, _MAX_NAME_CHARS)
        entry = Entry(
            kind=kind,
            at=request.received_at,
            author=name,
            text=clean(text),
            url=await self._url(request.thread.channel_id, ts),
            message_ts=ts,
            added_by=name,
        )
        await asyncio.to_thread(self._incidents.add, incident.incident_id, entry)

    async def set_roles(
        self, incident: Incident, *, severity: int | None = None, commander: str = ""
    ) -> Incident | None:
        """Say how bad it is or who leads; None when it is not open any more.

        Raises:
            StoreError: The database failed.
        """
        return await asyncio.to_thread(
            self._incidents.set_roles,
            incident.incident_id,
            severity=severity,
            commander=clean(commander, _MAX_NAME_CHARS),
        )

    async def mark(
        self, channel_id: str, ts: str, author: str, text: str, added_by: str
    ) -> tuple[Incident | None, bool]:
        """Put a message that somebody pointed at on the timeline.

        Args:
            ts: The message, by Slack's timestamp.
            added_by: Name of who pointed.

        Returns:
            The channel's open incident, None without one; and whether the message is new to it.

        Raises:
            StoreError: The database failed.
        """
        incident = await self.open_in(channel_id)
        if incident is None:
            return None, False
        entry = Entry(
            kind=EntryKind.MESSAGE,
            at=moment(ts),
            author=clean(author, _MAX_NAME_CHARS),
            text=clean(text),
            url=await self._url(channel_id, ts),
            message_ts=ts,
            added_by=clean(added_by, _MAX_NAME_CHARS),
        )
        return incident, await asyncio.to_thread(self._incidents.add, incident.incident_id, entry)

    async def answered(self, thread: ThreadRef, reply: Reply, ts: str, zone: str = "UTC") -> None:
        """Put what an answer found on the timeline, when it shows evidence.

        Args:
            ts: The message that shows the answer.
            zone: IANA name of the zone that its times are in.

        Raises:
            StoreError: The database failed.
        """
        if not ts or reply.phase is not Phase.DONE or not _has_evidence(reply):
            return
        incident = await self.open_in(thread.channel_id)
        if incident is None:
            return
        entry = Entry(
            kind=EntryKind.FINDING,
            at=datetime.now(UTC),
            author="opsbot",
            text=clean(_finding(reply, zone)),
            url=await self._url(thread.channel_id, ts),
            message_ts=ts,
            added_by="opsbot",
        )
        await asyncio.to_thread(self._incidents.add, incident.incident_id, entry)

    async def retracted(self, channel_id: str, ts: str, text: str) -> None:
        """Take in that a marked message has another text now; an empty one was deleted.

        Raises:
            StoreError: The database failed.
        """
        incident = await self.open_in(channel_id)
        if incident is not None:
            shown = clean(text) or "[deleted]"
            await asyncio.to_thread(self._incidents.change_message, incident.incident_id, ts, shown)

    async def events(self, incident: Incident, language: str) -> tuple[Event, ...]:
        """The whole timeline.

        Raises:
            StoreError: The database failed.
            ProposalError: The proposals cannot be read.
        """
        entries = await asyncio.to_thread(self._incidents.entries, incident.incident_id)
        recent = await self._cases.recent(_LOOKED_AT)
        cases = [case for case in recent if belongs(case, incident)]
        numbers = [case.proposal.proposal_id for case in cases]
        links = {number: await self._card_link(number) for number in numbers}
        return timeline(incident, entries, cases, links, language)

    async def _url(self, channel_id: str, ts: str) -> str:
        return await self._links.permalink(ThreadRef(channel_id, ts)) if self._links else ""


def message_ts(request: Request) -> str:
    """The message that a request came in, by Slack's timestamp; of a form's, its thread's."""
    ts = request.request_id.removeprefix(f"{request.thread.channel_id}-")
    return ts if ts.replace(".", "").isdigit() else request.thread.thread_ts


def moment(ts: str) -> datetime:
    """When a message was written, aware UTC; now, when the timestamp does not say."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        structlog.get_logger().info("timestamp_not_read")
        return datetime.now(UTC)


def _has_evidence(reply: Reply) -> bool:
    shown = any(isinstance(part, _EVIDENCE) for part in reply.parts)
    return shown or INVESTIGATED in reply.facts


def _finding(reply: Reply, zone: str) -> str:
    """The answer in one sentence, with the first checked sentence of the model."""
    said = [part.text for part in reply.parts if isinstance(part, Prose) and part.from_model]
    first = _MARKUP.sub("", said[0].strip().split("\n")[0])[:_MAX_SENTENCE_CHARS] if said else ""
    summary = _CITED.sub("", reply.summary).strip()  # numbers of evidence say nothing away from it
    if zone != "UTC" and _CLOCK.search(_QUOTED.sub("", summary)):
        summary = f"{summary} (times of {zone})"  # the lines around it are in other zones
    return f"{summary.rstrip('.')}. {first}" if first else summary
