"""A proposal and what became of it, checked: what cards, lists and the executor look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .lifecycle import ProposalState
from .policy import Approval
from .proposal import ActorRef, Proposal, unseal
from .store import StepRecord, StoredProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A proposal with its state.

    Attributes:
        reason: Why it is in this state, one sentence.
        changed_at: Since when, aware UTC.
        by: Who brought it there; None for the clock or the executor.
        approvals: In the order given.
        steps: By position; only those begun.
    """

    proposal: Proposal
    state: ProposalState
    reason: str
    changed_at: datetime
    by: ActorRef | None
    approvals: tuple[Approval, ...]
    steps: tuple[StepRecord, ...]


def open_case(stored: StoredProposal) -> Case:
    """Check and read a stored proposal.

    Raises:
        ProposalError: Its record was changed after it was made.
    """
    return Case(
        proposal=unseal(stored.proposal_id, stored.payload, stored.sha256),
        state=stored.state,
        reason=stored.reason,
        changed_at=stored.changed_at,
        by=stored.by,
        approvals=stored.approvals,
        steps=stored.steps,
    )


def stale_answer(case: Case) -> str | None:
    """What to tell somebody who clicks on a proposal that no longer waits; None while it does."""
    at = f"{case.changed_at:%H:%M:%S} UTC"
    who = case.by.name if case.by is not None else None
    answers: dict[ProposalState, str] = {
        ProposalState.APPROVED: f"already approved by {_approvers(case)} at {at}",
        ProposalState.RUNNING: f"already approved by {_approvers(case)}, running since {at}",
        ProposalState.SUCCEEDED: f"already run, succeeded at {at}",
        ProposalState.FAILED: f"already run, failed at {at}: {case.reason}",
        ProposalState.REJECTED: f"rejected by {who or 'opsbot'} at {at}: {case.reason}",
        ProposalState.EXPIRED: "expired, not run; ask again for a new proposal",
        ProposalState.UNKNOWN: f"its end is unknown: {case.reason}",
    }
    return answers.get(case.state)


def _approvers(case: Case) -> str:
    return ", ".join(approval.actor.name for approval in case.approvals) or "somebody"
