"""Several generators as one: the first that can answers."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

import structlog

from ..live_requests import drain
from ..request import Ended, Event, Fault, GenerateRequest, Outcome, Started, TextDelta
from ..service import Generator
from .breaker import Breaker

_BROKEN = frozenset({Fault.UNAVAILABLE, Fault.LOST, Fault.INTERNAL})
_MOVES_ON = _BROKEN | {Fault.QUEUE_FULL, Fault.PROMPT_TOO_LONG}
"""Another one may have room, in its queue or in its context."""


class Failover:
    """Asks generators in order until one shows text or ends for a reason of the caller's.

    One that turned out broken is passed over for a while. If all are, all are asked.

    Args:
        generators: Name and generator, the preferred one first.
        breaker: How long a broken one is passed over.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        generators: Sequence[tuple[str, Generator]],
        *,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not generators:
            raise ValueError("failover needs at least one generator")
        self._generators = tuple(generators)
        self._breakers = {name: breaker or Breaker() for name, _ in generators}
        self._clock = clock

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        """Run a request and yield its events; see `inference.service.Generator`."""
        begun_mono, has_started = self._clock(), False
        ended = Ended(outcome=Outcome.REJECTED, reason="nothing could be asked")
        candidates = self._candidates()
        for n_left, (name, generator) in zip(
            reversed(range(len(candidates))), candidates, strict=True
        ):
            attempt = _remaining(request, self._clock() - begun_mono)
            if attempt is None:
                yield _too_late(request)
                return
            has_text = False
            self._breakers[name] = self._breakers[name].tried(self._clock())
            async with aclosing(generator.stream(attempt)) as events:
                async for event in events:
                    if isinstance(event, Ended):
                        ended = event
                        break
                    if isinstance(event, TextDelta):
                        has_text = True
                    elif has_started:
                        continue
                    has_started = has_started or isinstance(event, Started)
                    yield event
            self._learn(name, ended)
            if has_text or ended.fault not in _MOVES_ON or n_left == 0:
                break
            structlog.get_logger().warning(
                "failover", request_id=request.request_id, after=name, reason=ended.reason
            )
        yield ended

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        """Run a request to its end and return its whole text."""
        return await drain(self.stream(request))

    def _candidates(self) -> tuple[tuple[str, Generator], ...]:
        now = self._clock()
        allowed = tuple(pair for pair in self._generators if self._breakers[pair[0]].allows(now))
        return allowed or self._generators

    def _learn(self, name: str, ended: Ended) -> None:
        breaker = self._breakers[name]
        if ended.fault in _BROKEN:
            self._breakers[name] = breaker.failed(self._clock())
        elif ended.outcome in (Outcome.FINISHED, Outcome.LENGTH):
            self._breakers[name] = breaker.worked()


def _remaining(request: GenerateRequest, spent_s: float) -> GenerateRequest | None:
    """The request with what is left of its deadline; None when nothing is."""
    if request.deadline_s is None or spent_s <= 0:
        return request
    left_s = request.deadline_s - spent_s
    return replace(request, deadline_s=left_s) if left_s > 0 else None


def _too_late(request: GenerateRequest) -> Ended:
    return Ended(
        outcome=Outcome.CANCELLED,
        reason=f"the deadline of {request.deadline_s:g} s passed",
        fault=Fault.DEADLINE,
    )
