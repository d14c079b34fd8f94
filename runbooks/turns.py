"""Several things at once, but not too many, begun in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable


async def in_turns(
    positions: Iterable[int],
    work: Callable[[int], Coroutine[None, None, None]],
    *,
    at_once: int,
    go_on: Callable[[], bool],
) -> None:
    """Do the work for each position.

    Those that are being worked on are finished, whatever becomes of the others; cancelling this
    cancels them.

    Args:
        at_once: At most so many at the same time, >= 1.
        go_on: Asked before each; once it says no, no further one is begun.

    Raises:
        BaseException: The first that a piece of work raised, after the others ended.
    """
    waiting = deque(positions)
    running: set[asyncio.Task[None]] = set()
    faults: list[BaseException] = []
    try:
        while not faults or running:
            while waiting and not faults and len(running) < at_once and go_on():
                running.add(asyncio.create_task(work(waiting.popleft())))
            if not running:
                break
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            faults += [fault for task in done if (fault := _fault(task)) is not None]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    if faults:
        raise faults[0]


def _fault(task: asyncio.Task[None]) -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()
