"""Decode and prefill steps adapt apart."""

from __future__ import annotations

from inference.pace import PhasePace
from inference.step_costs import RowCosts, StepCosts

ONE = RowCosts(seconds={1: 0.03, 128: 2.0})
TWO = RowCosts(seconds={1: 0.02, 128: 1.0})
COSTS = StepCosts(by_threads={1: ONE, 2: TWO})


def step(pace: PhasePace, n_rows: int, now: float, *, stall: float) -> float:
    """Run a step beside a neighbour who stalls two threads; returns when it ended."""
    n_threads = pace.threads_for(n_rows)
    quiet_s = COSTS.expected_s(n_threads=n_threads, n_rows=n_rows, n_cells=0)
    seconds = quiet_s * (stall if n_threads == 2 else 1.0)
    pace.observe(n_rows=n_rows, n_cells=0, seconds=seconds, now=now + seconds)
    return now + seconds


def test_decode_gives_up_a_thread_while_prefill_keeps_it() -> None:
    pace, now = PhasePace(2, COSTS), 100.0
    for _ in range(20):
        now = step(pace, 128, now, stall=1.9)
        for _ in range(5):
            now = step(pace, 1, now, stall=8.0)
    assert pace.threads_for(1) == 1
    assert pace.threads_for(128) == 2
    assert pace.slowdown > 1.4


def test_both_take_all_threads_when_the_machine_is_quiet() -> None:
    pace, now = PhasePace(2, COSTS), 100.0
    for _ in range(10):
        now = step(pace, 128, now, stall=1.0)
        now = step(pace, 1, now, stall=1.0)
    assert (pace.threads_for(1), pace.threads_for(128)) == (2, 2)
    assert 0.9 < pace.slowdown < 1.1


def test_prefill_takes_all_threads_again_when_the_neighbour_is_gone() -> None:
    pace, now = PhasePace(2, COSTS), 100.0
    for _ in range(10):
        now = step(pace, 128, now, stall=10.0)
        now = step(pace, 1, now, stall=10.0)
    assert (pace.threads_for(1), pace.threads_for(128)) == (1, 1)
    for _ in range(300):
        now = step(pace, 1, now, stall=1.0)
    assert (pace.threads_for(1), pace.threads_for(128)) == (2, 2)
