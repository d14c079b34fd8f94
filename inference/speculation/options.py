"""What may be guessed, and what guessing costs."""

from __future__ import annotations

from dataclasses import dataclass

from ..step_costs import RowCosts
from .policy import DEFAULT_ROW_COSTS


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeculationOptions:
    """Ways of guessing. A guess never changes an answer, only how fast it comes.

    Attributes:
        forced: Guess what a request's grammar leaves no choice about.
        prompt_lookup: Guess that a text goes on as it did before in prompt or answer.
        draft_model: Guess with a smaller model, if one is given.
        max_draft: Longest draft, in tokens.
        row_costs: Durations of the model's steps by rows, as measured on this machine; only their
            ratios count.
        draft_token_cost: What one token of the draft model costs, in decodes of the model.

    Raises:
        ValueError: A value is out of its range.
    """

    forced: bool = True
    prompt_lookup: bool = True
    draft_model: bool = False
    max_draft: int = 15
    row_costs: RowCosts = DEFAULT_ROW_COSTS
    draft_token_cost: float = 0.5

    def __post_init__(self) -> None:
        if self.max_draft < 1:
            raise ValueError(f"max_draft is {self.max_draft}, it must be at least 1")
        if self.draft_token_cost < 0:
            raise ValueError(f"draft_token_cost is {self.draft_token_cost}, it must be at least 0")
