"""Counting with the running engine never holds up what is counted for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from bot.skills.logs.digest import estimate_tokens
from bot.token_counter import ESTIMATE, EngineCounter, open_counter
from inference import EngineState, InferenceError, InferenceService, ModelUnavailableError

TEXT = "ERROR pool exhausted after 500 ms"
N_TOKENS = 7000


@dataclass
class FakeEngine:
    """Gives every text the same length, or does what it is told."""

    state: EngineState = EngineState.READY
    error: Exception | None = None
    may_answer: asyncio.Event | None = None
    asked: list[str] = field(default_factory=list[str])
    n_cancelled: int = 0

    async def count_tokens(self, text: str) -> int:
        self.asked.append(text)
        if self.error is not None:
            raise self.error
        if self.may_answer is not None:
            try:
                await self.may_answer.wait()
            except asyncio.CancelledError:
                self.n_cancelled += 1
                raise
        return N_TOKENS


def counter_of(engine: FakeEngine, patience_s: float = 5.0) -> EngineCounter:
    service = cast("InferenceService", engine)
    return EngineCounter(service, asyncio.get_running_loop(), patience_s)


async def test_the_engine_counts_for_a_thread() -> None:
    engine = FakeEngine()
    assert await asyncio.to_thread(counter_of(engine).count, TEXT) == N_TOKENS
    assert engine.asked == [TEXT]


async def test_an_engine_that_is_not_ready_is_not_waited_for() -> None:
    engine = FakeEngine(state=EngineState.LOADING)
    assert await asyncio.to_thread(counter_of(engine).count, TEXT) == estimate_tokens(TEXT)
    assert engine.asked == []


@pytest.mark.parametrize("error", [ModelUnavailableError("gone"), InferenceError("died")])
async def test_an_engine_that_fails_leaves_an_estimate(error: Exception) -> None:
    engine = FakeEngine(error=error)
    assert await asyncio.to_thread(counter_of(engine).count, TEXT) == estimate_tokens(TEXT)


async def test_an_engine_that_is_late_is_waited_for_once_and_let_go() -> None:
    engine = FakeEngine(may_answer=asyncio.Event())
    counter = counter_of(engine, patience_s=0.02)
    for _ in range(20):
        assert await asyncio.to_thread(counter.count, TEXT) == estimate_tokens(TEXT)
    await asyncio.sleep(0)
    assert (len(engine.asked), engine.n_cancelled) == (1, 1)


def test_without_its_file_a_model_is_estimated(tmp_path: Path) -> None:
    with open_counter("qwen2.5-coder-0.5b", tmp_path) as counter:
        assert counter is ESTIMATE
