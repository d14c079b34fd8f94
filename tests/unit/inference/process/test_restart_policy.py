"""When a process that died is started again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.process.restart_policy import RestartPolicy

POLICY = RestartPolicy(base_s=0.5, longest_s=2.0, max_crashes=6, window_s=60.0)


def test_the_first_restart_waits_for_nothing_and_later_ones_longer_and_longer() -> None:
    crashes = [100.0, 101.0, 102.0, 103.0, 104.0]
    delays = [POLICY.delay_s(crashes[:n], crashes[n - 1]) for n in range(1, 6)]
    assert delays == [0.0, 0.5, 1.0, 2.0, 2.0]


def test_it_is_given_up_after_too_many_crashes_in_a_window() -> None:
    assert POLICY.delay_s([100.0 + n for n in range(6)], 105.0) is None


def test_crashes_that_are_long_ago_do_not_count() -> None:
    assert POLICY.delay_s([100.0, 101.0, 102.0, 103.0, 104.0, 162.0], 162.0) == 1.0
    assert POLICY.recent([100.0, 101.0, 160.5], 161.0) == (160.5,)


@given(gaps=st.lists(st.floats(0.1, 100), min_size=1, max_size=30), max_crashes=st.integers(1, 8))
def test_never_more_starts_in_a_window_than_allowed(gaps: list[float], max_crashes: int) -> None:
    policy = RestartPolicy(max_crashes=max_crashes, window_s=60.0)
    crashes: list[float] = []
    now = 0.0
    for gap in gaps:
        now += gap
        crashes.append(now)
        delay = policy.delay_s(crashes, now)
        if delay is None:
            break
        assert sum(now - at < 60.0 for at in crashes) < max_crashes
        now += delay


def test_impossible_policies_are_refused() -> None:
    with pytest.raises(ValueError, match="max_crashes must be >= 1, got 0"):
        RestartPolicy(max_crashes=0)
    with pytest.raises(ValueError, match="window_s must be > 0"):
        RestartPolicy(window_s=0)
