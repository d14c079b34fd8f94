from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.benchmarks.errors import BenchmarkError
from bot.benchmarks.serving import free_port, wait_until_ready


@asynccontextmanager
async def program(code: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", code)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def health_of(*states: dict[str, str]) -> AsyncGenerator[str]:
    left = list(states)

    async def health(request: web.Request) -> web.Response:
        return web.json_response(left.pop(0) if len(left) > 1 else left[0])

    app = web.Application()
    app.router.add_get("/health", health)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_a_server_is_ready_once_its_model_is(tmp_path: Path) -> None:
    states = {"state": "loading"}, {"state": "ready"}
    async with health_of(*states) as url, program("import time; time.sleep(60)") as process:
        await wait_until_ready(url, process, tmp_path / "log", within_s=10)


async def test_a_model_that_cannot_be_loaded_is_said_at_once(tmp_path: Path) -> None:
    failed = {"state": "failed", "failure": "the model file is not there"}
    async with health_of(failed) as url, program("import time; time.sleep(60)") as process:
        with pytest.raises(BenchmarkError, match="not available: the model file is not there"):
            await wait_until_ready(url, process, tmp_path / "log", within_s=60)


async def test_a_server_that_ends_is_quoted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("opsbot: the port is taken\n", encoding="utf-8")
    async with program("") as process:
        await process.wait()
        with pytest.raises(BenchmarkError, match="ended at once: opsbot: the port is taken"):
            await wait_until_ready("http://127.0.0.1:9", process, log, within_s=60)


async def test_a_server_that_stays_silent_is_given_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    async with program("import time; time.sleep(60)") as process:
        with pytest.raises(BenchmarkError, match=r"not ready within 0\.1 s: it wrote nothing"):
            await wait_until_ready(f"http://127.0.0.1:{free_port()}", process, log, within_s=0.1)
