"""Files the bot uploads, in Slack's three steps."""

from __future__ import annotations

from dataclasses import replace

from ..blocks import checked_message_blocks
from ..errors import ApiError
from ..json_values import JsonObject, objects
from ..records import Message, StoredFile
from ..seed import BOT_ID
from ..uploads import new_file
from .call import Call, Method

_ALT_TEXT_LIMIT = 1000


def upload_url(call: Call) -> JsonObject:
    """files.getUploadURLExternal: where to send the bytes."""
    name, length = call.required("filename"), call.required("length")
    if not length.isdigit() or int(length) <= 0:
        raise ApiError("invalid_arguments", "[ERROR] length must be a positive number of bytes")
    alt_text = call.text("alt_txt")
    if len(alt_text) > _ALT_TEXT_LIMIT:
        raise ApiError("alt_txt_too_large")
    state = call.core.state
    made = new_file(name, int(length), call.core.bot_user_id, state.now())
    file = replace(made, alt_text=alt_text)
    state.files[file.file_id] = file
    address = f"{call.core.wire.base_url}/upload/v1/{file.file_id}"
    return {"upload_url": address, "file_id": file.file_id}


def complete(call: Call) -> JsonObject:
    """files.completeUploadExternal: posts the files when a channel is named."""
    shared = [_shared(call, entry) for entry in objects(call.get("files"))]
    if not shared:
        raise ApiError("invalid_arguments", "[ERROR] missing required field: files")
    reference = call.text("channel_id") or call.text("channels").split(",")[0]
    if reference:
        _post(call, reference, shared)
    return {"files": [call.core.wire.file(file) for file in shared]}


def info(call: Call) -> JsonObject:
    """files.info."""
    file = call.core.state.files.get(call.required("file", "file_not_found"))
    if file is None:
        raise ApiError("file_not_found")
    return {"file": call.core.wire.file(file)}


def _shared(call: Call, entry: JsonObject) -> StoredFile:
    state = call.core.state
    file = state.files.get(str(entry.get("id")))
    if file is None or file.file_id not in state.contents:
        raise ApiError("file_not_found")
    title = str(entry.get("title") or file.title)
    size = len(state.contents[file.file_id])
    state.files[file.file_id] = replace(file, title=title, size_bytes=size, is_shared=True)
    return state.files[file.file_id]


def _post(call: Call, reference: str, files: list[StoredFile]) -> None:
    core = call.core
    target = Call(core, {**call.arguments, "channel": reference})
    channel = target.joined_channel()
    message = Message(
        channel_id=channel.channel_id,
        ts=core.state.timestamps.next(),
        user_id=core.bot_user_id,
        bot_id=BOT_ID,
        text=call.text("initial_comment"),
        blocks=checked_message_blocks(call.get("blocks")),
        thread_ts=target.thread_ts(channel),
        subtype="file_share",
        file_ids=tuple(file.file_id for file in files),
    )
    core.posting.post(message)


METHODS: dict[str, Method] = {
    "files.completeUploadExternal": complete,
    "files.getUploadURLExternal": upload_url,
    "files.info": info,
}
