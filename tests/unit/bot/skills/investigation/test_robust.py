"""A series is unusual when it leaves its range and stays out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.skills.investigation.robust import Direction, Sensitivity, judge_series

UP = Sensitivity(direction=Direction.UP, min_share=0.5)
DOWN = Sensitivity(direction=Direction.DOWN, min_share=0.5)


def series(before: list[float], after: list[float]) -> list[tuple[float, float]]:
    return [(float(at * 60), value) for at, value in enumerate([*before, *after])]


def test_a_step_up_begins_where_it_began() -> None:
    verdict = judge_series(series([10, 11, 9, 10, 10, 11], [10, 30, 31, 29]), 360.0, UP)
    assert verdict.began_at == 420.0
    assert verdict.usual == 10.0
    assert verdict.now == 30.0


def test_one_spike_is_nothing() -> None:
    assert judge_series(series([10] * 6, [10, 90, 10, 10]), 360.0, UP).began_at is None


def test_down_is_seen_only_where_down_is_bad() -> None:
    points = series([10, 10, 11, 9, 10], [2, 2, 2])
    assert judge_series(points, 300.0, UP).began_at is None
    assert judge_series(points, 300.0, DOWN).began_at == 300.0


def test_a_level_counts_however_slowly_it_is_reached() -> None:
    how = Sensitivity(direction=Direction.UP, min_change=0.3, level=0.95)
    points = series([0.80, 0.82, 0.84, 0.86, 0.88], [0.92, 0.96, 0.97, 0.98])
    assert judge_series(points, 300.0, how).began_at == 360.0


def test_what_was_beyond_its_level_before_did_not_begin() -> None:
    how = Sensitivity(direction=Direction.UP, level=0.95)
    verdict = judge_series(series([0.99] * 6, [0.99] * 4), 360.0, how)
    assert verdict.was_beyond
    assert verdict.began_at is None


def test_too_few_points_before_say_nothing() -> None:
    verdict = judge_series(series([1, 1], [9, 9, 9]), 120.0, UP)
    assert verdict.usual is None
    assert verdict.began_at is None


@given(st.lists(st.floats(1.0, 1.2), min_size=12, max_size=40))
def test_a_steady_series_is_never_unusual(values: list[float]) -> None:
    points = series(values, [])
    middle = points[len(points) // 2][0]
    assert judge_series(points, middle, UP).began_at is None
