"""Our own server as a process of its own, on a free loopback port, for as long as it is needed."""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from ..settings import server_environment
from .errors import BenchmarkError

_HOST = "127.0.0.1"
_READY_S = 180.0
_POLL_S = 0.05
_STOP_S = 15.0
_N_QUOTED = 800


@asynccontextmanager
async def own_server() -> AsyncGenerator[str]:
    """Start `opsbot serve`, wait until its model is loaded, and end it at the end.

    It reads the same settings as this process, but has a data folder of its own: it neither
    borrows a running bot's engine nor leaves saved states behind.

    Yields:
        Its base URL.

    Raises:
        BenchmarkError: It ended, or its model was not loaded in time.
    """
    port = free_port()
    url = f"http://{_HOST}:{port}"
    program = [sys.executable, "-m", "bot", "serve", "--host", _HOST, "--port", str(port)]
    async with _process(program) as (process, log):
        await wait_until_ready(url, process, log)
        yield url


def free_port() -> int:
    """A port of the loopback address that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


async def wait_until_ready(
    url: str, process: asyncio.subprocess.Process, log: Path, *, within_s: float = _READY_S
) -> None:
    """Ask a server's `/health` until its model is loaded.

    Args:
        log: What the process has written so far, quoted when it ends.

    Raises:
        BenchmarkError: It ended, its model failed to load, or it took too long.
    """
    deadline = time.monotonic() + within_s
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise BenchmarkError(f"the server ended at once: {_quoted(log)}")
            if await _is_ready(session, url):
                return
            await asyncio.sleep(_POLL_S)
    raise BenchmarkError(f"the server was not ready within {within_s:g} s: {_quoted(log)}")


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    """Whether a model is loaded; loading and failed states may come with any HTTP status."""
    try:
        async with session.get(f"{url}/health") as response:
            health = await response.json(content_type=None)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return False
    if health.get("state") == "failed":
        raise BenchmarkError(f"the server's model is not available: {health.get('failure')}")
    return health.get("state") == "ready"


@asynccontextmanager
async def _process(
    program: Sequence[str],
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, Path]]:
    with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as folder:
        log = Path(folder) / "server.log"
        environment = server_environment() | {"OPSBOT_HOME": folder}
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *program,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                env=environment,
            )
        try:
            yield process, log
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _quoted(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").strip()
    return text[-_N_QUOTED:] or "it wrote nothing"
