"""When a request is sent again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.remote.retry import RetryPolicy, parse_retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
POLICY = RetryPolicy(n_retries=3, base_s=1.0, longest_s=10.0)


def test_waits_double_and_spread_over_the_upper_half() -> None:
    assert [POLICY.delay_s(n, chance=0.0) for n in (1, 2, 3)] == [0.5, 1.0, 2.0]
    latest = POLICY.delay_s(3, chance=0.999)
    assert latest is not None
    assert 3.9 < latest < 4.0


def test_it_gives_up_after_the_last_retry() -> None:
    assert POLICY.delay_s(4, chance=0.5) is None
    assert RetryPolicy(n_retries=0).delay_s(1, chance=0.0) is None


def test_the_endpoint_is_given_the_time_it_asks_for_but_not_more_than_the_limit() -> None:
    asked = POLICY.delay_s(1, chance=0.5, retry_after_s=4.0)
    assert asked is not None
    assert 4.0 <= asked <= 4.25
    assert POLICY.delay_s(1, chance=0.5, retry_after_s=10.1) is None


@given(
    n_failed=st.integers(1, 3),
    chance=st.floats(0, 1, exclude_max=True),
    asked=st.none() | st.floats(0, 10),
)
def test_a_wait_is_within_the_limit_and_never_shorter_than_asked(
    n_failed: int, chance: float, asked: float | None
) -> None:
    delay = POLICY.delay_s(n_failed, chance=chance, retry_after_s=asked)
    assert delay is not None
    assert (asked or 0.0) <= delay <= POLICY.longest_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("Sun, 01 Mar 2026 12:00:30", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


def test_impossible_policies_are_refused() -> None:
    with pytest.raises(ValueError, match="n_retries must be >= 0, got -1"):
        RetryPolicy(n_retries=-1)
    with pytest.raises(ValueError, match="base_s"):
        RetryPolicy(base_s=20.0, longest_s=10.0)
