"""How often guesses turned out right."""

from __future__ import annotations

_MEMORY = 0.9
"""What is left of an observation's weight after each later one."""
_REGRESSION = 0.02
"""How much of the way back to the prior one unused chance goes."""


class Acceptance:
    """The chance that a drafted token is right, given that those before it were.

    A running average over the newest observations, together with a prior. Where guessing itself
    costs time and the chance has become too low for it, nothing would ever be observed again; so
    each chance that was let pass brings it a little back towards the prior.

    Args:
        prior: Expected before anything was seen, 0 < prior < 1.
        weight: How many observed tokens the prior is worth.
    """

    def __init__(self, prior: float, weight: float = 4.0) -> None:
        self._prior = prior
        self._weight = weight
        self._n_right = 0.0
        self._n_judged = 0.0

    @property
    def rate(self) -> float:
        """The chance, 0 < rate < 1."""
        return (self._n_right + self._prior * self._weight) / (self._n_judged + self._weight)

    def learn(self, n_proposed: int, n_accepted: int) -> None:
        """Take one verified draft into account; tokens after the first wrong one tell nothing."""
        n_judged = n_accepted + (n_accepted < n_proposed)
        keep = _MEMORY**n_judged
        self._n_right = self._n_right * keep + n_accepted
        self._n_judged = self._n_judged * keep + n_judged

    def pass_up(self) -> None:
        """Note that there was a guess and it was not worth verifying."""
        self._n_right *= 1 - _REGRESSION
        self._n_judged *= 1 - _REGRESSION
