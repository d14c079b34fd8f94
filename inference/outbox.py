"""How a request's events get from the engine thread to the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from .request import Event


class Outbox:
    """A queue with the engine thread at one end and a coroutine at the other.

    However many events wait, the loop is woken once: waking it for every token would let a fast
    producer keep it busy with nothing but wake-ups.

    Args:
        in_loop: Runs a function in the event loop; called from the engine thread.
    """

    def __init__(self, in_loop: Callable[[Callable[[], None]], None]) -> None:
        self._in_loop = in_loop
        self._lock = threading.Lock()
        self._on_the_way: list[Event] = []
        self._arrived: asyncio.Queue[Event] = asyncio.Queue()

    def put(self, event: Event) -> None:
        """Send an event; engine thread. Never blocks on the receiver."""
        with self._lock:
            self._on_the_way.append(event)
            is_first = len(self._on_the_way) == 1
        if is_first:
            self._in_loop(self._deliver)

    async def get(self) -> Event:
        """Receive the next event, in the order of `put`; event loop."""
        return await self._arrived.get()

    def _deliver(self) -> None:
        with self._lock:
            events, self._on_the_way = self._on_the_way, []
        for event in events:
            self._arrived.put_nowait(event)
