"""The budget is never exceeded, and says which bound was met."""

from __future__ import annotations

import pytest

from bot.skills.investigation.budget import Allowance, Budget
from bot.skills.investigation.errors import BudgetSpentError


def test_no_step_beyond_the_last() -> None:
    budget = Budget(Allowance(steps=2))
    budget.take_step()
    budget.take_step()
    with pytest.raises(BudgetSpentError, match="2 steps"):
        budget.take_step()
    assert budget.n_steps == 2


def test_tokens_are_refused_before_they_are_spent() -> None:
    budget = Budget(Allowance(tokens=100))
    budget.take_tokens(60)
    with pytest.raises(BudgetSpentError, match="tokens"):
        budget.take_tokens(41)
    assert budget.n_tokens == 60


def test_time_ends_it() -> None:
    times = iter([0.0, 5.0, 11.0, 11.0, 11.0])
    budget = Budget(Allowance(seconds=10.0), clock=lambda: next(times))
    budget.take_step()
    with pytest.raises(BudgetSpentError, match="10 s"):
        budget.take_step()
    assert budget.seconds_left == 0.0
