"""The last look before anything runs: is this still what the right people approved?"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path

from .audit import AuditTrail
from .case import Case
from .decisions import CLOCK_SLACK, Decision, decide_launch
from .directory import LOCAL_TEAM, Directory
from .moved import moved
from .planning import Site, anybody_could_replace, run_as
from .policy import AccountKind, Approval, PolicySource
from .store import AuditEntry, AuditKind, StepState


class LaunchCheck:
    """Asks everything again that was asked when people clicked."""

    def __init__(
        self,
        *,
        audit: AuditTrail,
        policy: PolicySource,
        directory: Directory,
        site: Site,
    ) -> None:
        """Look with these; `site` is that of the settings as they are now."""
        self._site = site
        self._audit = audit
        self._policy = policy
        self._directory = directory

    async def decide(self, case: Case, now: datetime, *, goes_on: bool = False) -> Decision:
        """Whether an approved proposal may run now.

        Args:
            now: Aware UTC.
            goes_on: It was begun before, and only goes on.

        Raises:
            DirectoryError: An approver cannot be looked up.
            AuditError: The audit trail cannot be read, or was changed.
        """
        entries = await asyncio.to_thread(
            self._audit.about, f"proposal:{case.proposal.proposal_id}"
        )
        fault = (
            _not_in_trail(case, entries)
            or _set_back(entries, now)
            or (_not_left_so(case, entries) if goes_on else _ran_before(entries))
            or _wrong_machine(case)
            or moved(case.proposal.plan, self._site)
        )
        if fault is not None:
            return Decision(allowed=False, reason=fault)
        given: list[tuple[Approval, AccountKind]] = [
            (approval, await self._directory.kind_of(approval.actor)) for approval in case.approvals
        ]
        policy = await self._policy.in_force()
        return decide_launch(policy, case.proposal, tuple(given), now)


def runs_elsewhere(case: Case) -> str | None:
    """Why another process of this installation must launch it; None when a terminal here can."""
    plan = case.proposal.plan
    if plan.run_as != run_as():
        return f"it runs as {plan.run_as}"
    others = [each.actor.name for each in case.approvals if each.actor.team_id != LOCAL_TEAM]
    if others:
        return f"only the bot can look up {', '.join(others)}"
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


def _set_back(entries: tuple[AuditEntry, ...], now: datetime) -> str | None:
    """A clock that was set back would lengthen the time to run."""
    latest = max(entry.at for entry in entries)
    if now >= latest - CLOCK_SLACK:
        return None
    return (
        f"the audit trail goes on until {latest:%Y-%m-%d %H:%M:%S} UTC and the clock shows "
        f"{now:%Y-%m-%d %H:%M:%S}: it was set back"
    )


def _ran_before(entries: tuple[AuditEntry, ...]) -> str | None:
    """The database may say that it never ran; the trail is signed."""
    if "started" in _events(entries):
        return "the audit trail says that it has run before: one approval runs once"
    return None


def _not_left_so(case: Case, entries: tuple[AuditEntry, ...]) -> str | None:
    """Likewise of a run that is to go on: it must not be over, and nothing it did forgotten."""
    if "finished" in _events(entries):
        return "the audit trail says that this run is over"
    stored = {record.step_id for record in case.steps if record.state is not StepState.STARTED}
    ended = {e.facts.get("step", "") for e in entries if e.facts.get("event") == "step_finished"}
    forgotten = sorted(ended - stored)
    if forgotten:
        return f"the audit trail says that {', '.join(forgotten)} ended, the database does not"
    return None


def _events(entries: tuple[AuditEntry, ...]) -> frozenset[str]:
    runs = (entry for entry in entries if entry.kind is AuditKind.RUN)
    return frozenset(entry.facts.get("event", "") for entry in runs)


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
