"""What people do by themselves: write, upload, edit, react, look at the bot's home."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

from .core import Core
from .errors import PageError
from .records import Channel, Message, StoredFile, User
from .uploads import UPLOAD_LIMIT_BYTES, new_file

_TEXT_LIMIT = 40_000


class People:
    """Acts on behalf of a person of the workspace.

    Every method may raise PageError: a sentence about what does not exist or is not allowed.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def say(
        self,
        user_id: str,
        channel_id: str,
        text: str,
        thread_ts: str | None = None,
        file_ids: tuple[str, ...] = (),
    ) -> Message:
        """Post a message.

        Args:
            user_id: Who speaks.
            channel_id: Where.
            text: Slack's mrkdwn; mentions as `<@U...>`.
            thread_ts: The thread to answer in.
            file_ids: Files this person uploaded before.
        """
        user, channel = self.user(user_id), self.channel(user_id, channel_id)
        self._check(text, thread_ts, channel, file_ids)
        for file_id in file_ids:
            file = self._core.state.files[file_id]
            self._core.state.files[file_id] = replace(file, is_shared=True)
        return self._core.posting.post(
            Message(
                channel_id=channel_id,
                ts=self._core.state.timestamps.next(),
                user_id=user.user_id,
                text=text,
                thread_ts=thread_ts,
                subtype="file_share" if file_ids else None,
                file_ids=file_ids,
                client_msg_id=str(uuid.uuid4()),
            )
        )

    def upload(self, user_id: str, name: str, content: bytes) -> StoredFile:
        """Keep a file for a message that follows."""
        if not content:
            raise PageError("This file is empty.")
        if len(content) > UPLOAD_LIMIT_BYTES:
            raise PageError("Files of more than 32 MiB are refused; send the part that matters.")
        user = self.user(user_id)
        file = new_file(name, len(content), user.user_id, self._core.state.now())
        self._core.state.files[file.file_id] = file
        self._core.state.contents[file.file_id] = content
        return file

    def edit(self, user_id: str, channel_id: str, ts: str, text: str) -> Message:
        """Change one's own message."""
        before = self._own(user_id, channel_id, ts)
        self._check(text, None, self.channel(user_id, channel_id), before.file_ids)
        edited_ts = self._core.state.timestamps.next()
        return self._core.posting.edit(before, replace(before, text=text, edited_ts=edited_ts))

    def delete(self, user_id: str, channel_id: str, ts: str) -> None:
        """Delete one's own message."""
        self._core.posting.delete(self._own(user_id, channel_id, ts))

    def react(self, user_id: str, channel_id: str, ts: str, name: str) -> Message:
        """Add a reaction, or take it back."""
        if not re.fullmatch(r"[a-z0-9_+-]{1,60}", name):
            raise PageError("There is no such emoji.")
        self.channel(user_id, channel_id)
        message = self._message(channel_id, ts)
        if user_id in message.reactions.get(name, ()):
            return self._core.posting.unreact(message, name, user_id)
        return self._core.posting.react(message, name, user_id)

    def stop(self, user_id: str, channel_id: str, thread_ts: str) -> None:
        """Press Stop while the bot works in a thread."""
        channel = self.channel(user_id, channel_id)
        thread = self._core.state.replies(channel_id, thread_ts)
        streams = [m.ts for m in thread if m.stream is not None and not m.stream.stopped]
        if self._core.events.wants("agent_session_stopped"):
            event = self._core.events.stopped(channel, thread_ts, user_id, streams)
            self._core.sockets.send_event(event)

    def open_home(self, user_id: str, tab: str) -> None:
        """Look at the bot's home or messages tab."""
        channel = self._core.state.direct_channel(user_id)
        if channel is not None and self._core.events.wants("app_home_opened"):
            self._core.sockets.send_event(self._core.events.home_opened(channel, tab))

    def user(self, user_id: str) -> User:
        """A person one can act as."""
        user = self._core.state.users.get(user_id)
        if user is None or user.is_bot or user.deleted:
            raise PageError("There is no such person in this workspace.")
        return user

    def channel(self, user_id: str, channel_id: str) -> Channel:
        """A channel the person is in."""
        channel = self._core.state.channels.get(channel_id)
        if channel is None or user_id not in channel.member_ids:
            raise PageError("This person is not in that channel.")
        return channel

    def _check(
        self, text: str, thread_ts: str | None, channel: Channel, file_ids: tuple[str, ...]
    ) -> None:
        if not text.strip() and not file_ids:
            raise PageError("The message is empty.")
        if len(text) > _TEXT_LIMIT:
            raise PageError("Messages end at 40,000 characters; send the text as a file.")
        if (
            thread_ts is not None
            and self._core.state.message(channel.channel_id, thread_ts) is None
        ):
            raise PageError("This thread no longer exists.")
        if any(file_id not in self._core.state.contents for file_id in file_ids):
            raise PageError("The file is gone; upload it again.")

    def _message(self, channel_id: str, ts: str) -> Message:
        message = self._core.state.message(channel_id, ts)
        if message is None:
            raise PageError("This message no longer exists.")
        return message

    def _own(self, user_id: str, channel_id: str, ts: str) -> Message:
        message = self._message(channel_id, ts)
        if message.user_id != user_id:
            raise PageError("Only the author can change a message.")
        return message
