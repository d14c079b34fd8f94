"""Slack events as `Request`s: markup read, mentions of the bot removed, uploads decoded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..fences import fenced_blocks, is_long, without_blocks
from ..messages import Actor, Attachment, Request, ThreadRef

LONG_PASTE_CHARS = 1200
_SPECIAL = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_SCHEME = re.compile(r"^(?:https?://|mailto:|tel:)")
_SPACES = re.compile(r"[ \t]{2,}")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with a message, not yet fetched."""

    name: str
    url: str
    size_bytes: int
    file_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message for the bot, parsed.

    Attributes:
        text: Plain text without the mention of the bot; entities undone.
        mentions_others: Somebody else is addressed by name.
    """

    user_id: str
    team_id: str
    thread: ThreadRef
    ts: str
    text: str
    uploads: tuple[Upload, ...]
    is_direct: bool
    in_thread: bool
    mentions_others: bool

    @property
    def request_id(self) -> str:
        """The same for every delivery of the same message, whatever event carried it."""
        return f"{self.thread.channel_id}-{self.ts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction:
    """A message is not what it was.

    Attributes:
        text: What it says now, as plain text; empty when it was deleted.
        is_deleted: It is gone; a text may also become empty by an edit.
    """

    thread: ThreadRef
    ts: str
    text: str
    is_deleted: bool = False


# Event payloads are JSON whose shape Slack defines; they are parsed here and go no further.
def parse_event(event: Mapping[str, Any], bot_user_id: str) -> Incoming | None:
    """Read a `message` or `app_mention` event; None when nobody is talking to anybody.

    Args:
        bot_user_id: Mentions of it are removed.
    """
    if event.get("bot_id") or event.get("subtype") not in {None, "file_share", "thread_broadcast"}:
        return None
    user_id, ts, channel_id = event.get("user"), event.get("ts"), event.get("channel")
    if user_id == bot_user_id:
        return None  # what the bot said itself, whatever else the event calls it
    if not (isinstance(user_id, str) and isinstance(ts, str) and isinstance(channel_id, str)):
        return None
    raw = str(event.get("text") or "")
    mentioned = {found.group(2) for found in _SPECIAL.finditer(raw) if found.group(1) == "@"}
    return Incoming(
        user_id=user_id,
        team_id=str(event.get("user_team") or event.get("team") or ""),
        thread=ThreadRef(channel_id, str(event.get("thread_ts") or ts)),
        ts=ts,
        text=plain(raw, bot_user_id),
        uploads=uploads_of(event.get("files") or ()),
        is_direct=event.get("channel_type") == "im",
        in_thread=bool(event.get("thread_ts")) and event.get("thread_ts") != ts,
        mentions_others=bool(mentioned - {bot_user_id}),
    )


def mentions(raw: str, bot_user_id: str) -> bool:
    """Whether a text speaks to the bot; a mention inside pasted code speaks to nobody."""
    return f"<@{bot_user_id}" in _CODE.sub(" ", raw)


def parse_retraction(event: Mapping[str, Any], bot_user_id: str) -> Retraction | None:
    """Read the event of a deleted or edited message; None when it is another event."""
    kind, channel_id = event.get("subtype"), str(event.get("channel") or "")
    if kind not in {"message_deleted", "message_changed"}:
        return None
    before: Mapping[str, Any] = event.get("previous_message") or {}
    after: Mapping[str, Any] = event.get("message") or {} if kind == "message_changed" else {}
    ts = str(after.get("ts") or event.get("deleted_ts") or before.get("ts") or "")
    thread_ts = str(after.get("thread_ts") or before.get("thread_ts") or ts)
    is_deleted = kind == "message_deleted" or after.get("subtype") == "tombstone"
    text = "" if is_deleted else str(after.get("text") or "")
    return Retraction(
        thread=ThreadRef(channel_id, thread_ts),
        ts=ts,
        text=plain(text, bot_user_id),
        is_deleted=is_deleted,
    )


def plain(raw: str, bot_user_id: str) -> str:
    """Slack's markup as plain text; newlines stay, entities are undone last."""

    def readable(match: re.Match[str]) -> str:
        kind, target, label = match.groups()
        if kind == "@":
            return "" if target == bot_user_id else f"@{label or target}"
        if kind == "#":
            return f"#{label or target}"
        if kind == "!":
            return label or f"@{target.split('^')[0]}"
        # What Slack itself made a link of, such as a host's name in a log line, is as it was typed.
        return label if label and _SCHEME.sub("", target) == label else target

    text = _SPECIAL.sub(readable, raw)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    if "\n" not in text:
        text = _SPACES.sub(" ", text)  # in pasted lines spaces are part of the evidence
    return text.strip()


def to_request(
    incoming: Incoming, actor: Actor, attachments: tuple[Attachment, ...] = ()
) -> Request:
    """Make the request; fenced or very long pastes become attachments, so they are read as data."""
    text, pasted = split_paste(incoming.text)
    return Request(
        request_id=incoming.request_id,
        text=text,
        actor=actor,
        thread=incoming.thread,
        received_at=datetime.now(UTC),
        attachments=(*pasted, *attachments),
        is_direct=incoming.is_direct,
    )


def split_paste(text: str) -> tuple[str, tuple[Attachment, ...]]:
    """Separate what was asked from what was pasted below or around it."""
    if pasted := fenced(text):
        return without_blocks(text).strip(), pasted
    if len(text) > LONG_PASTE_CHARS and "\n" in text:
        question, _, rest = text.partition("\n")
        if len(question) <= LONG_PASTE_CHARS:
            return question.strip(), (Attachment(name="paste", text=rest),)
    return text, ()


def fenced(text: str) -> tuple[Attachment, ...]:
    """The fenced blocks of several lines, as one text."""
    blocks = [block for block in fenced_blocks(text) if is_long(block)]
    return (Attachment(name="paste", text="\n".join(blocks)),) if blocks else ()


def uploads_of(files: Sequence[Mapping[str, Any]]) -> tuple[Upload, ...]:
    """The files of a message."""
    return tuple(
        Upload(
            name=str(file.get("name") or "file"),
            url=str(file.get("url_private_download") or file.get("url_private") or ""),
            size_bytes=int(file.get("size") or 0),
            file_id=str(file.get("id") or ""),
        )
        for file in files
    )
