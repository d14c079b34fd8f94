"""Calls into the event loop a service lives on, from any thread and any other loop."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import Future
from contextlib import aclosing, contextmanager
from enum import Enum
from typing import Any, Final, TypeVar

from .errors import SyncCallError

T = TypeVar("T")
_CHECK_S: Final = 1.0


class _Mark(Enum):
    END = "end"


class LoopBridge:
    """Runs coroutines and async generators on one event loop.

    A blocking call from that loop's own thread would wait for itself, and one to a loop that does
    not run would wait for ever; both raise `SyncCallError` instead.

    Args:
        loop: Where the service was started.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def wait(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine there and block until it is done.

        Raises:
            SyncCallError: It would never be done.
        """
        self._refuse_to_hang()
        with self._running(make()) as future:
            while True:
                try:
                    return future.result(_CHECK_S)
                except TimeoutError:
                    if future.done():
                        raise
                    self._refuse_to_hang()

    def iterate(self, make: Callable[[], AsyncGenerator[T, None]]) -> Iterator[T]:
        """Run an async generator there and yield what it yields; leaving early closes it.

        Raises:
            SyncCallError: It would never yield anything.
        """
        self._refuse_to_hang()
        box: queue.SimpleQueue[T | _Mark] = queue.SimpleQueue()
        with self._running(_pump(make, box.put)) as future:
            while True:
                try:
                    item = box.get(timeout=_CHECK_S)
                except queue.Empty:
                    self._refuse_to_hang()
                    continue
                if item is _Mark.END:
                    break
                yield item
            future.result()

    async def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine there; called from the same loop it is awaited as it is."""
        if asyncio.get_running_loop() is self._loop:
            return await make()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(make(), self._loop))

    async def stream(self, make: Callable[[], AsyncGenerator[T, None]]) -> AsyncGenerator[T, None]:
        """Run an async generator there and yield what it yields; leaving early closes it."""
        here = asyncio.get_running_loop()
        if here is self._loop:
            async with aclosing(make()) as items:
                async for item in items:
                    yield item
            return
        box: asyncio.Queue[T | _Mark] = asyncio.Queue()

        def put(item: T | _Mark) -> None:
            if not here.is_closed():
                here.call_soon_threadsafe(box.put_nowait, item)

        with self._running(_pump(make, put)) as future:
            while (item := await box.get()) is not _Mark.END:
                yield item
            await asyncio.wrap_future(future)

    def _refuse_to_hang(self) -> None:
        if not self._loop.is_running():
            raise SyncCallError("the event loop of the inference service does not run")
        try:
            is_own_thread = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return
        if is_own_thread:
            raise SyncCallError(
                "a blocking call inside the event loop of the inference service would wait for "
                "itself: use ainvoke, astream or aembed, or call from another thread"
            )

    @contextmanager
    def _running(self, work: Coroutine[Any, Any, T]) -> Generator[Future[T]]:
        """Start work there; whatever is left of it is cancelled on the way out."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            yield future
        finally:
            future.cancel()


async def _pump(
    make: Callable[[], AsyncGenerator[T, None]], put: Callable[[T | _Mark], object]
) -> None:
    try:
        async with aclosing(make()) as items:
            async for item in items:
                put(item)
    finally:
        put(_Mark.END)
