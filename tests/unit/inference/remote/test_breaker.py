"""How long something broken is passed over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.remote.breaker import Breaker


def test_a_new_breaker_allows() -> None:
    assert Breaker().allows(0.0)


def test_a_failure_closes_the_way_for_the_cooldown_and_no_longer() -> None:
    breaker = Breaker(cooldown_s=5.0).failed(100.0)
    assert not breaker.allows(104.9)
    assert breaker.allows(105.0)


def test_only_one_request_tries_it_after_the_cooldown() -> None:
    breaker = Breaker(cooldown_s=5.0).failed(100.0).tried(105.0)
    assert not breaker.allows(105.0)
    assert breaker.allows(110.0)


def test_trying_what_works_changes_nothing() -> None:
    assert Breaker().tried(1.0) == Breaker()


@given(n_failures=st.integers(1, 200))
def test_the_cooldown_grows_to_its_limit_and_an_answer_ends_it(n_failures: int) -> None:
    breaker = Breaker(cooldown_s=5.0, longest_s=60.0)
    waits: list[float] = []
    for _ in range(n_failures):
        breaker = breaker.failed(0.0)
        waits.append(breaker.open_until_mono)
    assert waits == sorted(waits)
    assert waits[0] == 5.0
    assert waits[-1] <= 60.0
    assert breaker.worked().allows(0.0)
