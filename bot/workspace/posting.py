"""Posting, editing, deleting, reacting: store it, show it to the pages, tell the bot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .changes import Changes
from .errors import ApiError
from .events import Events
from .json_values import JsonObject
from .records import Channel, Message, Status
from .socket_mode import SocketMode
from .state import State
from .wire import Wire


@dataclass(frozen=True, slots=True)
class Posting:
    """Every change of a conversation goes through here."""

    state: State
    wire: Wire
    events: Events
    sockets: SocketMode
    changes: Changes

    def post(self, message: Message) -> Message:
        """Add a message; a bot's post ends the status line of its thread."""
        self.state.put(message)
        channel = self.state.channels[message.channel_id]
        if message.bot_id is not None and message.ephemeral_to is None:
            self._end_status(message)
        self.show(message)
        self._show_parent(message)
        for event in self.events.posted(channel, message):
            self.sockets.send_event(event)
        return message

    def edit(self, before: Message, after: Message) -> Message:
        """Replace a message by its edited form."""
        self.state.put(after)
        self.show(after)
        channel = self.state.channels[after.channel_id]
        if after.ephemeral_to is None:
            for event in self.events.changed(channel, after, before):
                self.sockets.send_event(event)
        return after

    def stream(self, after: Message) -> Message:
        """Show more of a streamed message; the bot gets no event for its own stream."""
        self.state.put(after)
        self.show(after)
        return after

    def delete(self, message: Message) -> None:
        """Remove a message."""
        self.state.remove(message.channel_id, message.ts)
        self.changes.announce("deleted", channel=message.channel_id, ts=message.ts)
        self._show_parent(message)
        if message.ephemeral_to is None:
            channel = self.state.channels[message.channel_id]
            for event in self.events.deleted(channel, message):
                self.sockets.send_event(event)

    def react(self, message: Message, name: str, user_id: str) -> Message:
        """Add a reaction.

        Raises:
            ApiError: already_reacted.
        """
        users = message.reactions.get(name, ())
        if user_id in users:
            raise ApiError("already_reacted")
        after = replace(message, reactions={**message.reactions, name: (*users, user_id)})
        self.state.put(after)
        self.show(after)
        channel = self.state.channels[message.channel_id]
        if self.events.wants("reaction_added"):
            self.sockets.send_event(self.events.reacted(channel, after, user_id, name))
        return after

    def unreact(self, message: Message, name: str, user_id: str) -> Message:
        """Take a reaction back.

        Raises:
            ApiError: no_reaction.
        """
        users = message.reactions.get(name, ())
        if user_id not in users:
            raise ApiError("no_reaction")
        left = tuple(user for user in users if user != user_id)
        others = {key: value for key, value in message.reactions.items() if key != name}
        after = replace(message, reactions={**others, name: left} if left else others)
        self.state.put(after)
        self.show(after)
        return after

    def set_status(self, status: Status) -> None:
        """Show, replace or (with an empty text) remove a status line."""
        self.state.set_status(status)
        self.changes.announce("status", **status_entry(status))

    def show(self, message: Message) -> None:
        """Show a message's present form on the pages."""
        self.changes.announce("message", message=self.page_message(message))

    def page_message(self, message: Message) -> JsonObject:
        """A message as the page gets it."""
        return {
            **self.wire.message(message),
            "channel": message.channel_id,
            "ephemeral_to": message.ephemeral_to,
            "streaming": message.stream is not None and not message.stream.stopped,
        }

    def channel(self, channel_id: str) -> Channel:
        """A channel by id or name.

        Raises:
            ApiError: channel_not_found.
        """
        channel = self.state.channel_named(channel_id)
        if channel is None:
            raise ApiError("channel_not_found")
        return channel

    def _show_parent(self, message: Message) -> None:
        """A reply changes the reply count of the thread's first message."""
        if message.thread_ts is None or message.ephemeral_to is not None:
            return
        parent = self.state.message(message.channel_id, message.thread_ts)
        if parent is not None:
            self.show(parent)

    def _end_status(self, message: Message) -> None:
        thread_ts = message.thread_ts or message.ts
        for status in self.state.statuses():
            if (status.channel_id, status.thread_ts) == (message.channel_id, thread_ts):
                self.set_status(replace(status, text=""))


def status_entry(status: Status) -> JsonObject:
    """A status line as the page gets it."""
    return {
        "channel": status.channel_id,
        "thread_ts": status.thread_ts,
        "text": status.text,
        "expires_at": status.expires_at,
    }
