"""Prefill and decode of one sequence through the whole engine, read off its decode calls."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from inference import ChatMessage, Engine, GenerateRequest, Outcome, Role
from inference.backends.base import Backend
from inference.parts import EngineParts

from ..model_plan import ModelPlan
from .errors import BenchmarkError
from .timed_backend import Decode, TimedBackend

_WORDS = tuple(
    f"{thing} {state}"
    for thing in ("broker", "cache", "daemon", "gateway", "replica", "tunnel", "volume")
    for state in ("drains", "fails over", "is full", "lags", "restarts", "retries", "times out")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Tokens a second of one prefill and one decode.

    Attributes:
        n_prefill: Rows prefilled, the template's own included.
        n_chunk: Most rows in one prefill call.
        prefill_per_s: By the clock, with everything between the calls.
        library_prefill_per_s: Rows over the time inside the library's calls alone.
        python_share: Of a decode step, the part outside the library: 0 to 1.
    """

    n_prefill: int
    n_decode: int
    n_chunk: int
    prefill_per_s: float
    decode_per_s: float
    library_prefill_per_s: float
    library_decode_per_s: float
    python_share: float


class EngineProbe:
    """Measures a started engine that nobody else uses."""

    def __init__(self, engine: Engine, backend: TimedBackend) -> None:
        self._engine = engine
        self._backend = backend
        self._n_asked = 0
        self._n_overhead = 0

    @property
    def n_threads(self) -> int:
        """Threads that the model was opened with."""
        return self._backend.info.n_threads

    async def measure(self, n_prefill: int, n_decode: int) -> Throughput:
        """Prefill a new prompt of about `n_prefill` tokens, then decode exactly `n_decode`.

        The first one shows how many tokens the model's template adds; later ones make up for it.

        Args:
            n_prefill: At least 64.
            n_decode: At least 2.

        Raises:
            BenchmarkError: The engine did not answer.
        """
        prefill = await self._calls(await self._text(n_prefill - self._n_overhead), 1)
        if not self._n_overhead:
            self._n_overhead = max(0, sum(call.n_rows for call in prefill) - n_prefill)
        decode = await self._calls("List every check you can think of.", n_decode + 1)
        return throughput_of(prefill, [call for call in decode if call.n_rows == 1])

    async def _text(self, n_tokens: int) -> str:
        """New words that together are so many tokens, or one phrase less."""
        chooser = random.Random(self._n_asked)  # noqa: S311 - repeatable text, no secret
        words = [chooser.choice(_WORDS) for _ in range(n_tokens)]

        async def count(n_words: int) -> int:
            return await self._engine.count_tokens(" ".join(words[:n_words]))

        few, many = 1, len(words)
        while few < many:
            middle = (few + many + 1) // 2
            few, many = (middle, many) if await count(middle) <= n_tokens else (few, middle - 1)
        return " ".join(words[:few])

    async def _calls(self, text: str, n_output: int) -> tuple[Decode, ...]:
        self._n_asked += 1
        request = GenerateRequest(
            request_id=f"bench-{self._n_asked}",
            messages=(
                ChatMessage(Role.SYSTEM, f"Exercise {self._n_asked}."),
                ChatMessage(Role.USER, text),
            ),
            max_tokens=n_output,
        )
        self._backend.take()
        _, ended = await self._engine.complete(request)
        if ended.outcome is not Outcome.LENGTH:
            raise BenchmarkError(f"a request was {ended.outcome.value}: {ended.reason}")
        return self._backend.take()


@asynccontextmanager
async def open_probe(
    load: Callable[[], Backend], parts: EngineParts | None = None
) -> AsyncGenerator[EngineProbe]:
    """An engine for measurements only.

    Raises:
        InferenceError: The model is not available.
    """
    opened: list[TimedBackend] = []

    def load_timed() -> Backend:
        opened.append(TimedBackend(load()))
        return opened[0]

    engine = Engine(load_generator=load_timed, load_encoder=None, parts=parts)
    await engine.start()
    try:
        await engine.ready()
        yield EngineProbe(engine, opened[0])
    finally:
        await engine.stop()


def open_model_probe(
    plan: ModelPlan, *, is_adapting: bool = False
) -> AbstractAsyncContextManager[EngineProbe]:
    """An engine as the bot would open it here, without guessing and saved states.

    Args:
        is_adapting: Whether its threads adapt to a busy machine.
    """
    parts = EngineParts(choose_schedule=plan.schedule, make_pace=plan.pace if is_adapting else None)
    return open_probe(plan.load, parts)


def throughput_of(prefill: Sequence[Decode], decode: Sequence[Decode]) -> Throughput:
    """Rates from the calls of one prefill and of one decode.

    Raises:
        BenchmarkError: There are no prefill calls, or fewer than two decode calls.
    """
    if not prefill or len(decode) < 2:
        raise BenchmarkError(
            f"{len(prefill)} prefill and {len(decode)} decode calls are too few to measure"
        )
    n_prefill = sum(call.n_rows for call in prefill)
    # From one call's end to the next one's: each interval holds one step and what is between.
    steps_s, inside_s = decode[-1].ended - decode[0].ended, sum(c.seconds for c in decode[1:])
    n_steps = len(decode) - 1
    return Throughput(
        n_prefill=n_prefill,
        n_decode=len(decode),
        n_chunk=max(call.n_rows for call in prefill),
        prefill_per_s=n_prefill / (prefill[-1].ended - prefill[0].began),
        decode_per_s=n_steps / steps_s,
        library_prefill_per_s=n_prefill / sum(call.seconds for call in prefill),
        library_decode_per_s=n_steps / inside_s,
        python_share=1 - inside_s / steps_s,
    )
