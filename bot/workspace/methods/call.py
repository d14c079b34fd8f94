"""One Web API call: its arguments, read strictly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..core import Core
from ..errors import ApiError
from ..json_values import JsonObject
from ..records import Channel, Message


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose token was accepted.

    Attributes:
        arguments: Merged from the query and the body, JSON strings decoded.
    """

    core: Core
    arguments: JsonObject

    def get(self, name: str) -> Any:  # noqa: ANN401 - an open JSON value
        """An argument's value, or None."""
        return self.arguments.get(name)

    def text(self, name: str) -> str:
        """A string argument; empty when missing."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def required(self, name: str, error: str = "invalid_arguments") -> str:
        """A string argument that must be there.

        Raises:
            ApiError: `error`, when it is missing or empty.
        """
        value = self.text(name)
        if not value:
            raise ApiError(error, f"[ERROR] missing required field: {name}")
        return value

    def flag(self, name: str) -> bool | None:
        """A boolean argument, also as a form writes it; None when missing."""
        value = self.arguments.get(name)
        if value is None or value == "":
            return None
        return value in {True, "1", "true", "True"}

    def limit(self, default: int = 100, most: int = 1000) -> int:
        """The page size.

        Raises:
            ApiError: invalid_limit.
        """
        value = self.text("limit") or str(default)
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise ApiError("invalid_limit")
        return int(value)

    def channel(self, name: str = "channel") -> Channel:
        """The channel an argument names; a user id means the direct message with that person.

        Raises:
            ApiError: channel_not_found.
        """
        reference = self.required(name, "channel_not_found")
        direct = self.core.state.direct_channel(reference)
        return direct or self.core.posting.channel(reference)

    def joined_channel(self, name: str = "channel") -> Channel:
        """A channel the bot may post to.

        Raises:
            ApiError: channel_not_found, is_archived or not_in_channel.
        """
        channel = self.channel(name)
        if channel.is_archived:
            raise ApiError("is_archived")
        if self.core.bot_user_id not in channel.member_ids:
            raise ApiError("not_in_channel")
        return channel

    def message(self, channel: Channel, name: str, error: str = "message_not_found") -> Message:
        """A message everybody sees.

        Raises:
            ApiError: `error`, when there is none with that timestamp.
        """
        message = self.core.state.message(channel.channel_id, self.required(name, error))
        if message is None or message.ephemeral_to is not None:
            raise ApiError(error)
        return message

    def thread_ts(self, channel: Channel) -> str | None:
        """The thread to post in, if any.

        Raises:
            ApiError: thread_not_found.
        """
        if not self.text("thread_ts"):
            return None
        parent = self.message(channel, "thread_ts", "thread_not_found")
        return parent.thread_ts or parent.ts


Method: TypeAlias = Callable[[Call], JsonObject]
