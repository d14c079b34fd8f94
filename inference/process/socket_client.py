"""HTTP over a Unix socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from ..remote.connection import Connection
from ..remote.errors import EndpointError
from .health import Health, parse_health

HEALTH_TIMEOUT_S = 5.0


@asynccontextmanager
async def open_connection(socket: Path) -> AsyncGenerator[Connection]:
    """A connection without limits of time: whoever uses it watches the other side's health."""
    transport = httpx.AsyncHTTPTransport(
        uds=str(socket), limits=httpx.Limits(max_connections=None, max_keepalive_connections=8)
    )
    async with httpx.AsyncClient(
        base_url="http://engine", transport=transport, timeout=httpx.Timeout(None), trust_env=False
    ) as client:
        yield Connection(client, "")


async def ask_health(
    connection: Connection, *, timeout_s: float = HEALTH_TIMEOUT_S
) -> Health | None:
    """What the engine says about itself; None when it does not answer within `timeout_s`."""
    try:
        body = await connection.get("/health", timeout_s=timeout_s, any_status=True)
        return parse_health(body)
    except (EndpointError, ValueError):
        return None
