"""What an investigation may use: steps, tokens and seconds, counted in one place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .errors import BudgetSpentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The bounds.

    Attributes:
        steps: Most looks.
        tokens: Most tokens of prompts and answers together.
        seconds: Longest time.
    """

    steps: int = 24
    tokens: int = 12_000
    seconds: float = 120.0


class Budget:
    """Counts what was used; whoever would exceed a bound is told before.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, allowance: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowance = allowance
        self._clock = clock
        self._began = clock()
        self.n_steps = 0
        self.n_tokens = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    @property
    def seconds_left(self) -> float:
        """Until the end, at least 0."""
        return max(0.0, self._allowance.seconds - self.seconds)

    @property
    def tokens_left(self) -> int:
        """That prompts and answers may still have, at least 0."""
        return max(0, self._allowance.tokens - self.n_tokens)

    def take_step(self) -> None:
        """Use one step.

        Raises:
            BudgetSpentError: None is left, or the time is over.
        """
        self._check_time()
        if self.n_steps >= self._allowance.steps:
            raise BudgetSpentError(f"all {self._allowance.steps} steps are used")
        self.n_steps += 1

    def take_tokens(self, n_tokens: int) -> None:
        """Use tokens before they are spent.

        Raises:
            BudgetSpentError: Fewer are left, or the time is over.
        """
        self._check_time()
        if n_tokens > self.tokens_left:
            raise BudgetSpentError(f"all {self._allowance.tokens:,} tokens are used")
        self.n_tokens += n_tokens

    def _check_time(self) -> None:
        if self.seconds >= self._allowance.seconds:
            raise BudgetSpentError(f"the {self._allowance.seconds:g} s are over")
