from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.benchmarks.figures import (
    jain_index,
    median_of,
    percentile,
    rank_correlation,
    ratio,
)

VALUES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=30)


@given(VALUES)
def test_the_half_percentile_is_the_median(values: list[float]) -> None:
    assert percentile(values, 0.5) == pytest.approx(median(values))


@given(VALUES, st.floats(0, 1), st.floats(0, 1))
def test_percentiles_grow_with_their_share_and_stay_inside(
    values: list[float], one: float, other: float
) -> None:
    low, high = percentile(values, min(one, other)), percentile(values, max(one, other))
    assert low is not None
    assert high is not None
    assert min(values) <= low <= high * (1 + 1e-12) <= max(values) * (1 + 1e-11)


def test_percentiles_lie_linearly_between_two_values() -> None:
    assert percentile([10, 0], 0.25) == 2.5
    assert percentile([], 0.5) is None
    with pytest.raises(ValueError, match=r"share is 1.5, it must be within 0\.\.1"):
        percentile([1], 1.5)


def test_missing_values_have_no_part_in_medians_and_ratios() -> None:
    assert median_of([None, 3.0, 1.0]) == 2.0
    assert median_of([None]) is None
    assert ratio(1.0, 4.0) == 0.25
    assert ratio(None, 4.0) is None
    assert ratio(1.0, None) is None
    assert ratio(1.0, 0.0) is None


@given(VALUES)
def test_fairness_is_between_one_nth_and_one(values: list[float]) -> None:
    fairness = jain_index(values)
    assert fairness is not None
    assert 1 / len(values) - 1e-9 <= fairness <= 1 + 1e-9


def test_fairness_of_equal_shares_is_one_and_of_a_single_winner_one_nth() -> None:
    assert jain_index([2.0, 2.0, 2.0]) == pytest.approx(1.0)
    assert jain_index([5.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert jain_index([]) is None
    assert jain_index([0.0, 0.0]) is None


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=30, unique=True))
def test_ranks_ignore_how_far_values_are_apart(values: list[int]) -> None:
    assert rank_correlation(values, [value**3 for value in values]) == pytest.approx(1.0)
    assert rank_correlation(values, [-value for value in values]) == pytest.approx(-1.0)


def test_ties_share_a_rank_and_constants_correlate_with_nothing() -> None:
    assert rank_correlation([1, 1, 2], [5, 5, 9]) == pytest.approx(1.0)
    assert rank_correlation([1, 2, 3], [7, 7, 7]) is None
    assert rank_correlation([1], [2]) is None
    with pytest.raises(ValueError, match="2 values cannot be paired with 1"):
        rank_correlation([1, 2], [1])
