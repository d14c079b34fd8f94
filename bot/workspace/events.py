"""Events API payloads, and which of them the app is subscribed to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from .json_values import JsonObject
from .records import Channel, Message
from .seed import APP_ID, TEAM_ID
from .wire import Wire

DEFAULT_SUBSCRIPTIONS = frozenset(
    {
        "agent_session_stopped",
        "app_home_opened",
        "app_mention",
        "message.channels",
        "message.im",
    }
)


@dataclass(frozen=True, slots=True)
class Events:
    """Builds the events that a change causes for the bot.

    Attributes:
        subscriptions: Event names as in the app's manifest.
    """

    wire: Wire
    bot_user_id: str
    subscriptions: frozenset[str]

    def posted(self, channel: Channel, message: Message) -> list[JsonObject]:
        """Events for a new message: `message`, and `app_mention` beside it in a channel."""
        if not self._hears(channel) or message.ephemeral_to is not None:
            return []
        body = {**self.wire.message(message), **self._place(channel, message.ts)}
        found = [body] if self._wants_messages(channel) else []
        mentioned = f"<@{self.bot_user_id}>" in message.text and message.bot_id is None
        if mentioned and not channel.is_im and "app_mention" in self.subscriptions:
            mention = {key: value for key, value in body.items() if key != "channel_type"}
            mention.pop("subtype", None)
            found.append({**mention, "type": "app_mention"})
        return [self._envelope(channel, event) for event in found]

    def changed(self, channel: Channel, message: Message, before: Message) -> list[JsonObject]:
        """The `message_changed` event of an edit."""
        if not self._hears(channel) or not self._wants_messages(channel):
            return []
        event: JsonObject = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "ts": self.wire.state.timestamps.next(),
            "message": self.wire.message(message),
            "previous_message": self.wire.message(before),
        }
        return [self._envelope(channel, {**event, **self._place(channel, event["ts"])})]

    def deleted(self, channel: Channel, before: Message) -> list[JsonObject]:
        """The `message_deleted` event."""
        if not self._hears(channel) or not self._wants_messages(channel):
            return []
        event: JsonObject = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "ts": self.wire.state.timestamps.next(),
            "deleted_ts": before.ts,
            "previous_message": self.wire.message(before),
        }
        return [self._envelope(channel, {**event, **self._place(channel, event["ts"])})]

    def reacted(self, channel: Channel, message: Message, user_id: str, name: str) -> JsonObject:
        """The `reaction_added` event; callers check `wants` first."""
        event = {
            "type": "reaction_added",
            "user": user_id,
            "reaction": name,
            "item": {"type": "message", "channel": channel.channel_id, "ts": message.ts},
            "item_user": message.user_id,
            "event_ts": self.wire.state.timestamps.next(),
        }
        return self._envelope(channel, event)

    def home_opened(self, channel: Channel, tab: str) -> JsonObject:
        """The `app_home_opened` event; callers check `wants` first."""
        event = {
            "type": "app_home_opened",
            "user": channel.im_user_id,
            "channel": channel.channel_id,
            "tab": tab,
            "event_ts": self.wire.state.timestamps.next(),
        }
        return self._envelope(channel, event)

    def stopped(
        self, channel: Channel, thread_ts: str, user_id: str, streams: list[str]
    ) -> JsonObject:
        """The `agent_session_stopped` event: somebody pressed Stop."""
        event = {
            "type": "agent_session_stopped",
            "channel": channel.channel_id,
            "thread_ts": thread_ts,
            "user": user_id,
            "event_ts": self.wire.state.timestamps.next(),
            "streaming_message_ts": streams,
        }
        return self._envelope(channel, event)

    def wants(self, name: str) -> bool:
        """Whether the app is subscribed to an event."""
        return name in self.subscriptions

    def _hears(self, channel: Channel) -> bool:
        return self.bot_user_id in channel.member_ids

    def _wants_messages(self, channel: Channel) -> bool:
        return self.wants("message.im" if channel.is_im else "message.channels")

    def _place(self, channel: Channel, ts: str) -> JsonObject:
        kind = "im" if channel.is_im else "channel"
        return {"channel": channel.channel_id, "channel_type": kind, "event_ts": ts}

    def _envelope(self, channel: Channel, event: JsonObject) -> JsonObject:
        return {
            "token": "local",
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self.wire.state.now()),
            "event": event,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": self.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": channel.is_ext_shared,
        }
