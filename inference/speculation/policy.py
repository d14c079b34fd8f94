"""How long a draft should be: what it is expected to bring against what it costs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..step_costs import RowCosts

DEFAULT_ROW_COSTS = RowCosts(
    seconds={1: 1.0, 2: 1.9, 3: 2.3, 4: 2.8, 6: 3.9, 8: 6.4, 16: 6.8, 24: 8.7, 32: 9.4}
)
"""Measured on two cores, 1.5 billion weights of 4 bits: few rows are hardly cheaper than one by one,
and from 8 to 16 rows hardly anything is added."""


class DraftKind(StrEnum):
    """Where a guess comes from, the most certain first."""

    FORCED = "forced"
    PROMPT_LOOKUP = "prompt_lookup"
    DRAFT_MODEL = "draft_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPolicy:
    """Chooses lengths of drafts.

    Attributes:
        row_costs: Durations of steps by rows; only their ratios count.
        max_draft: Longest draft, in tokens.
        least_gain: A draft is used only if it makes a step's tokens so many times cheaper.
    """

    row_costs: RowCosts = DEFAULT_ROW_COSTS
    max_draft: int = 15
    least_gain: float = 1.15

    def length(self, rate: float, n_available: int, token_cost: float = 0.0) -> int:
        """The number of drafted tokens at which a token of the answer is expected cheapest.

        Args:
            rate: Chance that a token is right, given that those before it were.
            n_available: Most tokens that can be had.
            token_cost: What guessing one token costs, in decodes of one row.

        Returns:
            0 when no draft is expected to pay.
        """
        best, best_gain = 0, self.least_gain
        n_expected = chance = 1.0
        for n_drafted in range(1, min(n_available, self.max_draft) + 1):
            chance *= rate
            n_expected += chance
            gain = n_expected / (self._cost(1 + n_drafted) + token_cost * n_drafted)
            if gain > best_gain:
                best, best_gain = n_drafted, gain
        return best

    def _cost(self, n_rows: int) -> float:
        """Duration of a step over that of one with a single row."""
        return self.row_costs.expected_s(n_rows, 0) / self.row_costs.expected_s(1, 0)
