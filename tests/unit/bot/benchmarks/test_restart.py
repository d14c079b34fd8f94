from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from bot.benchmarks.crash import CrashResult, kill_child, measure_crash
from bot.benchmarks.errors import BenchmarkError
from bot.benchmarks.ops_load import OpsLoad
from bot.benchmarks.restart import RestartRun, measure_restart, restart_result
from inference import (
    Ended,
    Engine,
    Event,
    Fault,
    GenerateRequest,
    InferenceService,
    Outcome,
    Started,
    TextDelta,
)
from inference.backends.fake import FakeBackend

LOAD = OpsLoad(n_threads=3, n_output=4, n_system_words=30, n_user_words=9)


@asynccontextmanager
async def small_engine(n_ctx: int = 4096) -> AsyncGenerator[InferenceService]:
    engine = Engine(load_generator=lambda: FakeBackend(n_ctx=n_ctx), load_encoder=None)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


async def test_each_run_restarts_the_engine_and_measures_around_it() -> None:
    opened: list[float] = []

    @asynccontextmanager
    async def open_service() -> AsyncGenerator[InferenceService]:
        opened.append(0)
        async with small_engine() as engine:
            yield engine

    result = await measure_restart(
        open_service, LOAD, n_runs=2, salt="s", progress=lambda _: None, save_s=0.0
    )
    assert len(opened) == 4
    assert len(result.runs) == 2
    for run in result.runs:
        # Without saved states the restarted engine has nothing, the warm one the whole skill.
        assert run.n_restarted_cached < run.n_prompt / 4
        assert min(run.cold_ttft_s, run.restarted_ttft_s, run.warm_ttft_s, run.ready_s) > 0


async def test_a_request_that_is_not_answered_is_no_measurement() -> None:
    with pytest.raises(BenchmarkError, match=r"not answered .*prompt_too_long"):
        await measure_restart(
            lambda: small_engine(128), LOAD, n_runs=1, salt="s", progress=lambda _: None, save_s=0
        )


def test_the_ratio_is_of_medians() -> None:
    def run(restarted: float, warm: float) -> RestartRun:
        return RestartRun(
            cold_ttft_s=5.0,
            restarted_ttft_s=restarted,
            warm_ttft_s=warm,
            n_prompt=100,
            n_restarted_cached=90,
            ready_s=1.0,
        )

    result = restart_result([run(1.2, 1.0), run(9.0, 1.0), run(1.1, 8.0)])
    assert result.ratio == pytest.approx(1.2)
    assert result.n_restarted_cached == 90


class Mortal:
    """A service whose process can be killed, and which then answers after some refusals."""

    def __init__(self, *, n_refusals: int = 2, forgets: int = 0) -> None:
        self._died = asyncio.Event()
        self._n_refusals = n_refusals
        self._forgets = forgets

    async def ready(self) -> None:
        return None

    def kill(self) -> int:
        self._died.set()
        return 4711

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        if not self._died.is_set():
            number = int(request.request_id.rsplit("-", 1)[1])
            yield Started(n_prompt=10, n_cached=0, queue_ms=0.0)
            await self._died.wait()
            if number < self._forgets:
                await asyncio.Event().wait()
            if number % 2:
                yield Ended(outcome=Outcome.FAILED, reason="gone", fault=Fault.LOST)
                return
        elif self._n_refusals:
            self._n_refusals -= 1
            yield Ended(outcome=Outcome.REJECTED, reason="not yet", fault=Fault.UNAVAILABLE)
            return
        yield TextDelta(text="yes")
        yield Ended(outcome=Outcome.LENGTH)


async def crashed(service: Mortal, within_s: float = 5.0) -> CrashResult:
    return await measure_crash(
        service, LOAD, salt="s", kill=service.kill, after_s=0.02, within_s=within_s
    )


async def test_everything_that_lived_at_the_kill_is_accounted_for() -> None:
    result = await crashed(Mortal())
    assert result.ends == {"length": 2, "failed: lost": 1}
    assert (result.n_requests, result.n_unended) == (3, 0)
    assert result.answering_s >= 0.1  # two refusals, each followed by a pause
    assert result.first_answer_s is not None


async def test_requests_that_never_end_count_as_lost() -> None:
    result = await crashed(Mortal(forgets=1), within_s=0.3)
    assert (result.n_requests, result.n_unended) == (3, 1)
    assert sum(result.ends.values()) == 2


async def test_a_service_that_never_comes_back_is_said() -> None:
    with pytest.raises(BenchmarkError, match=r"nothing was answered within 0\.1 s .*unavailable"):
        await crashed(Mortal(n_refusals=10_000), within_s=0.1)


async def test_a_kill_that_comes_too_late_is_no_measurement() -> None:
    service = Mortal(n_refusals=0)
    service.kill()
    with pytest.raises(BenchmarkError, match=r"all 3 requests ended within 0\.02 s"):
        await crashed(service)


async def test_the_child_is_killed_and_nobody_else() -> None:
    with pytest.raises(BenchmarkError, match="no process of its own"):
        kill_child()
    program = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = await asyncio.create_subprocess_exec(*program)
    assert kill_child() == process.pid
    assert await process.wait() == -signal.SIGKILL
