from __future__ import annotations

import asyncio
import os
import time

import psutil

from bot.benchmarks.busy_loop import busy_core, spin


def takes_cpu_time(process: psutil.Process) -> bool:
    """Whether it has used a tenth of a second within twenty."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if sum(process.cpu_times()[:2]) >= 0.1:
            return True
        time.sleep(0.02)
    return False


async def test_the_neighbour_takes_cpu_time_and_is_gone_afterwards() -> None:
    async with busy_core(30.0) as pid:
        assert await asyncio.to_thread(takes_cpu_time, psutil.Process(pid))
    assert not psutil.pid_exists(pid)


def test_it_ends_when_the_time_is_over_or_its_parent_is_gone() -> None:
    began = time.monotonic()
    spin(os.getppid(), 0.0)
    spin(os.getpid(), 60.0)  # the parent is another process than the one named
    assert time.monotonic() - began < 5
