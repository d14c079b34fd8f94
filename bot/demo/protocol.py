"""The client's side of the orders line protocol.

A session: `CONNECT <client> <wait_s>`, then one query a line; every answer is one line,
`OK <text>` or `ERROR <kind> <text>`. An administrator's connection starts with `ADMIN`, takes no
slot and gets JSON after `OK`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from .errors import (
    DemoError,
    DemoNotRunningError,
    OrdersConnectionError,
    OrdersRefusedError,
    SessionTerminatedError,
)
from .places import LOOPBACK

_KINDS: dict[str, type[DemoError]] = {
    "refused": OrdersRefusedError,
    "terminated": SessionTerminatedError,
}


class OrdersConnection:
    """One connection to orders; one query at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, client: str, wait_s: float = 0.0) -> OrdersConnection:
        """Connect and get a slot, waiting for one up to `wait_s` seconds.

        Raises:
            OrdersRefusedError: Every slot is taken.
            OrdersConnectionError: Nobody listens, or the connection broke.
        """
        connection = await cls.dial(port)
        try:
            await connection.query(f"CONNECT {client} {wait_s:g}")
        except BaseException:
            connection.abandon()
            raise
        return connection

    @classmethod
    async def dial(cls, port: int) -> OrdersConnection:
        """Open the connection without a greeting.

        Raises:
            OrdersConnectionError: Nobody listens.
        """
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError as exc:
            raise OrdersConnectionError(f"nobody listens on port {port}: {exc}") from exc
        return cls(reader, writer)

    async def query(self, line: str) -> str:
        """Send one line and return the text of the answer.

        Raises:
            DemoError: The answer was an error, or the connection broke.
        """
        try:
            self._writer.write(line.encode() + b"\n")
            await self._writer.drain()
            answer = (await self._reader.readline()).decode().rstrip("\n")
        except OSError as exc:
            raise OrdersConnectionError(f"connection to orders lost: {exc}") from exc
        return _text_of(answer)

    async def wait_for_end(self) -> DemoError:
        """Wait, without sending anything, until the server ends the session; say why."""
        try:
            line = (await self._reader.readline()).decode().rstrip("\n")
            _text_of(line)
        except (DemoError, OSError) as exc:
            return exc if isinstance(exc, DemoError) else OrdersConnectionError(str(exc))
        return OrdersConnectionError(f"unexpected message from orders: {line}")

    def abandon(self) -> None:
        """Close without saying goodbye; the server rolls back."""
        self._writer.close()

    async def close(self) -> None:
        """Close and wait until it is closed."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


def _text_of(answer: str) -> str:
    status, _, rest = answer.partition(" ")
    if status == "OK":
        return rest
    if status == "ERROR":
        kind, _, text = rest.partition(" ")
        raise _KINDS.get(kind, OrdersConnectionError)(text)
    raise OrdersConnectionError("orders closed the connection")


async def ask_once(port: int, hello: str, line: str, *, timeout_s: float = 5.0) -> str:
    """Ask a demo process one administrator's question.

    Args:
        port: Where it listens.
        hello: Its greeting, for example "ADMIN".
        line: The question.
        timeout_s: For all of it, in seconds.

    Raises:
        DemoNotRunningError: Nobody listens or nobody answers in time.
        DemoError: The answer was an error.
    """
    try:
        async with asyncio.timeout(timeout_s):
            connection = await OrdersConnection.dial(port)
            try:
                await connection.query(hello)
                return await connection.query(line)
            finally:
                await connection.close()
    except (OrdersConnectionError, TimeoutError) as exc:
        raise DemoNotRunningError(
            f"the demo does not answer on port {port} ({exc or 'timed out'}): "
            "start it with 'opsbot demo'"
        ) from exc
