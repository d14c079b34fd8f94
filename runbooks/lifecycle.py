"""The states of a proposal and the moves between them; pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ProposalState(StrEnum):
    """How far a proposal is. `UNKNOWN`: the process died while it was running."""

    PENDING = "pending"
    APPROVED = "approved"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


MOVES: Mapping[ProposalState, frozenset[ProposalState]] = {
    ProposalState.PENDING: frozenset(
        {ProposalState.APPROVED, ProposalState.REJECTED, ProposalState.EXPIRED}
    ),
    ProposalState.APPROVED: frozenset(
        {ProposalState.RUNNING, ProposalState.REJECTED, ProposalState.EXPIRED}
    ),
    ProposalState.RUNNING: frozenset(
        {ProposalState.SUCCEEDED, ProposalState.FAILED, ProposalState.UNKNOWN}
    ),
    ProposalState.SUCCEEDED: frozenset(),
    ProposalState.FAILED: frozenset(),
    ProposalState.REJECTED: frozenset(),
    ProposalState.EXPIRED: frozenset(),
    ProposalState.UNKNOWN: frozenset(),
}


def may_move(source: ProposalState, target: ProposalState) -> bool:
    """Whether a proposal in `source` can become `target`."""
    return target in MOVES[source]


def is_final(state: ProposalState) -> bool:
    """Whether nothing can happen to the proposal any more."""
    return not MOVES[state]
