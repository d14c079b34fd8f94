"""Where the server listens: a TCP address or a Unix socket."""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import web

from .errors import ListenError

_OWNER_ONLY = 0o600


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def listening(
    app: web.Application,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    socket_path: Path | None = None,
    grace_s: float = 5.0,
) -> AsyncGenerator[str, None]:
    """Serve an application until the block is left; a lost connection cancels its handler.

    Args:
        port: 0 takes any free one.
        socket_path: Listen on this Unix socket instead, which only its owner can connect to; a
            socket that a dead process left there is replaced.
        grace_s: Time that requests in progress have to end, in seconds; then they are cancelled.

    Yields:
        Where it listens: "http://127.0.0.1:8791", or "unix:/run/opsbot.sock".

    Raises:
        ListenError: It cannot listen there.
    """
    bound = _bind_unix(socket_path) if socket_path is not None else _bind_tcp(host, port)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=grace_s
    )
    try:
        await runner.setup()
        await web.SockSite(runner, bound, backlog=128).start()
        yield _address(bound)
    finally:
        await runner.cleanup()
        _close(bound, socket_path)


def _close(bound: socket.socket, path: Path | None) -> None:
    bound.close()
    if path is not None:
        path.unlink(missing_ok=True)


def _bind_tcp(host: str, port: int) -> socket.socket:
    try:
        info = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = info[0]
        return socket.create_server(address[:2], family=family)  # pyright: ignore[reportArgumentType]
    except OSError as exc:
        raise ListenError(f"cannot listen on {host}:{port}: {exc.strerror or exc}") from exc


def _bind_unix(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        with suppress(OSError):
            # NOTE: on Linux the socket's file gets this mode as it is made; elsewhere below.
            os.fchmod(bound.fileno(), _OWNER_ONLY)
        bound.bind(str(path))
        path.chmod(_OWNER_ONLY)
    except OSError as exc:
        bound.close()
        raise ListenError(f"cannot listen on {path}: {exc.strerror or exc}") from exc
    except ListenError:
        bound.close()
        raise
    return bound


def _remove_stale(path: Path) -> None:
    """Remove the socket of a process that is gone.

    Raises:
        ListenError: Something else is there, or somebody listens.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"cannot listen on {path}: it exists and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise ListenError(f"cannot listen on {path}: somebody listens there already")
    path.unlink(missing_ok=True)


def _address(bound: socket.socket) -> str:
    name = bound.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    host = f"[{name[0]}]" if bound.family == socket.AF_INET6 else name[0]
    return f"http://{host}:{name[1]}"
