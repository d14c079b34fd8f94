"""Who may approve, reject and launch; pure.

Every answer comes with one sentence for the person who clicked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .policy import APPROVERS_SETTING, AccountKind, Approval, Policy, risk_words
from .proposal import ActorRef, Plan, Proposal
from .rules import Terms

CLOCK_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer and its reason, one sentence.

    Attributes:
        given_before: Refused only because this person has said yes already.
    """

    allowed: bool
    reason: str
    given_before: bool = False


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
    plan = proposal.plan
    terms = policy.terms(plan.risk, plan.environment, now)
    refusal = (
        _out_of_time(plan, now)
        or _not_an_approver(policy, terms, plan, actor, kind)
        or _frozen(terms, actor, now)
        or _own_request(policy, terms, plan, actor)
    )
    if refusal is None and _has_approved(policy, actor, given):
        so_far = f"{_people(plan.n_approvals)} must, {len(given)} did so far"
        reason = f"you already approved it; {so_far}"
        return Decision(allowed=False, reason=reason, given_before=True)
    if refusal is not None:
        return Decision(allowed=False, reason=refusal)
    return Decision(allowed=True, reason=_grounds(policy, terms, plan, actor))


def n_counted(policy: Policy, proposal: Proposal, given: Iterable[Approval], now: datetime) -> int:
    """How many people's approvals count by the rules as they are now."""
    return len(
        {
            policy.person(approval.actor.account)
            for approval in given
            if _no_longer_valid(policy, proposal, approval, AccountKind.MEMBER, now) is None
        }
    )


def n_needed(policy: Policy, plan: Plan, now: datetime) -> int:
    """How many people must approve: what the record says, or what the rules say now if more."""
    return max(plan.n_approvals, policy.terms(plan.risk, plan.environment, now).n_approvals)


def decide_rejection(
    policy: Policy, proposal: Proposal, actor: ActorRef, kind: AccountKind, now: datetime
) -> Decision:
    """Whether this person may stop it: those who may approve, and the requester."""
    plan = proposal.plan
    own = policy.person(actor.account) == policy.person(plan.requester.account)
    if kind is AccountKind.MEMBER and own:
        return Decision(allowed=True, reason="the requester may withdraw a proposal")
    terms = policy.terms(plan.risk, plan.environment, now)
    refusal = _not_an_approver(policy, terms, plan, actor, kind)
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
    standing: set[str] = set()
    lost: list[str] = []
    for approval, kind in given:
        fault = _no_longer_valid(policy, proposal, approval, kind, now)
        if fault is None:
            standing.add(policy.person(approval.actor.account))
        else:
            lost.append(f"{approval.actor.name}: {fault}")
    needed = n_needed(policy, plan, now)
    if len(standing) < needed:
        why = f" ({'; '.join(lost)})" if lost else ""
        return Decision(
            allowed=False,
            reason=f"{_people(needed)} must approve, {len(standing)} approvals still hold{why}",
        )
    return Decision(allowed=True, reason=f"{len(standing)} of {needed} approvals hold")


def _no_longer_valid(
    policy: Policy, proposal: Proposal, approval: Approval, kind: AccountKind, now: datetime
) -> str | None:
    if approval.sha256 != proposal.sha256:
        return "approved another version of this record"
    plan, actor = proposal.plan, approval.actor
    terms = policy.terms(plan.risk, plan.environment, now)
    return (
        _not_an_approver(policy, terms, plan, actor, kind)
        or _frozen(terms, actor, now)
        or _own_request(policy, terms, plan, actor)
    )


def _out_of_time(plan: Plan, now: datetime) -> str | None:
    if now < plan.created_at - CLOCK_SLACK:
        return (
            f"it was proposed at {plan.created_at:%Y-%m-%d %H:%M:%S} UTC and the clock shows "
            f"{now:%Y-%m-%d %H:%M:%S}: the clock was set back, so nobody knows whether it expired"
        )
    if now >= plan.expires_at:
        return f"expired at {plan.expires_at:%H:%M:%S} UTC, not run; ask again for a new proposal"
    return None


def _not_an_approver(
    policy: Policy, terms: Terms, plan: Plan, actor: ActorRef, kind: AccountKind
) -> str | None:
    if kind is not AccountKind.MEMBER:
        article = "an" if kind is AccountKind.EXTERNAL else "a"
        return f"{article} {kind} account never approves"
    if terms.nobody:
        return "; ".join((f"nobody may approve yet: {terms.nobody}", *policy.notes))
    if all(actor.account) and actor.account in terms.accounts:
        return None
    if not policy.rules:
        return f"you are not an approver; the list is the setting {APPROVERS_SETTING}"
    what = f"{risk_words(plan.risk)} risk in {plan.environment} is for {_listed(terms.roles)}"
    return "; ".join((f"you are not an approver: {what}", *policy.notes))


def _frozen(terms: Terms, actor: ActorRef, now: datetime) -> str | None:
    if terms.freeze is None or actor.account in terms.override:
        return None
    roles = terms.freeze.override
    who = f"only {_listed(roles)} may approve now" if roles else "nobody may approve now"
    return f"{terms.freeze.sentence(now)}; {who}"


def _own_request(policy: Policy, terms: Terms, plan: Plan, actor: ActorRef) -> str | None:
    own = policy.person(actor.account) == policy.person(plan.requester.account)
    if own and actor.account not in terms.may_approve_own:
        return "you asked for it, so somebody else must approve"
    return None


def _has_approved(policy: Policy, actor: ActorRef, given: Iterable[Approval]) -> bool:
    me = policy.person(actor.account)
    return me in {policy.person(approval.actor.account) for approval in given}


def _grounds(policy: Policy, terms: Terms, plan: Plan, actor: ActorRef) -> str:
    """On what a yes rests; goes into the audit trail."""
    grounds = [f"{actor.name} may approve {risk_words(plan.risk)} risk"]
    if policy.person(actor.account) == policy.person(plan.requester.account):
        solo = f" in solo mode ({policy.solo.reason})" if policy.solo is not None else ""
        grounds.append(f"own request{solo}")
    if terms.freeze is not None:
        grounds.append(f"in spite of change freeze {terms.freeze.name!r}")
    if terms.grant is not None:
        grounds.append(f"with break-glass ({terms.grant.reason})")
    return ", ".join(grounds)


def _listed(roles: tuple[str, ...]) -> str:
    return " or ".join(roles)


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n} people"
