from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from bot.demo.errors import OrdersRefusedError, PoolExhaustedError
from bot.demo.places import LOOPBACK
from bot.demo.pool import ConnectionPool
from bot.demo.protocol import OrdersConnection

_LOG = logging.getLogger("test-pool")


@asynccontextmanager
async def _database() -> AsyncGenerator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(b"OK done\n")
        writer.close()

    server = await asyncio.start_server(handle, LOOPBACK, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_returned_connection_is_lent_again() -> None:
    async with _database() as port:
        opened: list[OrdersConnection] = []

        async def connect() -> OrdersConnection:
            opened.append(await OrdersConnection.open(port, "checkout"))
            return opened[-1]

        pool = ConnectionPool(connect, _LOG)
        for _ in range(3):
            await pool.ping()
        assert len(opened) == 1
        assert (pool.n_borrowed, pool.n_idle) == (0, 1)
        await opened[0].close()


async def test_a_pool_that_gets_no_connection_says_so_with_its_numbers() -> None:
    async def refuse() -> OrdersConnection:
        raise OrdersRefusedError("too many connections: 20 of 20 slots in use")

    pool = ConnectionPool(refuse, _LOG, n_max=10, wait_s=0.02)
    with pytest.raises(PoolExhaustedError, match=r"pool exhausted: 0 of 10 .* after 20 ms"):
        await pool.ping()
    assert (pool.n_borrowed, pool.n_waiting) == (0, 0)


async def test_a_broken_connection_is_not_lent_again() -> None:
    async with _database() as port:
        pool = ConnectionPool(lambda: OrdersConnection.open(port, "checkout"), _LOG)
        with pytest.raises(RuntimeError, match="customer"):
            async with pool.borrow():
                raise RuntimeError("customer went away")
        assert (pool.n_borrowed, pool.n_idle) == (0, 0)


async def test_an_old_connection_is_replaced() -> None:
    async with _database() as port:
        opened: list[OrdersConnection] = []

        async def connect() -> OrdersConnection:
            opened.append(await OrdersConnection.open(port, "checkout"))
            return opened[-1]

        now = [100.0]
        pool = ConnectionPool(connect, _LOG, max_lifetime_s=2.0, clock=lambda: now[0])
        await pool.ping()
        now[0] += 1.9
        await pool.ping()
        assert len(opened) == 1
        now[0] += 0.2
        await pool.ping()
        assert len(opened) == 2
        await asyncio.gather(*(connection.close() for connection in opened))
