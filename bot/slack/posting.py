"""Messages that grow: posted at once, edited at Slack's pace, the latest state always wins.

Slack takes about one edit per 1.5 seconds for the whole workspace, so all live messages share one
pacer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from ..messages import ThreadRef
from .blocks import Block
from .web import SlackCallError, SlackWeb


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message as it should look now. `text` is the safe fallback and never empty."""

    text: str
    blocks: Sequence[Block]


class EditPacer:
    """Spaces edits out in time across all messages; first come, first served."""

    def __init__(
        self,
        interval_s: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Start with the first edit allowed at once.

        Args:
            interval_s: Least time between two edits, in seconds.
        """
        self._interval_s = interval_s
        self._now = now
        self._sleep = sleep
        self._next_at = 0.0
        self._lock = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until the next edit may be sent."""
        async with self._lock:
            delay = self._next_at - self._now()
            if delay > 0:
                await self._sleep(delay)
            self._next_at = self._now() + self._interval_s


class LiveMessage:
    """One Slack message that follows a stream of states.

    Attributes:
        is_behind: Slack did not take the newest state.
    """

    def __init__(self, web: SlackWeb, thread: ThreadRef, pacer: EditPacer, ts: str = "") -> None:
        """Follow a message; it is posted by the first `show` unless `ts` names one."""
        self._web = web
        self._thread = thread
        self._pacer = pacer
        self._latest: Rendered | None = None
        self._flush: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()
        self.ts = ts
        self.is_behind = False

    async def show(self, rendered: Rendered) -> None:
        """Make this the message's state: at once if it is new, else when its turn comes."""
        if not self.ts:
            self.ts = await self._web.post(
                self._thread.channel_id, self._thread.thread_ts, rendered.text, rendered.blocks
            )
            return
        self._latest = rendered
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._send_latest())

    async def settle(self) -> None:
        """Wait until the last state was sent."""
        if self._flush is not None:
            await self._flush

    async def _send_latest(self) -> None:
        while self._latest is not None:
            await self._pacer.turn()
            rendered, self._latest = self._latest, None
            try:
                await self._web.update(
                    self._thread.channel_id, self.ts, rendered.text, rendered.blocks
                )
                self.is_behind = False
            except SlackCallError as exc:
                self.is_behind = True
                self._log.warning("message_edit_failed", error=exc.error)
