"""What a click says about itself: who, where, on which message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...messages import ThreadRef


def message_text(body: Mapping[str, Any]) -> str:
    """The text of the message that was clicked."""
    return str(_record(body, "message").get("text") or "")


def who(body: Mapping[str, Any]) -> tuple[str, str]:
    """(user id, team id) of the person who clicked."""
    user, team = _record(body, "user"), _record(body, "team")
    return str(user["id"]), str(user.get("team_id") or team.get("id") or "")


def where(body: Mapping[str, Any]) -> ThreadRef:
    """The thread of the message that was clicked."""
    message, container = _record(body, "message"), _record(body, "container")
    channel_id = container.get("channel_id") or _record(body, "channel").get("id") or ""
    ts = message.get("thread_ts") or container.get("thread_ts") or container.get("message_ts")
    return ThreadRef(str(channel_id), str(ts or ""))


def message_ts(body: Mapping[str, Any]) -> str:
    """The timestamp of the message that was clicked."""
    container, message = _record(body, "container"), _record(body, "message")
    return str(container.get("message_ts") or message.get("ts") or "")


def _record(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = body.get(key) or {}
    return found
