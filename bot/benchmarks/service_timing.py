"""One request to an inference service, timed from outside."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

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

_GOOD = frozenset({Outcome.FINISHED, Outcome.LENGTH})


class Streams(Protocol):
    """The one thing of an inference service that is timed."""

    def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        """See `Generator.stream`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """How a request went.

    Attributes:
        ttft_s: Until the first text; of an answer without text until its end.
    """

    ended: Ended
    n_prompt: int
    n_cached: int
    ttft_s: float
    e2e_s: float

    @property
    def is_answered(self) -> bool:
        """Whether its times mean something."""
        return self.ended.outcome in _GOOD

    @property
    def how(self) -> str:
        """Its end in one word or two."""
        fault = self.ended.fault
        return f"{self.ended.outcome.value}: {fault.value}" if fault else self.ended.outcome.value


async def time_request(service: Streams, request: GenerateRequest) -> Timed:
    """Run a request to its end."""
    began = time.perf_counter()
    first: float | None = None
    started = Started(n_prompt=0, n_cached=0, queue_ms=0.0)
    ended = Ended(outcome=Outcome.FAILED, reason="it never ended", fault=Fault.LOST)
    async with aclosing(service.stream(request)) as events:
        async for event in events:
            match event:
                case Started():
                    started = event
                case TextDelta():
                    first = first or time.perf_counter()
                case Ended():
                    ended = event
    over = time.perf_counter()
    return Timed(
        ended=ended,
        n_prompt=started.n_prompt,
        n_cached=started.n_cached,
        ttft_s=(first or over) - began,
        e2e_s=over - began,
    )


def chat_request(
    request_id: str, system: str, question: str, *, n_output: int, pin: bool = True
) -> GenerateRequest:
    """A question under a skill's prompt, which is pinned as the bot's skills pin theirs."""
    messages = (ChatMessage(Role.SYSTEM, system), ChatMessage(Role.USER, question))
    return GenerateRequest(
        request_id=request_id, messages=messages, max_tokens=n_output, pin_prefix=int(pin)
    )
