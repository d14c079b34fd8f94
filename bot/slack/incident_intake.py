"""What goes from Slack onto an incident's timeline: marked messages, answers, edits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from runbooks.errors import DirectoryError
from runbooks.policy import AccountKind

from ..incidents.desk import IncidentDesk
from ..incidents.status import heading
from ..language import language_of
from ..messages import ActorKind, Reply, Request
from ..phrases import say
from ..store.errors import StoreError
from .clicker import clicker
from .incoming import plain
from .people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class PointedAt:
    """A message that somebody used the shortcut on.

    Attributes:
        author_id: Who wrote it; empty for an app without a user.
        text: Plain text.
    """

    channel_id: str
    ts: str
    author_id: str
    text: str


# Shortcut payloads are JSON whose shape Slack defines; they are parsed here and go no further.
def parse_pointed_at(body: Mapping[str, Any], bot_user_id: str) -> PointedAt:
    """Read a `message_action` payload."""
    message: Mapping[str, Any] = body["message"]
    return PointedAt(
        channel_id=str(body["channel"]["id"]),
        ts=str(message["ts"]),
        author_id=str(message.get("user") or ""),
        text=plain(str(message.get("text") or ""), bot_user_id),
    )


class IncidentIntake:
    """Hands to the desk what happens in Slack."""

    def __init__(self, *, people: People, desk: IncidentDesk) -> None:
        self._people = people
        self._desk = desk
        self._log = structlog.get_logger()

    async def add(
        self,
        pointed_at: PointedAt,
        clicked: tuple[str, str],
        tell: Callable[[str], Awaitable[None]],
    ) -> None:
        """Put a message on the timeline of its channel's open incident.

        Args:
            clicked: User id and workspace of who used the shortcut.
            tell: Tells only that person.
        """
        language = language_of(pointed_at.text)
        try:
            who, kind = await clicker(self._people, *clicked)
            if kind is not AccountKind.MEMBER:
                await tell(say("incident_members_only", language))
                return
            await tell(await self._added(pointed_at, who.name, language))
        except (DirectoryError, StoreError) as exc:
            await tell(f"Not added: {exc}.")

    async def _added(self, pointed_at: PointedAt, name: str, language: str) -> str:
        if not pointed_at.text.strip():
            return say("incident_nothing_to_add", language)
        incident, is_new = await self._desk.mark(
            pointed_at.channel_id,
            pointed_at.ts,
            await self._name(pointed_at.author_id),
            pointed_at.text,
            name,
        )
        if incident is None:
            return say("incident_none_open", language)
        key = "incident_added" if is_new else "incident_added_before"
        return say(key, language, name=heading(incident, language))

    async def answered(self, request: Request, reply: Reply, ts: str) -> None:
        """Put what an answer found on the timeline; the answer stands without it.

        Only members change an incident: what somebody else asked or pasted stays off it.
        """
        if request.actor.kind is not ActorKind.MEMBER:
            return
        try:
            await self._desk.answered(request.thread, reply, ts, request.actor.timezone)
        except StoreError as exc:
            self._log.warning("finding_not_kept", reason=str(exc))

    async def retracted(self, channel_id: str, ts: str, text: str) -> None:
        """Take in that a message was edited or deleted."""
        await self._desk.retracted(channel_id, ts, text)

    async def _name(self, user_id: str) -> str:
        try:
            return (await self._people.actor(user_id)).name if user_id else "an app"
        except DirectoryError:
            return "somebody"
