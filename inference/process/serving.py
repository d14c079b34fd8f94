"""The engine's side: serves an application on a socket for as long as the parent lives."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from .errors import AttachError

_MAX_SOCKET_BYTES = 107


async def serve_on_socket(app: web.Application, socket: Path, until: asyncio.Event) -> None:
    """Serve on a Unix socket that only this user may open, until told to end.

    A connection that the other side drops cancels what is done for it.

    Raises:
        AttachError: The socket cannot be made there.
    """
    if len(bytes(socket)) > _MAX_SOCKET_BYTES:
        raise AttachError(socket, f"a socket's path has at most {_MAX_SOCKET_BYTES} bytes")
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(socket)).start()
        await asyncio.to_thread(socket.chmod, 0o600)
        await until.wait()
    except OSError as exc:
        raise AttachError(socket, exc.strerror or str(exc)) from exc
    finally:
        await runner.cleanup()
