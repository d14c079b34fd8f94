"""Writes the rules in force to the audit trail, whenever they change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from .audit import AuditTrail
from .policy import Policy
from .store import AuditKind


def policy_facts(policy: Policy) -> dict[str, str]:
    """The rules as facts for the trail; a policy file stands there with its hash."""
    facts = {
        "approvers": _listed(policy.approvers),
        "allow_self_approval": str(policy.allow_self_approval),
        "ttl_s": str(policy.ttl_s),
        "n_approvals": ", ".join(f"{risk}: {n}" for risk, n in sorted(policy.n_approvals.items())),
    }
    if not policy.source:
        return facts
    facts = {"file": policy.source, "sha256": policy.digest, "fault": policy.fault}
    for name, role in policy.roles.items():
        facts[f"role {name}"] = _listed(role.accounts | role.groups)
    if policy.solo is not None:
        until = f"{policy.solo.end_at:%Y-%m-%dT%H:%M:%SZ}"
        facts["solo"] = f"{', '.join(policy.solo.roles)} until {until}: {policy.solo.reason}"
    return facts


async def announce(
    audit: AuditTrail, policy: Policy, place: str, at: datetime, more: Mapping[str, str]
) -> None:
    """Write the rules, unless they stand there already as the newest of their place.

    Args:
        place: Where they hold, for example "terminal"; each place has its own history.
        at: Aware UTC.
        more: Further facts, for example why a changed file was not taken.

    Raises:
        AuditError: The trail cannot be read or written.
    """
    facts = {**policy_facts(policy), **more}
    earlier = await asyncio.to_thread(audit.about, f"policy:{place}")
    if not earlier or dict(earlier[-1].facts) != facts:
        await asyncio.to_thread(audit.append, AuditKind.POLICY, f"policy:{place}", at, None, facts)


def _listed(accounts: frozenset[tuple[str, str]]) -> str:
    return ", ".join(sorted(f"{team}:{name}" for team, name in accounts))
