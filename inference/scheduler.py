"""Whose turn it is. Pure policy: plain values in, a choice out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from .request import Priority


class Candidate(Protocol):
    """What the policy looks at.

    Attributes:
        priority: The request's class.
        order: Rank of arrival; smaller came first.
        n_cells: Tokens that occupy memory now; 0 while it waits.
    """

    @property
    def priority(self) -> Priority: ...  # noqa: D102 - see the attributes above

    @property
    def order(self) -> int: ...  # noqa: D102

    @property
    def n_cells(self) -> int: ...  # noqa: D102


C = TypeVar("C", bound=Candidate)


def next_to_run(candidates: Sequence[C]) -> C:
    """Choose who gets the next step: the better class first, then first come first served.

    A background request in progress pauses while an interactive one is there.

    Raises:
        ValueError: There is no candidate.
    """
    return min(candidates, key=lambda candidate: (candidate.priority, candidate.order))


def next_to_preempt(candidates: Sequence[C], beneficiary: C) -> C | None:
    """Choose who gives up its cells for `beneficiary`: the worst class, then the youngest."""
    holders = [c for c in candidates if c is not beneficiary and c.n_cells > 0]
    return max(holders, key=lambda c: (c.priority, c.order), default=None)
