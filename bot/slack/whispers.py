"""Tells one person something; when Slack is away, says it once it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from ..messages import ThreadRef
from .web import SlackCallError, SlackWeb

_AWAY = frozenset({"unreachable", "internal_error", "fatal_error", "service_unavailable"})
WAITS_S = (2.0, 10.0, 30.0, 60.0, 120.0)


async def whisper(
    web: SlackWeb,
    thread: ThreadRef,
    user_id: str,
    text: str,
    waits_s: Sequence[float] = WAITS_S,
) -> None:
    """Tell only one person; `text` must be safe already.

    Args:
        waits_s: Pauses before further tries while Slack cannot be reached, in seconds.
    """
    for wait_s in (*waits_s, None):
        try:
            await web.whisper(thread.channel_id, thread.thread_ts, user_id, text)
        except SlackCallError as exc:
            if wait_s is None or exc.error not in _AWAY:
                structlog.get_logger().warning("whisper_failed", error=exc.error)
                return
            await asyncio.sleep(wait_s)
        else:
            return
