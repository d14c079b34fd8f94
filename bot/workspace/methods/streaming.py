"""Streamed messages: start, append, stop, and the five minutes they live."""

from __future__ import annotations

from dataclasses import replace

from ..blocks import MARKDOWN_LIMIT, checked_message_blocks
from ..errors import ApiError
from ..json_values import JsonObject, objects
from ..records import Message, Stream
from ..seed import BOT_ID
from .call import Call, Method


def start(call: Call) -> JsonObject:
    """chat.startStream: in channels the recipient must be named."""
    channel = call.joined_channel()
    thread_ts = call.thread_ts(channel)
    if thread_ts is None:
        raise ApiError("invalid_arguments", "[ERROR] missing required field: thread_ts")
    if not channel.is_im:
        call.required("recipient_team_id", "missing_recipient_team_id")
        call.required("recipient_user_id", "missing_recipient_user_id")
    stream = _appended(call, Stream(started_at=call.core.state.now()))
    message = Message(
        channel_id=channel.channel_id,
        ts=call.core.state.timestamps.next(),
        user_id=call.core.bot_user_id,
        bot_id=BOT_ID,
        thread_ts=thread_ts,
        text=stream.text,
        blocks=_shown(stream),
        stream=stream,
    )
    call.core.posting.post(message)
    return {"channel": channel.channel_id, "ts": message.ts}


def append(call: Call) -> JsonObject:
    """chat.appendStream."""
    message, stream = _streaming(call)
    stream = _appended(call, stream)
    shown = replace(message, text=stream.text, blocks=_shown(stream), stream=stream)
    call.core.posting.stream(shown)
    return {"channel": message.channel_id, "ts": message.ts}


def stop(call: Call) -> JsonObject:
    """chat.stopStream: adds last text and the blocks that follow it."""
    message, stream = _streaming(call)
    stream = replace(_appended(call, stream), stopped=True)
    blocks = (*_shown(stream), *checked_message_blocks(call.get("blocks")))
    shown = replace(message, text=stream.text, blocks=blocks, stream=stream)
    call.core.posting.edit(message, shown)
    return {
        "channel": message.channel_id,
        "ts": message.ts,
        "message": call.core.wire.message(shown),
    }


def _streaming(call: Call) -> tuple[Message, Stream]:
    message = call.message(call.joined_channel(), "ts")
    stream = message.stream
    if stream is None or stream.stopped:
        raise ApiError("message_not_in_streaming_state")
    if call.core.state.now() - stream.started_at > call.core.timing.stream_ttl_s:
        raise ApiError("message_not_in_streaming_state")
    return message, stream


def _appended(call: Call, stream: Stream) -> Stream:
    text, tasks = stream.text + call.text("markdown_text"), dict(stream.tasks)
    for chunk in objects(call.get("chunks")):
        kind = chunk.get("type")
        if kind == "markdown_text":
            text += str(chunk.get("text", ""))
        elif kind == "task_update":
            tasks[str(chunk.get("id"))] = {**tasks.get(str(chunk.get("id")), {}), **chunk}
        elif kind not in {"plan_update", "blocks"}:
            raise ApiError("invalid_chunks")
    if len(text) > MARKDOWN_LIMIT:
        raise ApiError("msg_too_long")
    return replace(stream, text=text, tasks=tasks)


def _shown(stream: Stream) -> tuple[JsonObject, ...]:
    cards = [
        {
            "type": "task_card",
            "task_id": task["id"],
            "title": task.get("title", ""),
            "status": task.get("status", "pending"),
            "block_id": f"task-{task['id']}",
        }
        for task in stream.tasks.values()
    ]
    text = [{"type": "markdown", "text": stream.text, "block_id": "stream"}] if stream.text else []
    return (*cards, *text)


METHODS: dict[str, Method] = {
    "chat.appendStream": append,
    "chat.startStream": start,
    "chat.stopStream": stop,
}
