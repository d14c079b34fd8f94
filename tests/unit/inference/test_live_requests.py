"""Requests done elsewhere end exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from inference import (
    ChatMessage,
    Ended,
    Event,
    Fault,
    GenerateRequest,
    Outcome,
    Role,
    Started,
    TextDelta,
)
from inference.live_requests import LiveRequests, Progress

REQUEST = GenerateRequest(request_id="a", messages=(ChatMessage(Role.USER, "why?"),), max_tokens=8)
DONE = Ended(outcome=Outcome.FINISHED)


async def answer(progress: Progress) -> Ended:
    progress.emit(Started(n_prompt=9, n_cached=4, queue_ms=1.0))
    progress.emit(TextDelta(text="a"))
    progress.emit(Started(n_prompt=1, n_cached=0, queue_ms=1.0))
    progress.emit(TextDelta(text="b"))
    return DONE


async def answer_for_ever(progress: Progress) -> Ended:
    await answer(progress)
    await asyncio.sleep(60)
    return DONE


async def fail(progress: Progress) -> Ended:
    raise RuntimeError("a mistake")


async def time_out(progress: Progress) -> Ended:
    raise TimeoutError


async def events_of(
    work: Callable[[Progress], Awaitable[Ended]], request: GenerateRequest = REQUEST
) -> list[Event]:
    return [event async for event in LiveRequests().stream(request, work)]


async def test_a_request_starts_once_however_often_it_is_sent() -> None:
    kinds = [type(event) for event in await events_of(answer)]
    assert kinds == [Started, TextDelta, TextDelta, Ended]


@pytest.mark.parametrize("work", [fail, time_out])
async def test_a_mistake_ends_the_request_as_failed(
    work: Callable[[Progress], Awaitable[Ended]],
) -> None:
    (ended,) = await events_of(work, replace(REQUEST, deadline_s=30))
    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.fault) == (Outcome.FAILED, Fault.INTERNAL)


async def test_a_deadline_ends_it_with_what_it_cost_so_far() -> None:
    ended = (await events_of(answer_for_ever, replace(REQUEST, deadline_s=0.02)))[-1]
    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.fault) == (Outcome.CANCELLED, Fault.DEADLINE)
    assert (ended.stats.n_prompt, ended.stats.n_cached, ended.stats.n_output) == (9, 4, 2)


async def test_closing_ends_all_and_refuses_more() -> None:
    live = LiveRequests()
    events = live.stream(REQUEST, answer_for_ever)
    await anext(events)
    assert len(live) == 1
    live.close()
    last = [event async for event in events][-1]
    assert isinstance(last, Ended)
    assert last.outcome is Outcome.CANCELLED
    (refused,) = [event async for event in live.stream(REQUEST, answer)]
    assert isinstance(refused, Ended)
    assert refused.fault is Fault.UNAVAILABLE
    assert len(live) == 0
