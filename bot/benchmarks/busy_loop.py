"""A program that keeps one core busy; run as `python -m bot.benchmarks.busy_loop PID SECONDS`.

It ends by itself when the process that started it is gone, or the time is over.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from .errors import BenchmarkError

_N_SPINS = 200_000
_LIMIT_S = 3600.0


def spin(parent: int, seconds: float) -> None:
    """Compute nothing for so long, or until the parent is another process."""
    end = time.monotonic() + seconds
    while os.getppid() == parent and time.monotonic() < end:
        for _ in range(_N_SPINS):
            pass


@asynccontextmanager
async def busy_core(limit_s: float = _LIMIT_S) -> AsyncGenerator[int]:
    """Keep one core busy inside the block.

    Yields:
        The process id of the program.

    Raises:
        BenchmarkError: It ended before the block did, so the core was not busy.
    """
    arguments = [str(os.getpid()), str(limit_s)]
    program = [sys.executable, "-m", "bot.benchmarks.busy_loop"]
    process = await asyncio.create_subprocess_exec(*program, *arguments)
    try:
        yield process.pid
        if process.returncode is not None:
            raise BenchmarkError(f"the busy program ended by itself: {process.returncode}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


if __name__ == "__main__":
    spin(int(sys.argv[1]), float(sys.argv[2]))
