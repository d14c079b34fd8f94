"""The message that a shortcut was used on, with all the text that a person or an alert put in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..messages import Attachment, ThreadRef
from .incoming import Incoming, fenced, plain, uploads_of

_ATTACHMENT_TEXTS = ("pretext", "title", "text")


# Shortcut payloads are JSON whose shape Slack defines; they are parsed here and go no further.
def parse_shortcut(body: Mapping[str, Any], bot_user_id: str) -> Incoming:
    """Read a `message_action` payload; the answer goes into the message's thread.

    Args:
        bot_user_id: Mentions of it are removed.
    """
    message: Mapping[str, Any] = body["message"]
    channel_id, message_ts = str(body["channel"]["id"]), str(message["ts"])
    user: Mapping[str, Any] = body["user"]
    text = "\n".join(part for part in _texts(message) if part.strip())
    return Incoming(
        user_id=str(user["id"]),
        team_id=str(user.get("team_id") or ""),
        thread=ThreadRef(channel_id, str(message.get("thread_ts") or message_ts)),
        ts=str(body["action_ts"]),
        text=plain(text, bot_user_id),
        uploads=uploads_of(message.get("files") or ()),
        is_direct=channel_id.startswith("D"),
        in_thread=True,
        mentions_others=False,
    )


def material(incoming: Incoming, files: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """What is analysed: fenced blocks and files; else the whole text of the message.

    Words beside files or around a fenced block are what somebody said about them, not log lines.
    """
    found = (*fenced(incoming.text), *files)
    if found or not incoming.text:
        return found
    return (Attachment(name="message", text=incoming.text),)


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    """A person's text; of an alert also what stands in its attachments and blocks."""
    text = str(message.get("text") or "")
    yield text
    attachments: Sequence[Mapping[str, Any]] = message.get("attachments") or ()
    for attachment in attachments:
        found = [str(attachment.get(name) or "") for name in _ATTACHMENT_TEXTS]
        yield from found if any(found) else [str(attachment.get("fallback") or "")]
        yield from _block_texts(attachment.get("blocks") or ())
    if message.get("bot_id"):
        yield from (part for part in _block_texts(message.get("blocks") or ()) if part not in text)


def _block_texts(blocks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for block in blocks:
        pieces = [block.get("text"), *(block.get("fields") or ())]
        for piece in pieces:
            if isinstance(piece, str):
                yield piece
            elif piece:
                yield str(piece.get("text") or "")
