"""Who hears of a change: open pages, and tests that wait for something to become true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from .json_values import JsonObject

_QUEUE_LIMIT = 2000

Found = TypeVar("Found")


class Changes:
    """Announces changes inside one event loop."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[JsonObject | None]] = set()
        self._waiters: set[asyncio.Event] = set()

    def subscribe(self) -> asyncio.Queue[JsonObject | None]:
        """A queue that gets every later change; None means the server stops."""
        queue: asyncio.Queue[JsonObject | None] = asyncio.Queue()
        self._queues.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[JsonObject | None]) -> None:
        """Stop filling a queue."""
        self._queues.discard(queue)

    def announce(self, kind: str, **fields: object) -> None:
        """Tell every page and wake every waiter.

        A page that reads nothing for long is cut off; it reconnects and reads the whole state.
        """
        change: JsonObject = {"kind": kind, **fields}
        for queue in list(self._queues):
            if queue.qsize() < _QUEUE_LIMIT:
                queue.put_nowait(change)
            else:
                self._queues.discard(queue)
                queue.put_nowait(None)
        for waiter in self._waiters:
            waiter.set()

    def close(self) -> None:
        """End every page's stream of changes."""
        for queue in self._queues:
            queue.put_nowait(None)

    async def wait_for(self, predicate: Callable[[], Found | None], timeout_s: float) -> Found:
        """Wait until a predicate returns something truthy, and return it.

        Raises:
            TimeoutError: It did not within `timeout_s` seconds.
        """
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := predicate()):
                    await waiter.wait()
                    waiter.clear()
                return found
        finally:
            self._waiters.discard(waiter)
