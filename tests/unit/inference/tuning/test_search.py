from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.backends.options import KvType
from inference.tuning.errors import TuningError
from inference.tuning.gpu_plan import GpuPlacement
from inference.tuning.request_profile import SHIPPED_PROFILE
from inference.tuning.search import (
    Search,
    SearchLimits,
    SearchResult,
    Trial,
    Verdict,
    search_space,
    thread_counts,
)
from inference.tuning.tuned_settings import TunedSettings

from .conftest import SimulatedMachine

LIMITS = SearchLimits(n_rounds=5, budget_s=1000)
START = TunedSettings(n_threads=2, repack_weights=True)


def run(
    machine: SimulatedMachine,
    start: TunedSettings = START,
    limits: SearchLimits = LIMITS,
    **more: Any,
) -> SearchResult:
    space = search_space(thread_counts(4, 4), more.pop("placements", ()))
    search = Search(
        measurer=machine,
        space=space,
        profile=SHIPPED_PROFILE,
        limits=limits,
        clock=machine.clock,
        **more,
    )
    return search.run(start)


def verdict_of(result: SearchResult, dimension: str, value: str) -> Verdict:
    return next(
        trial.verdict
        for trial in result.trials
        if (trial.dimension, trial.value) == (dimension, value)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_best_settings_are_found_in_spite_of_noise(seed: int) -> None:
    machine = SimulatedMachine(noise=0.03, spike=0.05, seed=seed)
    best = run(machine).best
    assert (best.n_threads, best.repack_weights, best.n_chunk) == (4, False, 256)
    assert best.kv_type is KvType.Q8_0


@settings(max_examples=40, deadline=None)
@given(noise=st.floats(0, 0.5), seed=st.integers(0, 10_000))
def test_where_nothing_helps_the_start_is_kept(noise: float, seed: int) -> None:
    result = run(SimulatedMachine(is_flat=True, noise=noise, seed=seed))
    gain = 1 - result.final.ratio
    assert result.best == result.start or gain > result.final.noise


def test_equal_speeds_change_nothing_at_all() -> None:
    result = run(SimulatedMachine(is_flat=True))
    assert result.best == START
    assert {trial.verdict for trial in result.trials} == {Verdict.NO_GAIN}
    assert result.final.ratio == 1


def test_what_writes_something_else_is_not_chosen_however_fast() -> None:
    result = run(SimulatedMachine(q8_writes_the_same=False))
    assert result.best.kv_type is KvType.F16
    assert verdict_of(result, "KV cache", "q8_0") is Verdict.DIFFERENT


def test_what_does_not_run_is_passed_over_with_its_reason() -> None:
    machine = SimulatedMachine(repacking_fails=True)
    result = run(machine, TunedSettings(n_threads=4))
    failed = next(trial for trial in result.trials if trial.verdict is Verdict.FAILED)
    assert (failed.dimension, failed.value) == ("weights", "repacked")
    assert failed.reason == "no memory for repacked weights"
    assert not result.best.repack_weights


def test_candidates_beyond_the_memory_limit_are_never_run() -> None:
    machine = SimulatedMachine()
    cap = machine.memory_bytes(TunedSettings(n_threads=4, n_chunk=128))
    limits = SearchLimits(n_rounds=3, budget_s=1000, memory_bytes=cap)
    result = run(machine, TunedSettings(n_threads=4), limits)
    assert all(machine.memory_bytes(each) <= cap for each in machine.seen)
    assert machine.memory_bytes(result.best) <= cap
    assert verdict_of(result, "chunk", "448") is Verdict.TOO_LARGE
    assert result.best.kv_type is KvType.Q8_0


def test_a_start_that_is_too_large_gives_way_to_a_smaller_one() -> None:
    machine = SimulatedMachine()
    smallest = TunedSettings(n_threads=4, n_chunk=64, kv_type=KvType.Q8_0)
    limits = SearchLimits(n_rounds=2, budget_s=1000, memory_bytes=machine.memory_bytes(smallest))
    assert run(machine, TunedSettings(n_threads=4), limits).start == smallest


def test_a_limit_below_everything_is_refused_with_what_is_needed() -> None:
    limits = SearchLimits(n_rounds=2, budget_s=1000, memory_bytes=500_000_000)
    with pytest.raises(TuningError, match=r"at least 1,\d+ MB are needed, the limit is 500 MB"):
        run(SimulatedMachine(), limits=limits)


@pytest.mark.parametrize("budget_s", [0, 10, 30])
def test_the_search_ends_within_its_budget(budget_s: float) -> None:
    machine = SimulatedMachine()
    limits = SearchLimits(n_rounds=5, budget_s=budget_s)
    result = run(machine, limits=limits)
    one_comparison_s = 2 * limits.n_rounds * machine.sample_s
    assert machine.now <= budget_s + 2 * one_comparison_s
    assert not result.is_complete


def test_no_pair_of_settings_is_compared_twice() -> None:
    result = run(SimulatedMachine())
    candidates = [(trial.dimension, trial.value, trial.settings) for trial in result.trials]
    assert len(candidates) == len(set(candidates))
    assert result.is_complete


def test_hopeless_candidates_are_given_up_early() -> None:
    machine = SimulatedMachine()
    run(machine, TunedSettings(n_threads=4, n_chunk=256, kv_type=KvType.Q8_0))
    n_repacked = sum(each.repack_weights for each in machine.seen)
    assert n_repacked == 2


def test_a_machine_too_noisy_to_measure_changes_nothing() -> None:
    result = run(SimulatedMachine(noise=4.0, seed=2), TunedSettings(n_threads=4))
    assert Verdict.TOO_NOISY in {trial.verdict for trial in result.trials}
    assert all(
        trial.comparison is not None and trial.comparison.noise <= 0.2
        for trial in result.trials
        if trial.verdict is Verdict.FASTER
    )


@pytest.mark.parametrize(("gain", "n_layers"), [(0.3, 20), (3.0, 0)])
def test_layers_go_to_the_gpu_only_where_it_is_faster(gain: float, n_layers: int) -> None:
    placements = (
        GpuPlacement(n_gpu_layers=20, tensor_split=(0.75, 0.25)),
        GpuPlacement(n_gpu_layers=0),
    )
    start = TunedSettings(n_threads=4, n_gpu_layers=0)
    best = run(SimulatedMachine(gpu_gain=gain), start, placements=placements).best
    assert best.n_gpu_layers == n_layers


def test_every_candidate_is_announced_and_reported() -> None:
    heard: list[tuple[str, Trial | None]] = []

    def observe(what: str, trial: Trial | None) -> None:
        heard.append((what, trial))

    result = run(SimulatedMachine(), observe=observe)
    assert [trial for _, trial in heard if trial is not None] == list(result.trials)
    assert sum(trial is None for _, trial in heard) == len(result.trials)


@pytest.mark.parametrize(
    ("cores", "logical", "counts"), [(1, 1, (1,)), (2, 2, (2, 1)), (8, 16, (16, 8, 7, 4, 1))]
)
def test_thread_counts_span_what_the_machine_has(
    cores: int, logical: int, counts: tuple[int, ...]
) -> None:
    assert thread_counts(cores, logical) == counts
