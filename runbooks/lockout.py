"""Where a policy lets nobody, or too few, approve; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from .policy import Policy, risk_words
from .rules import Terms
from .schema import RISK_ORDER, Risk


def lockouts(policy: Policy, environments: Iterable[str], now: datetime) -> tuple[str, ...]:
    """One sentence for each way in which some risk cannot be approved in some environment.

    Freezes and break-glass are left out: they pass. Of roles with user groups it is taken that the
    groups have enough members.

    Args:
        environments: Those that are known; those that the rules name are looked at too.
        now: Aware UTC.
    """
    named = {name for rule in policy.rules for name in rule.environments}
    plain = {name for name in named if not any(sign in name for sign in "*?[")}
    found: list[str] = []
    for environment in sorted({*environments, *plain}):
        faults: dict[str, list[Risk]] = {}
        for risk in RISK_ORDER:
            fault = _fault(policy, policy.terms(risk, environment, now))
            if fault:
                faults.setdefault(fault, []).append(risk)
        for fault, risks in faults.items():
            words = ", ".join(risk_words(risk) for risk in risks)
            found.append(f"{words} risk in {environment}: {fault}")
    return (*found, *_glass_faults(policy))


def _fault(policy: Policy, terms: Terms) -> str:
    if any(policy.roles[name].groups for name in terms.roles):
        return ""
    if terms.nobody.startswith("no rule"):
        return "nobody may approve, for no rule is about it"
    if terms.nobody:
        return f"nobody may approve: {terms.nobody}"
    people = {policy.person(account) for account in terms.accounts}
    if len(people) < terms.n_approvals:
        return f"{terms.n_approvals} people must approve, and only {len(people)} may"
    own = {policy.person(account) for account in terms.may_approve_own}
    if len(people) == 1 and not people <= own:
        return "nobody can approve it when the only approver asks, for who asked may not"
    return ""


def _glass_faults(policy: Policy) -> Iterator[str]:
    glass = policy.break_glass
    if glass is None or any(policy.roles[name].groups for name in glass.roles):
        return
    people = {policy.person(account) for account in policy.members(glass.roles)}
    if len(people) < 2:
        yield f"break-glass needs two people, and its roles have {len(people)}"
