"""Slack's conversations as threads to read: who said what, where, and who could read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import structlog

from runbooks.errors import DirectoryError

from ..messages import ThreadRef
from ..skills.learn.skill import RoomError
from ..skills.learn.thread import ThreadMessage
from .incoming import plain
from .people import People
from .web import SlackCallError, SlackWeb

_MAX_MESSAGES = 400
_USER_ID = re.compile(r"[UW][A-Z0-9]{6,20}")


class SlackRooms:
    """A `bot.skills.learn.skill.Room`.

    Args:
        bot_user_id: Mentions of it make a message one to the bot.
    """

    def __init__(self, web: SlackWeb, people: People, bot_user_id: str) -> None:
        self._web = web
        self._people = people
        self._bot_user_id = bot_user_id

    async def thread(self, thread: ThreadRef) -> tuple[ThreadMessage, ...]:
        """See `Room.thread`."""
        try:
            found = await self._web.replies(thread.channel_id, thread.thread_ts, _MAX_MESSAGES)
        except SlackCallError as exc:
            raise RoomError(_why(exc.error)) from exc
        names: dict[str, str] = {}
        return tuple([await self._message(message, names) for message in found])

    async def permalink(self, thread: ThreadRef) -> str:
        """See `Room.permalink`."""
        try:
            return await self._web.permalink(thread.channel_id, thread.thread_ts)
        except SlackCallError as exc:
            structlog.get_logger().info("no_permalink", error=exc.error)
            return ""

    async def name_of(self, user_id: str) -> str:
        """The name of an account; empty when a text is no user id or nobody knows it."""
        if not _USER_ID.fullmatch(user_id):
            return ""
        try:
            return (await self._people.actor(user_id)).name
        except DirectoryError:
            return ""

    async def is_public(self, channel_id: str) -> bool:
        """See `bot.access.Channels`; a channel shared with another workspace is not public."""
        try:
            channel = await self._web.channel(channel_id)
        except SlackCallError as exc:
            structlog.get_logger().info("channel_not_looked_up", error=exc.error)
            return False
        return is_public_channel(channel)

    async def _message(self, message: Mapping[str, Any], names: dict[str, str]) -> ThreadMessage:
        user_id, raw = str(message.get("user") or ""), str(message.get("text") or "")
        is_bot = bool(message.get("bot_id"))
        if user_id not in names:
            names[user_id] = await self._name(user_id)
        return ThreadMessage(
            ts=str(message.get("ts") or ""),
            author=names[user_id],
            text=plain(raw, self._bot_user_id),
            is_bot=is_bot,
            is_asked=not is_bot and f"<@{self._bot_user_id}" in raw,
        )

    async def _name(self, user_id: str) -> str:
        try:
            return (await self._people.actor(user_id)).name if user_id else "an app"
        except DirectoryError:
            return "somebody"


# `conversations.info` is JSON whose shape Slack defines; it is read here and goes no further.
def is_public_channel(channel: Mapping[str, Any]) -> bool:
    """Whether every member of this workspace, and nobody else, can read a channel."""
    closed = ("is_private", "is_im", "is_mpim", "is_ext_shared", "is_pending_ext_shared")
    if any(channel.get(sign) for sign in closed) or channel.get("is_shared"):
        return False
    return channel.get("is_channel") is True and channel.get("is_private") is False


def _why(error: str) -> str:
    if error == "missing_scope":
        return "the app lacks the scope channels:history or groups:history"
    if error in {"not_in_channel", "channel_not_found"}:
        return "I am not in this channel"
    return f"Slack answered {error}"
