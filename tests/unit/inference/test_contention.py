"""The controller on simulated machines: what a step takes is a function of threads and neighbours."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.contention import ThreadController
from inference.step_costs import RowCosts, StepCosts

Busy = Callable[[float], int]


def nobody(_now: float) -> int:
    return 0


def one(_now: float) -> int:
    return 1


@dataclass(kw_only=True)
class Machine:
    """A decode step takes 30 ms on one core and gains from more; a lost core stalls all threads."""

    n_cores: int = 2
    busy: Busy = nobody
    stall: float = 4.0
    noise: float = 0.0
    outliers: float = 0.0
    seed: int = 0
    now: float = 100.0
    n_threads_seen: list[int] = field(default_factory=list[int])
    durations: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a simulation

    def quiet_s(self, n_threads: int, n_rows: int = 1) -> float:
        return 0.012 * n_rows + 0.018 * n_rows / n_threads

    def step(self, controller: ThreadController, n_rows: int = 1) -> int:
        n_threads = controller.n_threads
        seconds = self.quiet_s(n_threads, n_rows)
        if n_threads > self.n_cores - self.busy(self.now):
            seconds *= self.stall
        seconds *= 1 + self._random.uniform(0, self.noise)
        if self._random.random() < self.outliers:
            seconds *= 20
        self.now += seconds
        self.n_threads_seen.append(n_threads)
        self.durations.append(seconds)
        return controller.observe(n_rows=n_rows, n_cells=50, seconds=seconds, now=self.now)

    def run(self, controller: ThreadController, seconds: float) -> float:
        """Run for so long; returns steps per second."""
        begin, n_before = self.now, len(self.durations)
        while self.now < begin + seconds:
            self.step(controller)
        return (len(self.durations) - n_before) / (self.now - begin)

    def costs(self) -> StepCosts:
        counts = sorted({1, 2, self.n_cores // 2 or 1, self.n_cores})
        return StepCosts(
            by_threads={
                n: RowCosts(seconds={1: self.quiet_s(n), 64: self.quiet_s(n, 64)}) for n in counts
            }
        )


def test_on_a_quiet_machine_all_threads_are_used_and_nothing_changes() -> None:
    machine = Machine(noise=0.3)
    controller = ThreadController(2, machine.costs())
    machine.run(controller, 120)
    assert (controller.n_threads, controller.n_changes) == (2, 0)
    assert controller.slowdown == pytest.approx(1.15, abs=0.15)


def test_a_neighbour_costs_no_more_than_the_core_it_takes() -> None:
    machine = Machine(busy=one)
    controller = ThreadController(2, machine.costs())
    machine.run(controller, 5)
    assert controller.n_threads == 1
    speed = machine.run(controller, 60)
    assert speed > 0.95 / machine.quiet_s(1)


def test_a_neighbour_is_noticed_within_half_a_second() -> None:
    machine = Machine(busy=lambda now: int(now > 110))
    controller = ThreadController(2, machine.costs())
    machine.run(controller, 9.9)
    machine.run(controller, 0.6)
    assert controller.n_threads == 1


def test_all_threads_come_back_when_the_neighbour_leaves() -> None:
    machine = Machine(busy=lambda now: int(now < 160))
    controller = ThreadController(2, machine.costs())
    machine.run(controller, 60)
    assert controller.n_threads == 1
    machine.run(controller, 40)
    assert controller.n_threads == 2
    assert machine.run(controller, 20) > 0.97 / machine.quiet_s(2)


def test_single_outliers_change_nothing() -> None:
    machine = Machine(outliers=0.05, noise=0.2, seed=3)
    controller = ThreadController(2, machine.costs())
    machine.run(controller, 120)
    assert machine.n_threads_seen.count(2) > 0.97 * len(machine.n_threads_seen)


def test_a_slow_first_step_changes_nothing() -> None:
    machine = Machine()
    controller = ThreadController(2, machine.costs())
    controller.observe(n_rows=128, n_cells=0, seconds=30.0, now=machine.now)
    machine.run(controller, 10)
    assert controller.n_changes == 0


def test_two_slow_prefill_steps_are_enough() -> None:
    machine = Machine(busy=one)
    controller = ThreadController(2, machine.costs())
    for _ in range(2):
        controller.observe(n_rows=1, n_cells=0, seconds=machine.quiet_s(2), now=machine.now)
    for _ in range(2):
        machine.step(controller, n_rows=64)
    assert controller.n_threads == 1


def test_one_stalled_step_is_enough() -> None:
    machine = Machine(busy=one, stall=60)
    controller = ThreadController(2, machine.costs())
    machine.step(controller)
    assert machine.step(controller) == 1


def test_after_a_pause_even_a_prefill_tries_all_threads_again() -> None:
    machine = Machine(busy=lambda now: int(now < 110))
    controller = ThreadController(2, machine.costs())
    machine.run(controller, 5)
    assert controller.n_threads == 1
    machine.now += 600
    for _ in range(5):
        machine.step(controller, n_rows=64)
    assert controller.n_threads == 2


@pytest.mark.parametrize("n_busy", [1, 3, 6, 12])
def test_with_many_cores_about_the_free_ones_are_used(n_busy: int) -> None:
    machine = Machine(n_cores=16, busy=lambda _now: n_busy)
    controller = ThreadController(16, machine.costs())
    machine.run(controller, 10)
    speed = machine.run(controller, 60)
    assert controller.n_threads <= 16 - n_busy
    assert speed > 0.75 / machine.quiet_s(16 - n_busy)


def test_with_many_cores_all_come_back() -> None:
    machine = Machine(n_cores=16, busy=lambda now: 12 * (now < 130))
    controller = ThreadController(16, machine.costs())
    machine.run(controller, 30)
    machine.run(controller, 60)
    assert controller.n_threads == 16


def test_one_core_leaves_nothing_to_choose() -> None:
    machine = Machine(n_cores=1, busy=one)
    controller = ThreadController(1)
    machine.run(controller, 20)
    assert (controller.n_threads, controller.n_changes) == (1, 0)


def test_fewer_threads_that_are_not_faster_are_given_up_and_tried_seldom() -> None:
    machine = Machine(stall=1.0, noise=0.1)
    slow_clock = StepCosts(
        by_threads={n: RowCosts(seconds={1: machine.quiet_s(n) / 2}) for n in (1, 2)}
    )
    controller = ThreadController(2, slow_clock)
    speed = machine.run(controller, 300)
    assert controller.n_threads == 2
    assert speed > 0.95 / machine.quiet_s(2, 1) / 1.05
    assert controller.n_changes < 2 * (5 + 300 / 30)


def test_a_neighbour_who_comes_and_goes_causes_few_changes() -> None:
    machine = Machine(busy=lambda now: int(now) % 2)
    controller = ThreadController(2, machine.costs())
    machine.run(controller, 300)
    assert controller.n_changes <= 4 * (5 + 300 / 30)
    assert controller.n_changes >= 2


def test_without_measured_costs_a_neighbour_who_arrives_is_noticed() -> None:
    machine = Machine(busy=lambda now: int(now > 110))
    controller = ThreadController(2)
    machine.run(controller, 10)
    assert controller.n_threads == 2
    machine.run(controller, 3)
    assert controller.n_threads == 1


def test_without_measured_costs_a_neighbour_who_was_there_first_is_noticed() -> None:
    machine = Machine(busy=one)
    controller = ThreadController(2)
    machine.run(controller, 5)
    assert machine.run(controller, 60) > 0.95 / machine.quiet_s(1)


def test_without_measured_costs_the_surveys_of_a_quiet_machine_cost_next_to_nothing() -> None:
    machine = Machine(noise=0.1)
    controller = ThreadController(2)
    speed = machine.run(controller, 300)
    assert speed > 0.97 / (machine.quiet_s(2) * 1.05)
    assert controller.n_threads == 2


def test_no_threads_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ThreadController(0)


@settings(max_examples=40, deadline=None)
@given(
    n_cores=st.sampled_from([1, 2, 4, 16]),
    is_tuned=st.booleans(),
    noise=st.floats(0, 1),
    outliers=st.floats(0, 0.2),
    switches=st.lists(st.floats(0.1, 20), max_size=6),
    seed=st.integers(0, 1000),
)
def test_threads_stay_in_bounds_and_attempts_stay_cheap(
    n_cores: int,
    is_tuned: bool,
    noise: float,
    outliers: float,
    switches: list[float],
    seed: int,
) -> None:
    def busy(now: float) -> int:
        passed, n_busy = 100.0, 0
        for wait in switches:
            passed += wait
            if now < passed:
                break
            n_busy = (1 if n_cores > 1 else 0) - n_busy
        return n_busy

    machine = Machine(n_cores=n_cores, busy=busy, noise=noise, outliers=outliers, seed=seed)
    controller = ThreadController(n_cores, machine.costs() if is_tuned else None)
    n_steps = 1500
    for _ in range(n_steps):
        assert 1 <= machine.step(controller) <= n_cores
    passed_s = machine.now - 100.0
    n_attempts = (6 + passed_s / 2 + 6 * len(switches)) * (1 + n_cores.bit_length())
    assert controller.n_changes <= 2 * n_attempts
    assert controller.n_changes < n_steps / 4
