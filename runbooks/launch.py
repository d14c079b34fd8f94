"""The last look before anything runs: is this still what the right people approved?"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path

from .audit import AuditTrail
from .case import Case
from .decisions import Decision, decide_launch
from .directory import Directory
from .planning import anybody_could_replace, run_as
from .policy import AccountKind, Approval, PolicySource
from .store import AuditEntry, AuditKind
from .targets import Targets


class LaunchCheck:
    """Asks everything again that was asked when people clicked."""

    def __init__(
        self,
        *,
        audit: AuditTrail,
        policy: PolicySource,
        directory: Directory,
        targets: Targets | None = None,
    ) -> None:
        """Look with these; `targets` are those of the settings as they are now."""
        self._targets = targets or Targets()
        self._audit = audit
        self._policy = policy
        self._directory = directory

    async def decide(self, case: Case, now: datetime) -> Decision:
        """Whether an approved proposal may run now.

        Args:
            now: Aware UTC.

        Raises:
            DirectoryError: An approver cannot be looked up.
            AuditError: The audit trail cannot be read, or was changed.
        """
        entries = await asyncio.to_thread(
            self._audit.about, f"proposal:{case.proposal.proposal_id}"
        )
        fault = _not_in_trail(case, entries) or _wrong_machine(case) or self._moved_target(case)
        if fault is not None:
            return Decision(allowed=False, reason=fault)
        given: list[tuple[Approval, AccountKind]] = [
            (approval, await self._directory.kind_of(approval.actor)) for approval in case.approvals
        ]
        policy = await self._policy.in_force()
        return decide_launch(policy, case.proposal, tuple(given), now)

    def _moved_target(self, case: Case) -> str | None:
        """Whether a target is no longer what it was when people approved."""
        for name, facts in case.proposal.plan.targets.items():
            now = self._targets.by_name.get(name)
            if now is None or now.facts != facts:
                changed = "is no longer in the settings" if now is None else f"is now {now.facts}"
                return f"target {name!r} was {facts} when it was approved and {changed}"
        return None


def _not_in_trail(case: Case, entries: tuple[AuditEntry, ...]) -> str | None:
    """The database may lie about record and approvals together; the trail is signed."""
    sha256 = case.proposal.sha256
    matching = [entry for entry in entries if entry.facts.get("sha256") == sha256]
    if not any(entry.kind is AuditKind.PROPOSAL for entry in matching):
        return "the audit trail does not know this record: it was changed after it was made"
    known = {
        entry.actor.account
        for entry in matching
        if entry.kind is AuditKind.APPROVAL and entry.actor is not None
    }
    for approval in case.approvals:
        if approval.actor.account not in known:
            return f"the audit trail does not know the approval of {approval.actor.name}"
    return None


def _wrong_machine(case: Case) -> str | None:
    plan = case.proposal.plan
    if plan.run_as != run_as():
        return f"it was approved to run as {plan.run_as}, this is {run_as()}"
    for path in plan.executables.values():
        if not os.access(path, os.X_OK):
            return f"{path} is no longer there, or cannot be executed"
        if anybody_could_replace(Path(path)):
            return f"{path} could be replaced by anybody on this machine"
    return None
