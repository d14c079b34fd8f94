"""All that a workspace remembers, in memory, with no wire format and no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .json_values import JsonObject
from .records import Channel, Message, Status, StoredFile, User, UserGroup
from .seed import CHANNELS, USER_GROUPS, USERS, direct_channels
from .timestamps import Timestamps


class State:
    """People, channels, messages and files; edits replace whole records.

    Args:
        now: Wall clock, seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.users: dict[str, User] = {user.user_id: user for user in USERS}
        self.channels: dict[str, Channel] = {
            channel.channel_id: channel for channel in (*CHANNELS, *direct_channels())
        }
        self.groups: dict[str, UserGroup] = {group.group_id: group for group in USER_GROUPS}
        self.files: dict[str, StoredFile] = {}
        self.contents: dict[str, bytes] = {}
        self.homes: dict[str, JsonObject] = {}
        self.timestamps = Timestamps(now)
        self._messages: dict[str, dict[str, Message]] = {}
        self._statuses: dict[tuple[str, str], Status] = {}

    def put(self, message: Message) -> Message:
        """Store a message, replacing the one with the same channel and `ts`."""
        self._messages.setdefault(message.channel_id, {})[message.ts] = message
        return message

    def message(self, channel_id: str, ts: str) -> Message | None:
        """A message by its name, ephemeral ones included."""
        return self._messages.get(channel_id, {}).get(ts)

    def remove(self, channel_id: str, ts: str) -> None:
        """Forget a message; its replies stay, as in Slack."""
        self._messages.get(channel_id, {}).pop(ts, None)

    def messages(self, channel_id: str | None = None) -> Iterator[Message]:
        """Messages of one channel (or of all), oldest first, ephemeral ones included."""
        ids = [channel_id] if channel_id is not None else list(self._messages)
        for one in ids:
            yield from list(self._messages.get(one, {}).values())

    def replies(self, channel_id: str, thread_ts: str) -> list[Message]:
        """What was posted in a thread, oldest first, without its first message."""
        return [
            message
            for message in self.messages(channel_id)
            if message.thread_ts == thread_ts and message.ephemeral_to is None
        ]

    def restore(self, messages: Iterable[Message], files: Iterable[StoredFile]) -> None:
        """Take over what an earlier run stored; later timestamps follow the newest."""
        newest = "0.000000"
        for message in messages:
            self.put(message)
            newest = max(newest, message.ts)
        self.files.update({file.file_id: file for file in files})
        self.timestamps = Timestamps(self.now, after=newest)

    def channel_named(self, reference: str) -> Channel | None:
        """A channel by id, by `#name` or by name."""
        found = self.channels.get(reference)
        name = reference.removeprefix("#")
        named = (c for c in self.channels.values() if c.name == name and not c.is_im)
        return found or next(named, None)

    def direct_channel(self, user_id: str) -> Channel | None:
        """A person's direct message with the bot."""
        return next((c for c in self.channels.values() if c.im_user_id == user_id), None)

    def set_status(self, status: Status) -> None:
        """Show a status line; an empty text removes it."""
        key = (status.channel_id, status.thread_ts)
        if status.text:
            self._statuses[key] = status
        else:
            self._statuses.pop(key, None)

    def statuses(self) -> list[Status]:
        """Status lines that have not expired."""
        now = self.now()
        self._statuses = {k: s for k, s in self._statuses.items() if s.expires_at > now}
        return list(self._statuses.values())
