"""Which generator answers when some cannot."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

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
from inference.live_requests import drain
from inference.remote import Breaker, Failover

STARTED = Started(n_prompt=3, n_cached=0, queue_ms=1.0)
GOOD = (STARTED, TextDelta(text="fine"), Ended(outcome=Outcome.FINISHED))
REQUEST = GenerateRequest(
    request_id="a", messages=(ChatMessage(Role.USER, "why?"),), max_tokens=8, deadline_s=30.0
)


def ending(fault: Fault, outcome: Outcome = Outcome.FAILED) -> tuple[Event, ...]:
    return (Ended(outcome=outcome, reason=f"it is {fault}", fault=fault),)


class Scripted:
    """Plays one script per request, the last one again and again."""

    def __init__(self, *scripts: Sequence[Event], clock: Clock | None = None) -> None:
        self.asked: list[GenerateRequest] = []
        self.n_closed = 0
        self._scripts = list(scripts)
        self._clock = clock

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        if self._clock is not None:
            self._clock.now += 10.0
        try:
            for event in script:
                yield event
        finally:
            self.n_closed += 1

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        return await drain(self.stream(request))


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def events_of(failover: Failover, request: GenerateRequest = REQUEST) -> list[Event]:
    return [event async for event in failover.stream(request)]


MOVES_ON = (
    Fault.UNAVAILABLE,
    Fault.QUEUE_FULL,
    Fault.LOST,
    Fault.INTERNAL,
    Fault.PROMPT_TOO_LONG,
)


@pytest.mark.parametrize("fault", MOVES_ON)
async def test_the_next_one_answers_when_the_first_cannot(fault: Fault) -> None:
    second = Scripted(GOOD)
    failover = Failover([("a", Scripted(ending(fault))), ("b", second)])
    assert await events_of(failover) == list(GOOD)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in MOVES_ON])
async def test_a_fault_of_the_callers_is_not_asked_of_others(fault: Fault) -> None:
    second = Scripted(GOOD)
    failover = Failover([("a", Scripted(ending(fault, Outcome.REJECTED))), ("b", second)])
    assert await events_of(failover) == list(ending(fault, Outcome.REJECTED))
    assert second.asked == []


async def test_shown_text_is_never_followed_by_another_ones_answer() -> None:
    broken = (STARTED, TextDelta(text="ha"), *ending(Fault.LOST))
    second = Scripted(GOOD)
    assert await events_of(Failover([("a", Scripted(broken)), ("b", second)])) == list(broken)
    assert second.asked == []


async def test_a_request_starts_and_ends_once_however_many_are_asked() -> None:
    broken = (STARTED, *ending(Fault.LOST))
    failover = Failover([("a", Scripted(broken)), ("b", Scripted(broken)), ("c", Scripted(GOOD))])
    assert await events_of(failover) == list(GOOD)


async def test_the_last_ones_reason_is_told_when_none_can() -> None:
    first, second = ending(Fault.UNAVAILABLE), ending(Fault.QUEUE_FULL)
    failover = Failover([("a", Scripted(first)), ("b", Scripted(second))])
    assert await events_of(failover) == list(second)


async def test_a_broken_one_is_passed_over_until_its_cooldown_is_over() -> None:
    clock = Clock()
    first, second = Scripted(ending(Fault.UNAVAILABLE), GOOD), Scripted(GOOD)
    failover = Failover([("a", first), ("b", second)], breaker=Breaker(cooldown_s=5), clock=clock)
    await events_of(failover)
    await events_of(failover)
    assert (len(first.asked), len(second.asked)) == (1, 2)
    clock.now += 5.0
    await events_of(failover)
    await events_of(failover)
    assert (len(first.asked), len(second.asked)) == (3, 2)


async def test_a_full_queue_does_not_count_as_broken() -> None:
    first = Scripted(ending(Fault.QUEUE_FULL), GOOD)
    failover = Failover([("a", first), ("b", Scripted(GOOD))], clock=Clock())
    await events_of(failover)
    await events_of(failover)
    assert len(first.asked) == 2


async def test_all_are_asked_when_all_are_broken() -> None:
    first = Scripted(ending(Fault.INTERNAL), GOOD)
    failover = Failover([("a", first)], clock=Clock())
    assert await events_of(failover) == list(ending(Fault.INTERNAL))
    assert await events_of(failover) == list(GOOD)


async def test_the_second_one_gets_what_is_left_of_the_deadline() -> None:
    clock = Clock()
    first, second = Scripted(ending(Fault.UNAVAILABLE), clock=clock), Scripted(GOOD)
    await events_of(Failover([("a", first), ("b", second)], clock=clock))
    assert [r.deadline_s for r in (*first.asked, *second.asked)] == [30.0, 20.0]


async def test_nobody_is_asked_after_the_deadline() -> None:
    clock = Clock()
    slow = [(str(n), Scripted(ending(Fault.UNAVAILABLE), clock=clock)) for n in range(3)]
    last = Scripted(GOOD)
    events = await events_of(Failover([*slow, ("last", last)], clock=clock))
    assert [(type(e), getattr(e, "fault", None)) for e in events] == [(Ended, Fault.DEADLINE)]
    assert last.asked == []


async def test_closing_the_stream_closes_the_one_that_answers() -> None:
    first = Scripted(GOOD)
    events = Failover([("a", first)]).stream(REQUEST)
    assert await anext(events) == STARTED
    await events.aclose()
    assert first.n_closed == 1


def test_a_failover_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Failover([])
