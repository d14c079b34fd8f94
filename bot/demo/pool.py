"""Checkout's pool of connections to orders."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from .errors import DemoError, OrdersConnectionError, PoolExhaustedError
from .protocol import OrdersConnection

_BACKOFF_S = 0.5


class ConnectionPool:
    """At most `n_max` connections, opened when needed and replaced after `max_lifetime_s`.

    Args:
        open_connection: Opens one; raises `DemoError` when it cannot.
        n_max: Upper bound of connections, borrowed and idle together.
        wait_s: How long `borrow` waits for a connection, in seconds.
        max_lifetime_s: A connection older than this is closed and not lent again, in seconds.
        clock: Monotonic time, in seconds.
    """

    def __init__(
        self,
        open_connection: Callable[[], Awaitable[OrdersConnection]],
        log: logging.Logger,
        *,
        n_max: int = 10,
        wait_s: float = 0.5,
        max_lifetime_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_connection = open_connection
        self._log = log
        self.n_max = n_max
        self._wait_s = wait_s
        self._max_lifetime_s = max_lifetime_s
        self._clock = clock
        self._idle: list[tuple[OrdersConnection, float]] = []
        self._changed = asyncio.Condition()
        self._opening: set[asyncio.Task[None]] = set()
        self._retry_at_mono = 0.0
        self.n_borrowed = 0
        self.n_waiting = 0

    @property
    def n_idle(self) -> int:
        """How many connections nobody uses."""
        return len(self._idle)

    @asynccontextmanager
    async def borrow(self) -> AsyncGenerator[OrdersConnection]:
        """Lend a connection.

        Raises:
            PoolExhaustedError: None became free within `wait_s`.
        """
        connection, opened_mono = await self._take()
        broken = True
        try:
            yield connection
            broken = False
        finally:
            self.n_borrowed -= 1
            if broken:
                connection.abandon()
            else:
                self._idle.append((connection, opened_mono))
            async with self._changed:
                self._changed.notify()

    async def _take(self) -> tuple[OrdersConnection, float]:
        self.n_waiting += 1
        try:
            async with asyncio.timeout(self._wait_s), self._changed:
                while True:
                    self._drop_old()
                    if self._idle:
                        self.n_borrowed += 1
                        return self._idle.pop()
                    self._open_more()
                    await self._wait_for_change()
        except TimeoutError as exc:
            raise PoolExhaustedError(
                f"pool exhausted: {self.n_idle} of {self.n_max} connections to orders available "
                f"after {self._wait_s * 1000:.0f} ms, {self.n_waiting} waiting"
            ) from exc
        finally:
            self.n_waiting -= 1

    async def _wait_for_change(self) -> None:
        try:
            async with asyncio.timeout(_BACKOFF_S / 4):
                await self._changed.wait()
        except TimeoutError:
            return

    def _drop_old(self) -> None:
        youngest_mono = self._clock() - self._max_lifetime_s
        for connection, opened_mono in self._idle:
            if opened_mono < youngest_mono:
                connection.abandon()
        self._idle = [entry for entry in self._idle if entry[1] >= youngest_mono]

    def _open_more(self) -> None:
        n_total = self.n_borrowed + len(self._opening)
        if n_total >= self.n_max or self._clock() < self._retry_at_mono:
            return
        task = asyncio.create_task(self._open_one())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open_one(self) -> None:
        try:
            connection = await self._open_connection()
        except DemoError as exc:
            self._retry_at_mono = self._clock() + _BACKOFF_S
            self._log.warning("connection to orders refused: %s", exc)
            return
        async with self._changed:
            self._idle.append((connection, self._clock()))
            self._changed.notify()

    async def close(self) -> None:
        """Close what is idle; nothing may be borrowed any more."""
        for task in self._opening:
            task.cancel()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.close() for connection, _ in idle))

    async def ping(self) -> None:
        """Borrow a connection and ask the database something trivial.

        Raises:
            PoolExhaustedError: No connection became free.
            OrdersConnectionError: The connection broke.
        """
        async with self.borrow() as connection:
            answer = await connection.query("PING")
            if answer != "done":
                raise OrdersConnectionError(f"orders answered {answer!r} to PING")
