"""The engine's process killed while it works: how long until it answers, who was lost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import psutil

from .errors import BenchmarkError
from .ops_load import OpsLoad
from .service_timing import Streams, Timed, chat_request, time_request

_POLL_S = 0.05
_ANSWER_WITHIN_S = 120.0

Kill = Callable[[], int]
"""Kills the engine's process at once; returns its id."""


class Service(Streams, Protocol):
    """A service that outlives its engine's process."""

    async def ready(self) -> None:
        """See `InferenceService.ready`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashResult:
    """What followed the kill.

    Attributes:
        answering_s: From the kill until a new request, asked at once, had its whole short answer.
        first_answer_s: From the kill until the first of the requests that lived then was answered.
        ends: How the requests that lived when it happened ended, with their numbers.
        n_unended: Of those, the ones that never ended: lost silently.
    """

    n_requests: int
    answering_s: float
    first_answer_s: float | None
    ends: dict[str, int]
    n_unended: int


async def measure_crash(
    service: Service,
    load: OpsLoad,
    *,
    salt: str,
    kill: Kill,
    after_s: float = 1.0,
    within_s: float = _ANSWER_WITHIN_S,
) -> CrashResult:
    """Start a request in every thread of the load, kill the process, and ask again at once.

    Args:
        after_s: Seconds of work before the kill.
        within_s: Requests that did not end so long after the kill count as lost.

    Raises:
        BenchmarkError: Every request ended before the kill, or nothing was answered afterwards.
        InferenceError: The model is not available.
    """
    await service.ready()
    tasks = [asyncio.create_task(_ask(service, load, i, salt)) for i in range(load.n_threads)]
    try:
        await asyncio.sleep(after_s)
        live = [task for task in tasks if not task.done()]
        if not live:
            raise BenchmarkError(f"all {len(tasks)} requests ended within {after_s:g} s: ask more")
        kill()
        killed = time.perf_counter()
        answering_s = await _until_answered(service, killed, salt, within_s)
        left_s = max(_POLL_S, within_s - (time.perf_counter() - killed))
        done, unended = await asyncio.wait(live, timeout=left_s)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return crash_result([task.result() for task in done], len(unended), answering_s, killed)


async def _ask(service: Service, load: OpsLoad, thread: int, salt: str) -> tuple[Timed, float]:
    """Ask, and tell when it was over."""
    system = load.system(thread, salt)["content"]
    question = load.question(thread, 0)["content"]
    name = f"{salt}-live-{thread}"
    request = chat_request(name, system, question, n_output=load.n_output)
    timed = await time_request(service, request)
    return timed, time.perf_counter()


def crash_result(
    ended: list[tuple[Timed, float]], n_unended: int, answering_s: float, killed: float
) -> CrashResult:
    """Count how the requests ended."""
    answered = [over - killed for timed, over in ended if timed.is_answered]
    return CrashResult(
        n_requests=len(ended) + n_unended,
        answering_s=answering_s,
        first_answer_s=min(answered) if answered else None,
        ends=dict(Counter(timed.how for timed, _ in ended)),
        n_unended=n_unended,
    )


async def _until_answered(service: Service, killed: float, salt: str, within_s: float) -> float:
    """Ask something short until it is answered; seconds from the kill."""
    n_asked, how = 0, "not asked"
    try:
        async with asyncio.timeout(within_s):
            while True:
                n_asked += 1
                request = chat_request(
                    f"{salt}-probe-{n_asked}", "Be brief.", "Say yes.", n_output=1, pin=False
                )
                timed = await time_request(service, request)
                if timed.is_answered:
                    return time.perf_counter() - killed
                how = timed.how
                await asyncio.sleep(_POLL_S)
    except TimeoutError as exc:
        reason = f"nothing was answered within {within_s:g} s after the kill (last: {how})"
        raise BenchmarkError(reason) from exc


def kill_child() -> int:
    """Kill the one child of this process that uses the most memory: the engine.

    Returns:
        Its process id.

    Raises:
        BenchmarkError: This process has no child.
    """
    children = psutil.Process().children(recursive=True)
    if not children:
        raise BenchmarkError("the engine has no process of its own here, so none can be killed")
    engine = max(children, key=_resident_bytes)
    engine.kill()
    return engine.pid


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
