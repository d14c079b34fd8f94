from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.demo.errors import OrdersRefusedError, PoolExhaustedError
from bot.demo.places import LOOPBACK
from bot.demo.pool import ConnectionPool
from bot.demo.protocol import OrdersConnection

_LOG = logging.getLogger("test-pool")


@asynccontextmanager
async def _pool(
    clock: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[tuple[ConnectionPool, list[OrdersConnection]]]:
    """A pool of a database that answers everything, and the connections it has opened."""
    handlers: list[asyncio.Task[None]] = []
    opened: list[OrdersConnection] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(b"OK done\n")
        writer.close()
        await writer.wait_closed()

    def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(handle, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]

    async def connect() -> OrdersConnection:
        opened.append(await OrdersConnection.open(port, "checkout"))
        return opened[-1]

    pool = ConnectionPool(connect, _LOG, wait_s=10.0, max_lifetime_s=2.0, clock=clock)
    async with server:
        yield pool, opened
        await pool.close()
        await asyncio.wait_for(asyncio.gather(*handlers), 10.0)


async def test_a_returned_connection_is_lent_again() -> None:
    async with _pool() as (pool, opened):
        for _ in range(3):
            await pool.ping()
        assert len(opened) == 1
        assert (pool.n_borrowed, pool.n_idle) == (0, 1)


async def test_a_pool_that_gets_no_connection_says_so_with_its_numbers() -> None:
    async def refuse() -> OrdersConnection:
        raise OrdersRefusedError("too many connections: 20 of 20 slots in use")

    pool = ConnectionPool(refuse, _LOG, n_max=10, wait_s=0.02)
    with pytest.raises(PoolExhaustedError, match=r"pool exhausted: 0 of 10 .* after 20 ms"):
        await pool.ping()
    assert (pool.n_borrowed, pool.n_waiting) == (0, 0)


async def test_a_broken_connection_is_not_lent_again() -> None:
    async with _pool() as (pool, _):
        with pytest.raises(RuntimeError, match="customer"):
            async with pool.borrow():
                raise RuntimeError("customer went away")
        assert (pool.n_borrowed, pool.n_idle) == (0, 0)


async def test_an_old_connection_is_replaced() -> None:
    now = [100.0]
    async with _pool(clock=lambda: now[0]) as (pool, opened):
        await pool.ping()
        now[0] += 1.9
        await pool.ping()
        assert len(opened) == 1
        now[0] += 0.2
        await pool.ping()
        assert len(opened) == 2


async def test_a_closed_pool_holds_nothing() -> None:
    async with _pool() as (pool, _):
        await pool.ping()
        await pool.close()
        assert pool.n_idle == 0
