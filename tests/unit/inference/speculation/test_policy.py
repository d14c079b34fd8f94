from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.speculation.acceptance import Acceptance
from inference.speculation.policy import DEFAULT_ROW_COSTS, DraftPolicy
from inference.step_costs import RowCosts

FLAT = RowCosts(seconds={1: 1.0, 64: 1.0})
LINEAR = RowCosts(seconds={1: 1.0, 64: 64.0})
RATES = st.floats(0.01, 0.99)


@given(RATES, st.integers(0, 40))
def test_a_draft_keeps_its_bounds(rate: float, n_available: int) -> None:
    policy = DraftPolicy(row_costs=FLAT, max_draft=12)
    assert 0 <= policy.length(rate, n_available) <= min(12, n_available)


@given(RATES, st.integers(0, 40))
def test_nothing_is_drafted_when_rows_cost_as_much_as_steps(rate: float, n_available: int) -> None:
    assert DraftPolicy(row_costs=LINEAR).length(rate, n_available) == 0


@given(RATES, RATES, st.integers(0, 16))
def test_surer_guesses_are_never_shorter(one: float, other: float, n_available: int) -> None:
    policy = DraftPolicy()
    low, high = sorted((one, other))
    assert policy.length(low, n_available) <= policy.length(high, n_available)


def test_on_two_cores_only_sure_guesses_pay() -> None:
    policy = DraftPolicy()
    assert policy.length(0.97, 3) == 3
    assert policy.length(0.6, 16) == 0


def test_free_rows_are_all_used() -> None:
    assert DraftPolicy(row_costs=FLAT, max_draft=8).length(0.8, 16) == 8


def test_only_ratios_of_costs_count() -> None:
    scaled = {n_rows: cost * 0.03 for n_rows, cost in DEFAULT_ROW_COSTS.seconds.items()}
    policy = DraftPolicy(row_costs=RowCosts(seconds=scaled))
    lengths = [policy.length(0.9, n) for n in range(17)]
    assert lengths == [DraftPolicy().length(0.9, n) for n in range(17)]
    assert any(lengths)


def test_a_draft_model_has_to_earn_its_own_time() -> None:
    policy = DraftPolicy(row_costs=RowCosts(seconds={1: 1.0, 16: 2.0}))
    assert policy.length(0.8, 8, token_cost=0.05) > 0
    assert policy.length(0.8, 8, token_cost=1.0) == 0


@given(st.lists(st.tuples(st.integers(1, 16), st.integers(0, 16)), max_size=40))
def test_acceptance_stays_a_chance(drafts: list[tuple[int, int]]) -> None:
    acceptance = Acceptance(0.5)
    for n_proposed, n_accepted in drafts:
        acceptance.learn(n_proposed, min(n_proposed, n_accepted))
        assert 0 < acceptance.rate < 1


def test_acceptance_follows_what_happens() -> None:
    acceptance = Acceptance(0.5)
    for _ in range(20):
        acceptance.learn(4, 4)
    assert acceptance.rate > 0.85
    for _ in range(20):
        acceptance.learn(4, 0)
    assert acceptance.rate < 0.25


def test_tokens_after_the_first_wrong_one_count_for_nothing() -> None:
    short, long = Acceptance(0.5), Acceptance(0.5)
    short.learn(2, 1)
    long.learn(16, 1)
    assert short.rate == long.rate


def test_unused_chances_lead_back_to_the_prior() -> None:
    acceptance = Acceptance(0.8)
    for _ in range(20):
        acceptance.learn(1, 0)
    assert acceptance.rate < 0.3
    for _ in range(400):
        acceptance.pass_up()
    assert abs(acceptance.rate - 0.8) < 0.01
