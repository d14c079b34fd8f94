from __future__ import annotations

from collections.abc import Callable

import pytest

from inference.tuning.errors import TuningError
from inference.tuning.quiet import CpuUse, cores_of_others, read_cpu_use, wait_until_quiet


def use(all_s: float, own_s: float, at_s: float) -> CpuUse:
    return CpuUse(all_s=all_s, own_s=own_s, at_s=at_s)


def readings(*cores: float) -> Callable[[], CpuUse]:
    """One reading a second, others using so many cores before each but the first."""
    total, rows = 0.0, [use(0, 0, 0)]
    for second, each in enumerate(cores, start=1):
        total += each + 1
        rows.append(use(total, float(second), float(second)))
    return iter(rows).__next__


def test_ones_own_work_is_not_somebody_elses() -> None:
    assert cores_of_others(use(10, 1, 0), use(30, 20, 10)) == pytest.approx(0.1)
    assert cores_of_others(use(10, 1, 0), use(11, 9, 10)) == 0


def test_a_quiet_machine_is_not_waited_for_longer_than_a_look() -> None:
    slept: list[float] = []
    wait_until_quiet(most_cores=0.2, patience_s=30, read=readings(0.1), sleep=slept.append)
    assert sum(slept) == 1


def test_a_busy_machine_is_waited_for() -> None:
    heard: list[float] = []
    wait_until_quiet(
        most_cores=0.2,
        patience_s=30,
        observe=heard.append,
        read=readings(1.5, 0.9, 0.0),
        sleep=lambda _seconds: None,
    )
    assert heard == pytest.approx([1.5, 0.9])


def test_a_machine_that_stays_busy_is_refused_with_the_limit() -> None:
    with pytest.raises(TuningError, match=r"other programs use 1\.5 cores, at most 0\.2"):
        wait_until_quiet(
            most_cores=0.2, patience_s=3, read=readings(*[1.5] * 9), sleep=lambda _seconds: None
        )


def test_the_counters_only_grow() -> None:
    first, second = read_cpu_use(), read_cpu_use()
    assert second.all_s >= first.all_s > 0
    assert second.own_s >= first.own_s > 0
