"""The first request after a restart, beside one that finds everything in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from inference import ChatMessage, InferenceService, Role

from .errors import BenchmarkError
from .ops_load import OpsLoad
from .service_timing import Timed, chat_request, time_request

OpenService: TypeAlias = Callable[[], AbstractAsyncContextManager[InferenceService]]

_SAVE_S = 1.5
"""Time for an idle engine to save what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartRun:
    """One restart; TTFTs in seconds.

    Attributes:
        cold_ttft_s: With a prompt that nobody has seen.
        restarted_ttft_s: The first request after the restart, with that prompt.
        n_restarted_cached: Prompt tokens which that request found.
        warm_ttft_s: The next one, with the same prompt and another question of the same length.
        ready_s: From starting the engine until its model is loaded.
    """

    cold_ttft_s: float
    restarted_ttft_s: float
    warm_ttft_s: float
    n_prompt: int
    n_restarted_cached: int
    ready_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartResult:
    """Medians over the runs.

    Attributes:
        ratio: First request after a restart over a warm one.
    """

    n_runs: int
    cold_ttft_s: float
    restarted_ttft_s: float
    warm_ttft_s: float
    ratio: float
    ready_s: float
    n_prompt: float
    n_restarted_cached: float
    runs: tuple[RestartRun, ...]


async def measure_restart(
    open_service: OpenService,
    load: OpsLoad,
    *,
    n_runs: int,
    salt: str,
    progress: Callable[[str], None],
    save_s: float = _SAVE_S,
) -> RestartResult:
    """Teach an engine a prompt, stop it, start it again and ask; new prompts in every run.

    Raises:
        BenchmarkError: A request was not answered.
        InferenceError: The model is not available.
    """
    runs: list[RestartRun] = []
    for run in range(1, n_runs + 1):
        progress(f"restart {run} of {n_runs}")
        runs.append(await _run(open_service, load, f"{salt}-{run}", save_s))
    return restart_result(runs)


def restart_result(runs: list[RestartRun]) -> RestartResult:
    """The medians."""
    restarted = median(run.restarted_ttft_s for run in runs)
    warm = median(run.warm_ttft_s for run in runs)
    return RestartResult(
        n_runs=len(runs),
        cold_ttft_s=median(run.cold_ttft_s for run in runs),
        restarted_ttft_s=restarted,
        warm_ttft_s=warm,
        ratio=restarted / warm,
        ready_s=median(run.ready_s for run in runs),
        n_prompt=median(run.n_prompt for run in runs),
        n_restarted_cached=median(run.n_restarted_cached for run in runs),
        runs=tuple(runs),
    )


async def _run(open_service: OpenService, load: OpsLoad, salt: str, save_s: float) -> RestartRun:
    system = load.system(0, salt)["content"]

    async def ask(service: InferenceService, turn: int) -> Timed:
        question = load.question(0, turn)["content"]
        request = chat_request(f"{salt}-{turn}", system, question, n_output=load.n_output)
        return _answered(await time_request(service, request))

    async with open_service() as service:
        await service.ready()
        await _touch(service, salt)
        cold = await ask(service, 0)
        await service.warm((ChatMessage(Role.SYSTEM, system),))
        await asyncio.sleep(save_s)
    began = time.perf_counter()
    async with open_service() as service:
        await service.ready()
        ready_s = time.perf_counter() - began
        restarted, warm = await ask(service, 1), await ask(service, 2)
    return RestartRun(
        cold_ttft_s=cold.ttft_s,
        restarted_ttft_s=restarted.ttft_s,
        warm_ttft_s=warm.ttft_s,
        n_prompt=restarted.n_prompt,
        n_restarted_cached=restarted.n_cached,
        ready_s=ready_s,
    )


async def _touch(service: InferenceService, salt: str) -> None:
    """Let the model's pages come into memory, so that the cold request measures computing."""
    request = chat_request(f"{salt}-touch", "Be brief.", "Say yes.", n_output=1, pin=False)
    _answered(await time_request(service, request))


def _answered(timed: Timed) -> Timed:
    if not timed.is_answered:
        raise BenchmarkError(f"a request was not answered ({timed.how}): {timed.ended.reason}")
    return timed
