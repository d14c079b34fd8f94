"""Posting, editing and deleting messages."""

from __future__ import annotations

from dataclasses import replace

from ..blocks import MARKDOWN_LIMIT, checked_message_blocks
from ..errors import ApiError
from ..json_values import JsonObject, is_object, objects
from ..records import Channel, Message
from ..seed import BOT_ID
from .call import Call, Method

_TEXT_LIMIT = 40_000


def post_message(call: Call) -> JsonObject:
    """chat.postMessage."""
    channel = call.joined_channel()
    message = _composed(call, channel)
    posted = call.core.posting.post(message)
    return _answer(call, posted)


def post_ephemeral(call: Call) -> JsonObject:
    """chat.postEphemeral: the message is only shown to `user`."""
    channel = call.joined_channel()
    user_id = call.required("user", "user_not_in_channel")
    if user_id not in channel.member_ids:
        raise ApiError("user_not_in_channel")
    message = replace(_composed(call, channel), ephemeral_to=user_id)
    call.core.posting.post(message)
    return {"message_ts": message.ts}


def update(call: Call) -> JsonObject:
    """chat.update: new text without blocks removes the blocks."""
    channel = call.joined_channel()
    before = _own(call, channel, "cant_update_message")
    if before.stream is not None and not before.stream.stopped:
        age_s = call.core.state.now() - before.stream.started_at
        if age_s < call.core.timing.stream_ttl_s:
            raise ApiError("streaming_state_conflict")
    text, blocks = _content(call)
    attachments = before.attachments
    if call.get("attachments") is not None:
        attachments = tuple(objects(call.get("attachments")))
    after = replace(
        before,
        text=text,
        blocks=blocks,
        attachments=attachments,
        edited_ts=call.core.state.timestamps.next(),
        stream=replace(before.stream, stopped=True) if before.stream else None,
    )
    call.core.posting.edit(before, after)
    return {**_answer(call, after), "text": after.text}


def delete(call: Call) -> JsonObject:
    """chat.delete."""
    channel = call.channel()
    message = _own(call, channel, "cant_delete_message")
    call.core.posting.delete(message)
    return {"channel": channel.channel_id, "ts": message.ts}


def permalink(call: Call) -> JsonObject:
    """chat.getPermalink."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    name = f"p{message.ts.replace('.', '')}"
    address = f"{call.core.wire.base_url}/archives/{channel.channel_id}/{name}"
    return {"channel": channel.channel_id, "permalink": address}


def _own(call: Call, channel: Channel, error: str) -> Message:
    message = call.message(channel, "ts")
    if message.user_id != call.core.bot_user_id:
        raise ApiError(error)
    return message


def _composed(call: Call, channel: Channel) -> Message:
    thread_ts = call.thread_ts(channel)
    text, blocks = _content(call)
    metadata = call.get("metadata")
    return Message(
        channel_id=channel.channel_id,
        ts=call.core.state.timestamps.next(),
        user_id=call.core.bot_user_id,
        bot_id=BOT_ID,
        text=text,
        blocks=blocks,
        attachments=tuple(objects(call.get("attachments"))),
        metadata=metadata if is_object(metadata) else None,
        thread_ts=thread_ts,
        subtype="thread_broadcast" if thread_ts and call.flag("reply_broadcast") else None,
        unfurl_links=call.flag("unfurl_links"),
        unfurl_media=call.flag("unfurl_media"),
    )


def _content(call: Call) -> tuple[str, tuple[JsonObject, ...]]:
    """Text and blocks of a call, within Slack's limits."""
    text, markdown = call.text("text"), call.text("markdown_text")
    if markdown:
        if text or call.get("blocks"):
            raise ApiError("markdown_text_conflict")
        if len(markdown) > MARKDOWN_LIMIT:
            raise ApiError("msg_too_long")
        return markdown, checked_message_blocks([{"type": "markdown", "text": markdown}])
    blocks = checked_message_blocks(call.get("blocks"))
    if not text.strip() and not blocks and not call.get("attachments"):
        raise ApiError("no_text")
    return text[:_TEXT_LIMIT], blocks


def _answer(call: Call, message: Message) -> JsonObject:
    return {
        "channel": message.channel_id,
        "ts": message.ts,
        "message": call.core.wire.message(message),
    }


METHODS: dict[str, Method] = {
    "chat.delete": delete,
    "chat.getPermalink": permalink,
    "chat.postEphemeral": post_ephemeral,
    "chat.postMessage": post_message,
    "chat.update": update,
}
