"""Who may approve, reject and launch; pure.

Every answer comes with one sentence for the person who clicked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from .errors import PolicyError
from .proposal import ActorRef, Plan, Proposal
from .schema import Risk

APPROVERS_SETTING = "runbooks.approvers"
DEFAULT_N_APPROVALS: Mapping[Risk, int] = MappingProxyType(
    {Risk.READ_ONLY: 1, Risk.LOW: 1, Risk.MEDIUM: 1, Risk.HIGH: 2}
)


class AccountKind(StrEnum):
    """What sort of account clicks; anything but MEMBER never approves."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"
    BOT = "bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer and its reason, one sentence."""

    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's yes.

    Attributes:
        at: Aware UTC.
        sha256: Of the proposal as the person saw it.
    """

    actor: ActorRef
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules in force.

    Attributes:
        approvers: (team id, user id) of everybody who may approve; nobody when empty.
        allow_self_approval: Solo mode: the requester may approve, when on the list.
        ttl_s: A proposal expires after, in seconds.
        n_approvals: Distinct approvers needed, by risk.

    Raises:
        PolicyError: A number makes no sense.
    """

    approvers: frozenset[tuple[str, str]]
    allow_self_approval: bool = False
    ttl_s: float = 900.0
    n_approvals: Mapping[Risk, int] = field(default_factory=lambda: dict(DEFAULT_N_APPROVALS))

    def __post_init__(self) -> None:
        if self.ttl_s <= 0:
            raise PolicyError("the time to approve must be more than 0 seconds")
        for risk in Risk:
            if self.n_approvals.get(risk, 0) < 1:
                raise PolicyError(f"risk {risk} needs at least one approval")


def parse_approvers(entries: Iterable[str], *, team_id: str) -> frozenset[tuple[str, str]]:
    """Read the setting `runbooks.approvers`.

    Args:
        entries: "TEAM:USER", for example "local:ada"; or a bare user id of the team `team_id`.
        team_id: The workspace that the bot lives in; empty where there is none, so that bare
            ids match nobody.

    Raises:
        PolicyError: An entry is empty or half empty.
    """
    return frozenset(_parse_approver(entry, team_id) for entry in entries)


def _parse_approver(entry: str, team_id: str) -> tuple[str, str]:
    team, colon, user = entry.strip().rpartition(":")
    if not user or (colon and not team):
        raise PolicyError(f"{APPROVERS_SETTING}: {entry!r} is neither USER nor TEAM:USER")
    return (team if colon else team_id), user


def decide_approval(
    policy: Policy,
    proposal: Proposal,
    actor: ActorRef,
    kind: AccountKind,
    given: tuple[Approval, ...],
    now: datetime,
) -> Decision:
    """Whether this person's yes counts.

    Args:
        given: Approvals so far.
        now: Aware UTC.
    """
    refusal = (
        _out_of_time(proposal.plan, now)
        or _not_an_approver(policy, actor, kind)
        or _own_request(policy, proposal.plan, actor)
    )
    if refusal is None and actor.account in {approval.actor.account for approval in given}:
        refusal = (
            f"you already approved it; {_people(proposal.plan.n_approvals)} must, "
            f"{len(given)} did so far"
        )
    if refusal is not None:
        return Decision(allowed=False, reason=refusal)
    return Decision(allowed=True, reason=f"{actor.name} may approve {proposal.plan.risk} risk")


def decide_rejection(
    policy: Policy, proposal: Proposal, actor: ActorRef, kind: AccountKind
) -> Decision:
    """Whether this person may stop it: those who may approve, and the requester."""
    if kind is AccountKind.MEMBER and actor.account == proposal.plan.requester.account:
        return Decision(allowed=True, reason="the requester may withdraw a proposal")
    refusal = _not_an_approver(policy, actor, kind)
    if refusal is not None:
        return Decision(allowed=False, reason=refusal)
    return Decision(allowed=True, reason="an approver may reject a proposal")


def decide_launch(
    policy: Policy,
    proposal: Proposal,
    given: tuple[tuple[Approval, AccountKind], ...],
    now: datetime,
) -> Decision:
    """Whether an approved proposal may still run.

    Args:
        given: Every approval with what the account is now.
        now: Aware UTC.
    """
    plan = proposal.plan
    late = _out_of_time(plan, now)
    if late is not None:
        return Decision(allowed=False, reason=late)
    standing: set[tuple[str, str]] = set()
    lost: list[str] = []
    for approval, kind in given:
        fault = _no_longer_valid(policy, proposal, approval, kind)
        if fault is None:
            standing.add(approval.actor.account)
        else:
            lost.append(f"{approval.actor.name}: {fault}")
    needed = max(plan.n_approvals, policy.n_approvals[plan.risk])
    if len(standing) < needed:
        why = f" ({'; '.join(lost)})" if lost else ""
        return Decision(
            allowed=False,
            reason=f"{_people(needed)} must approve, {len(standing)} approvals still hold{why}",
        )
    return Decision(allowed=True, reason=f"{len(standing)} of {needed} approvals hold")


def _no_longer_valid(
    policy: Policy, proposal: Proposal, approval: Approval, kind: AccountKind
) -> str | None:
    if approval.sha256 != proposal.sha256:
        return "approved another version of this record"
    return _not_an_approver(policy, approval.actor, kind) or _own_request(
        policy, proposal.plan, approval.actor
    )


def _out_of_time(plan: Plan, now: datetime) -> str | None:
    if now >= plan.expires_at:
        return f"expired at {plan.expires_at:%H:%M:%S} UTC, not run; ask again for a new proposal"
    return None


def _not_an_approver(policy: Policy, actor: ActorRef, kind: AccountKind) -> str | None:
    if kind is not AccountKind.MEMBER:
        article = "an" if kind is AccountKind.EXTERNAL else "a"
        return f"{article} {kind} account never approves"
    if not policy.approvers:
        return f"nobody may approve yet: set {APPROVERS_SETTING}"
    if not all(actor.account) or actor.account not in policy.approvers:
        return f"you are not an approver; the list is the setting {APPROVERS_SETTING}"
    return None


def _own_request(policy: Policy, plan: Plan, actor: ActorRef) -> str | None:
    if actor.account == plan.requester.account and not policy.allow_self_approval:
        return "you asked for it, so somebody else must approve"
    return None


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n} people"
