"""The requests in progress of a client: each a task, so that any of them can be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias

import structlog

from .generation_meter import GenerationMeter
from .request import Ended, Event, Fault, GenerateRequest, Outcome, TextDelta

Emit: TypeAlias = Callable[[Event], None]
Work: TypeAlias = Callable[[Emit], Awaitable[Ended]]
"""Does a request, passing `Started` and `TextDelta`s to its argument."""


class LiveRequests:
    """Runs requests that are done elsewhere, and ends each exactly once.

    Belongs to one event loop.
    """

    def __init__(self) -> None:
        self._live: dict[str, asyncio.Task[Ended]] = {}
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._live)

    def cancel(self, request_id: str) -> bool:
        """Let a request end as CANCELLED; False when there is none of that id."""
        task = self._live.get(request_id)
        return task is not None and task.cancel()

    def close(self) -> None:
        """Cancel every request and refuse further ones."""
        self._is_closed = True
        for task in self._live.values():
            task.cancel()

    async def stream(self, request: GenerateRequest, work: Work) -> AsyncGenerator[Event, None]:
        """Yield what `work` emits and its end; closing the iterator cancels it.

        A failure of `work` itself ends the request as FAILED, its deadline as CANCELLED.
        """
        request_id = request.request_id
        refusal = self._refusal(request_id)
        if refusal is not None:
            yield refusal
            return
        queue: asyncio.Queue[Event] = asyncio.Queue()
        meter = GenerationMeter()

        def emit(event: Event) -> None:
            meter.hear(event)
            queue.put_nowait(event)

        task = asyncio.create_task(_bounded(work, emit, request.deadline_s, meter))
        task.add_done_callback(lambda done: queue.put_nowait(_end_of(done, meter, request_id)))
        self._live[request_id] = task
        is_over = False
        try:
            while not is_over:
                event = await queue.get()
                is_over = isinstance(event, Ended)
                yield event
        finally:
            del self._live[request_id]
            task.cancel()
            # The connection is closed once the task is over, not before.
            await asyncio.wait({task})

    def _refusal(self, request_id: str) -> Ended | None:
        if self._is_closed:
            return Ended(
                outcome=Outcome.REJECTED, reason="the client is closed", fault=Fault.UNAVAILABLE
            )
        if request_id in self._live:
            reason = f"a request with the id {request_id} is already live"
            return Ended(outcome=Outcome.REJECTED, reason=reason, fault=Fault.DUPLICATE_ID)
        return None


async def drain(events: AsyncGenerator[Event, None]) -> tuple[str, Ended]:
    """Read a stream to its end: the whole text, and how it ended."""
    text: list[str] = []
    ended = Ended(
        outcome=Outcome.FAILED,
        reason="the request ended without an answer",
        fault=Fault.INTERNAL,
    )
    async for event in events:
        if isinstance(event, TextDelta):
            text.append(event.text)
        elif isinstance(event, Ended):
            ended = event
    return "".join(text), ended


async def _bounded(
    work: Work, emit: Emit, deadline_s: float | None, meter: GenerationMeter
) -> Ended:
    deadline = asyncio.timeout(deadline_s)
    try:
        async with deadline:
            return await work(emit)
    except TimeoutError:
        if not deadline.expired():
            raise
        return Ended(
            outcome=Outcome.CANCELLED,
            reason=f"the deadline of {deadline_s:g} s passed",
            fault=Fault.DEADLINE,
            stats=meter.stats(),
        )


def _end_of(task: asyncio.Task[Ended], meter: GenerationMeter, request_id: str) -> Ended:
    if task.cancelled():
        return Ended(outcome=Outcome.CANCELLED, stats=meter.stats())
    failure = task.exception()
    if failure is None:
        return task.result()
    structlog.get_logger().error("request_failed", request_id=request_id, exc_info=failure)
    return Ended(
        outcome=Outcome.FAILED,
        reason=f"the request failed inside the bot: {type(failure).__name__}",
        fault=Fault.INTERNAL,
        stats=meter.stats(),
    )
