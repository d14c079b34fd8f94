"""What a waiting proposal still needs, in words for a card or a terminal; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .case import Case
from .decisions import n_counted, n_needed
from .freeze import matches
from .policy import Policy
from .rules import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a waiting proposal stands by the rules as they are now.

    Attributes:
        needs: Who must still say yes, one phrase.
        notes: What stands in the way or is unusual, one sentence each.
        offers_break_glass: Whether breaking the glass would help.
    """

    needs: str
    notes: tuple[str, ...] = ()
    offers_break_glass: bool = False


def standing_of(policy: Policy, case: Case, now: datetime) -> Standing:
    """Look at a proposal by the rules as they are at an aware moment."""
    plan = case.proposal.plan
    terms = policy.terms(plan.risk, plan.environment, now)
    n_all = n_needed(policy, plan, now)
    n_given = n_counted(policy, case.proposal, case.approvals, now)
    so_far = f", {n_given} so far" if n_given else ""
    needs = f"{n_all} of {_who(terms)}{so_far}{_not_requester(policy, case, terms)}"
    glass = policy.break_glass
    in_reach = glass is not None and matches(glass.environments, plan.environment)
    stuck = terms.freeze is not None or bool(terms.nobody)
    return Standing(
        needs=f"an approver, and there is none: {terms.nobody}" if terms.nobody else needs,
        notes=tuple(_notes(policy, terms, now)),
        offers_break_glass=in_reach and stuck and bool(policy.rules),
    )


def _who(terms: Terms) -> str:
    if terms.roles:
        return " or ".join(terms.roles)
    named = sorted(f"{team}:{user}" for team, user in terms.accounts if team == "local")
    return ", ".join(named) if len(named) == len(terms.accounts) else "the approvers"


def _not_requester(policy: Policy, case: Case, terms: Terms) -> str:
    requester = case.proposal.plan.requester
    me = policy.person(requester.account)
    if any(policy.person(account) == me for account in terms.may_approve_own):
        return ""
    return f", not the requester ({requester.name})"


def _notes(policy: Policy, terms: Terms, now: datetime) -> Iterator[str]:
    if terms.freeze is not None:
        roles = " or ".join(terms.freeze.override)
        who = f"only {roles} may approve now" if roles else "nobody may approve now"
        yield f"{terms.freeze.sentence(now)}; {who}"
    if terms.grant is not None:
        yield (
            f"break-glass is open until {terms.grant.until:%H:%M:%S} UTC, rules and freezes are set "
            f"aside: {terms.grant.reason}"
        )
    if policy.solo is not None and policy.solo.holds(now):
        yield f"solo mode until {policy.solo.end_at:%Y-%m-%d %H:%M} UTC: {policy.solo.reason}"
    yield from policy.notes
