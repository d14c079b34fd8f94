"""One tuning from beginning to end, whatever does the measuring."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..step_costs import RowCosts, StepCosts
from .fingerprint import Fingerprint
from .gpu_plan import GpuPlacement
from .llama_measurer import Workload
from .measuring import Measurer
from .quiet import CpuUse, cores_of_others, read_cpu_use
from .request_profile import RequestProfile
from .search import Search, SearchLimits, Trial, search_space, thread_counts
from .tuned_settings import TunedSettings
from .tuning import Tuning

_ROWS = (1, 2, 4, 8, 16)
_CHUNKS = (64, 128, 256, 448)


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningPlan:
    """How thoroughly to measure.

    Attributes:
        limits: Of the search.
        workload: What one measurement computes.
        n_repeats: Measurements of each step's duration.
    """

    limits: SearchLimits
    workload: Workload
    n_repeats: int


def quick_plan(memory_bytes: int | None = None) -> TuningPlan:
    """About a minute for a model of 1.5 billion parameters on two cores."""
    return TuningPlan(
        limits=SearchLimits(n_rounds=3, budget_s=45.0, memory_bytes=memory_bytes),
        workload=Workload(n_cached=128, n_prefill=128, n_decode=8),
        n_repeats=4,
    )


def thorough_plan(memory_bytes: int | None = None) -> TuningPlan:
    """Several minutes, with prompts long enough to tell all chunk sizes apart."""
    return TuningPlan(
        limits=SearchLimits(n_rounds=6, budget_s=600.0, memory_bytes=memory_bytes),
        workload=Workload(n_cached=512, n_prefill=448, n_decode=24),
        n_repeats=9,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningSubject:
    """What is tuned, and where.

    Attributes:
        model_hash: SHA-256 of the model's file.
        n_ctx: Context length the engine will run with, in tokens.
        placements: Ways to use the GPUs; empty: there are none.
    """

    model_hash: str
    model_name: str
    n_ctx: int
    fingerprint: Fingerprint
    placements: Sequence[GpuPlacement] = ()


def tune(
    measurer: Measurer,
    subject: TuningSubject,
    profile: RequestProfile,
    plan: TuningPlan,
    *,
    observe: Callable[[str, Trial | None], None] = lambda _what, _trial: None,
    clock: Callable[[], float] = time.monotonic,
    read_use: Callable[[], CpuUse] = read_cpu_use,
) -> Tuning:
    """Find the best settings and measure what their steps cost.

    Args:
        observe: See `Search.observe`.
        clock: Monotonic seconds.
        read_use: Reads who used the processor.

    Raises:
        TuningError: Nothing fits the memory limit.
        InferenceError: Not even the shipped settings can be run.
    """
    machine, use = subject.fingerprint, read_use()
    threads = thread_counts(machine.n_cores, machine.n_usable)
    chunks = [n for n in _CHUNKS if n <= plan.workload.n_prefill]
    search = Search(
        measurer=measurer,
        space=search_space(threads, subject.placements, chunks),
        profile=profile,
        limits=plan.limits,
        observe=observe,
        clock=clock,
    )
    start = _start(machine.n_cores, subject.placements)
    found = search.run(start)
    observe("durations of steps", None)
    costs = step_costs(measurer, found.best, plan)
    return Tuning(
        model_hash=subject.model_hash,
        model_name=subject.model_name,
        fingerprint=machine,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        n_ctx=subject.n_ctx,
        profile=profile,
        search=found,
        step_costs=costs,
        cores_of_others=round(cores_of_others(use, read_use()), 3),
    )


def _start(n_cores: int, placements: Sequence[GpuPlacement]) -> TunedSettings:
    """What the engine runs with when nothing was tuned."""
    start = TunedSettings(n_threads=n_cores)
    if not placements:
        return start
    first = placements[0]
    return replace(
        start,
        n_gpu_layers=first.n_gpu_layers,
        tensor_split=first.tensor_split,
        main_gpu=first.main_gpu,
    )


def step_costs(measurer: Measurer, best: TunedSettings, plan: TuningPlan) -> StepCosts:
    """Durations of steps with the best settings, and with fewer threads."""
    threads = sorted({1, max(1, best.n_threads // 2), best.n_threads})
    by_threads = {n: _row_costs(measurer, replace(best, n_threads=n), plan) for n in threads}
    return StepCosts(by_threads=by_threads)


def _row_costs(measurer: Measurer, settings: TunedSettings, plan: TuningPlan) -> RowCosts:
    def duration(n_rows: int, n_cells: int) -> float:
        times = sorted(
            measurer.step_s(settings, n_rows=n_rows, n_cells=n_cells) for _ in range(plan.n_repeats)
        )
        return times[len(times) // 4]

    n_cells = plan.workload.n_cached
    seconds = {n_rows: duration(n_rows, 0) for n_rows in _ROWS}
    seconds[settings.n_chunk] = measurer.sample(settings).prefill_token_s * settings.n_chunk
    row_cell_s = max(0.0, duration(1, n_cells) - seconds[1]) / n_cells
    return RowCosts(seconds=seconds, row_cell_s=row_cell_s)
