"""The requests in progress of a client: each a task, so that any of them can be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias

import structlog

from .generation_meter import GenerationMeter
from .request import (
    Ended,
    Event,
    Fault,
    GenerateRequest,
    GenerationStats,
    Outcome,
    Started,
    TextDelta,
)

Emit: TypeAlias = Callable[[Event], None]


class Progress:
    """What whoever asked has seen of a request so far.

    Args:
        show: Passes an event on.
    """

    def __init__(self, show: Emit) -> None:
        self._show = show
        self._meter = GenerationMeter()

    @property
    def has_text(self) -> bool:
        """Whether text was shown: such a request cannot be repeated unnoticed."""
        return self._meter.has_text

    def emit(self, event: Event) -> None:
        """Show an event; a repeated request does not start a second time."""
        if isinstance(event, Started) and self._meter.has_started:
            return
        self._meter.hear(event)
        self._show(event)

    def stats(self) -> GenerationStats:
        """What is known of its cost."""
        return self._meter.stats()


Work: TypeAlias = Callable[[Progress], Awaitable[Ended]]
"""Does a request, emitting `Started` and `TextDelta`s to its argument."""


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
        progress = Progress(queue.put_nowait)
        task = asyncio.create_task(_bounded(work, progress, request.deadline_s))
        task.add_done_callback(lambda done: queue.put_nowait(_end_of(done, progress, request_id)))
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


async def _bounded(work: Work, progress: Progress, deadline_s: float | None) -> Ended:
    deadline = asyncio.timeout(deadline_s)
    try:
        async with deadline:
            return await work(progress)
    except TimeoutError:
        if not deadline.expired():
            raise
        return Ended(
            outcome=Outcome.CANCELLED,
            reason=f"the deadline of {deadline_s:g} s passed",
            fault=Fault.DEADLINE,
            stats=progress.stats(),
        )


def _end_of(task: asyncio.Task[Ended], progress: Progress, request_id: str) -> Ended:
    if task.cancelled():
        return Ended(outcome=Outcome.CANCELLED, stats=progress.stats())
    failure = task.exception()
    if failure is None:
        return task.result()
    structlog.get_logger().error("request_failed", request_id=request_id, exc_info=failure)
    return Ended(
        outcome=Outcome.FAILED,
        reason=f"the request failed inside the bot: {type(failure).__name__}",
        fault=Fault.INTERNAL,
        stats=progress.stats(),
    )
