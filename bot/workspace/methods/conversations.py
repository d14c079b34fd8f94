"""Channels and what was said in them."""

from __future__ import annotations

from ..json_values import JsonObject
from ..records import Message
from .call import Call, Method


def info(call: Call) -> JsonObject:
    """conversations.info."""
    return {"channel": call.core.wire.channel(call.channel(), call.core.bot_user_id)}


def listing(call: Call) -> JsonObject:
    """conversations.list."""
    kinds = (call.text("types") or "public_channel").split(",")
    wire, bot = call.core.wire, call.core.bot_user_id
    found = [
        wire.channel(channel, bot)
        for channel in call.core.state.channels.values()
        if ("im" if channel.is_im else "public_channel") in kinds
    ]
    return {"channels": found, "response_metadata": {"next_cursor": ""}}


def members(call: Call) -> JsonObject:
    """conversations.members."""
    return {
        "members": list(call.channel().member_ids),
        "response_metadata": {"next_cursor": ""},
    }


def open_direct(call: Call) -> JsonObject:
    """conversations.open: the direct message with one person."""
    channel = call.channel("users")
    return {"channel": {"id": channel.channel_id}, "already_open": True, "no_op": True}


def history(call: Call) -> JsonObject:
    """conversations.history: newest first, without replies."""
    channel = call.joined_channel()
    found = [
        message
        for message in call.core.state.messages(channel.channel_id)
        if message.ephemeral_to is None
        and (message.thread_ts is None or message.subtype == "thread_broadcast")
    ]
    return _page(call, _in_window(call, found)[::-1])


def replies(call: Call) -> JsonObject:
    """conversations.replies: the thread, oldest first, starting with its first message."""
    channel = call.joined_channel()
    first = call.message(channel, "ts", "thread_not_found")
    parent_ts = first.thread_ts or first.ts
    parent = call.core.state.message(channel.channel_id, parent_ts)
    thread = _in_window(call, call.core.state.replies(channel.channel_id, parent_ts))
    return _page(call, ([parent] if parent else []) + thread)


def _in_window(call: Call, found: list[Message]) -> list[Message]:
    oldest, latest = call.text("oldest") or "0", call.text("latest") or "9999999999.999999"
    inclusive = bool(call.flag("inclusive"))
    return [
        message
        for message in found
        if oldest < message.ts < latest or (inclusive and message.ts in {oldest, latest})
    ]


def _page(call: Call, found: list[Message]) -> JsonObject:
    limit, cursor = call.limit(), call.text("cursor")
    start = int(cursor) if cursor.isdigit() else 0
    end = start + limit
    more = end < len(found)
    return {
        "messages": [call.core.wire.message(message) for message in found[start:end]],
        "has_more": more,
        "response_metadata": {"next_cursor": str(end) if more else ""},
    }


METHODS: dict[str, Method] = {
    "conversations.history": history,
    "conversations.info": info,
    "conversations.list": listing,
    "conversations.members": members,
    "conversations.open": open_direct,
    "conversations.replies": replies,
}
