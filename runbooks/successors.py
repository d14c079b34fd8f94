"""Proposals made from proposals: with edited values, or to undo what a run did.

Both are new records that wait for approvals of their own; neither changes the old record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .actions.kinds import ParameterValue
from .approvals import Approvals
from .binding import BoundStep, resolve
from .case import Case
from .errors import ProposalError
from .lifecycle import ProposalState
from .planning import Groundwork, Head, ProposalRequest, ground_of
from .policy import AccountKind
from .proposal import ActorRef, Origin, Plan, Proposal
from .schema import RISK_ORDER, Runbook
from .store import StepState

_RAN = frozenset({StepState.STARTED, StepState.SUCCEEDED, StepState.FAILED})
_OVER = frozenset({ProposalState.SUCCEEDED, ProposalState.FAILED, ProposalState.UNKNOWN})
_STANDS = frozenset(
    {
        ProposalState.PENDING,
        ProposalState.APPROVED,
        ProposalState.RUNNING,
        ProposalState.SUCCEEDED,
        ProposalState.UNKNOWN,
    }
)
_LOOK_BACK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """What became of editing or undoing.

    Attributes:
        reason: One sentence for the person who asked.
        proposal: The new proposal; None when there is none.
        old: The proposal it was made from, as it is now.
    """

    reason: str
    proposal: Proposal | None
    old: Case


class Successors:
    """Makes them."""

    def __init__(self, approvals: Approvals) -> None:
        self._approvals = approvals
        self._turn = asyncio.Lock()

    async def edit(
        self,
        proposal_id: int,
        runbook: Runbook,
        values: Mapping[str, ParameterValue | str],
        actor: ActorRef,
        kind: AccountKind,
    ) -> Succession:
        """Propose a runbook again with other values, in place of a waiting proposal.

        Args:
            runbook: The one the proposal names, as it is now.
            values: Of all its parameters; who edits becomes the requester.

        Raises:
            ParameterError: A value is missing or wrong; the old proposal still waits.
            VariableError: The runbook refers to a variable that is not set.
            ProposalError: There is no such proposal, or the new one cannot be made.
            AuditError: The audit trail cannot be written.
        """
        async with self._turn:
            case = await self._approvals.get(proposal_id)
            plan = case.proposal.plan
            refusal = await self._approvals.cannot_stop(case, actor, kind)
            if refusal is None and _is_same(plan, runbook, values):
                refusal = "no value was changed, so the proposal stays as it is"
            if refusal is not None:
                return await self._refuse(case, actor, refusal)
            request = ProposalRequest(
                runbook=runbook,
                values=values,
                requester=actor,
                where=plan.where,
                why=plan.why,
                evidence=plan.evidence,
                origins=_kept_origins(plan, runbook, values),
            )
            proposal = await self._approvals.propose(request, replaces=proposal_id)
            return await self._replace(proposal_id, proposal, actor, kind)

    async def _replace(
        self, old_id: int, new: Proposal, actor: ActorRef, kind: AccountKind
    ) -> Succession:
        """Close the old proposal; if somebody decided it meanwhile, the new one goes instead."""
        words = f"replaced by proposal #{new.proposal_id}"
        closed = await self._approvals.reject(old_id, actor, kind, words)
        old = await self._approvals.get(old_id)
        if closed.allowed:
            return Succession(reason=f"#{old_id} is {words}", proposal=new, old=old)
        reason = f"#{old_id} was decided meanwhile: {closed.reason}"
        await self._approvals.reject(new.proposal_id, actor, kind, reason)
        return Succession(reason=reason, proposal=None, old=old)

    async def undo(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> Succession:
        """Propose the rollbacks of the steps that ran, the last one first.

        Raises:
            ProposalError: There is no such proposal, or the new one cannot be made.
            AuditError: The audit trail cannot be written.
        """
        async with self._turn:
            case = await self._approvals.get(proposal_id)
            refusal = await self._cannot_undo(case, kind)
            if refusal is not None:
                return await self._refuse(case, actor, refusal)
            steps = undo_steps(case)
            plan = case.proposal.plan
            ground = ground_of(steps, plan.parameters, self._approvals.site)
            moved = _moved(plan, ground)
            if moved is not None:
                return await self._refuse(case, actor, moved)
            proposal = await self._approvals.submit(_undo_head(case, steps, actor), ground)
            reason = f"the undo of #{proposal_id} is proposal #{proposal.proposal_id}"
            return Succession(reason=reason, proposal=proposal, old=case)

    async def _cannot_undo(self, case: Case, kind: AccountKind) -> str | None:
        if kind is not AccountKind.MEMBER:
            return f"a {kind} account proposes nothing"
        if case.state not in _OVER:
            return f"it is {case.state}: only what has run can be undone"
        if not undo_steps(case):
            return "no step that ran declares how to undo it"
        for other in await self._approvals.recent(_LOOK_BACK):
            undoes = other.proposal.plan.undoes == case.proposal.proposal_id
            if undoes and other.state in _STANDS:
                return f"its undo is proposal #{other.proposal.proposal_id} already ({other.state})"
        return None

    async def _refuse(self, case: Case, actor: ActorRef, reason: str) -> Succession:
        result = await self._approvals.refuse(case.proposal.proposal_id, actor, reason, case)
        return Succession(reason=result.reason, proposal=None, old=case)


def undo_steps(case: Case) -> tuple[BoundStep, ...]:
    """The rollbacks of the steps that ran, in reverse order."""
    ran = {record.position for record in case.steps if record.state in _RAN}
    steps = [step for position, step in enumerate(case.proposal.plan.steps) if position in ran]
    return tuple(
        BoundStep(
            step_id=f"undo-{step.step_id}",
            title=f"Undo: {step.title}",
            risk=step.risk,
            action=step.rollback,
            group=f"undo-{step.step_id}",
        )
        for step in reversed(steps)
        if step.rollback is not None
    )


def _undo_head(case: Case, steps: tuple[BoundStep, ...], actor: ActorRef) -> Head:
    proposal_id, plan = case.proposal.proposal_id, case.proposal.plan
    return Head(
        runbook=replace(plan.runbook, title=f"Undo of #{proposal_id}: {plan.runbook.title}"),
        risk=max((step.risk for step in steps), key=RISK_ORDER.index),
        requester=actor,
        where=plan.where,
        why=f"#{proposal_id} {case.state.value}: {case.reason}",
        undoes=proposal_id,
    )


def _moved(plan: Plan, ground: Groundwork) -> str | None:
    """Whether the undo would reach somewhere else than what it undoes."""
    if ground.environment != plan.environment:
        return f"it ran in {plan.environment}, the undo would run in {ground.environment}"
    for name, facts in ground.targets.items():
        then = plan.targets.get(name, facts)
        if then != facts:
            return f"target {name!r} was {then} when it ran and is now {facts}"
    return None


def _kept_origins(
    plan: Plan, runbook: Runbook, values: Mapping[str, ParameterValue | str]
) -> dict[str, Origin]:
    """Where the values come from that nobody changed; the others were said by who edited."""
    given = resolve(runbook, values)
    return {
        name: origin
        for name, origin in plan.origins.items()
        if name in given and given[name] == plan.parameters.get(name)
    }


def _is_same(plan: Plan, runbook: Runbook, values: Mapping[str, ParameterValue | str]) -> bool:
    if runbook.name != plan.runbook.name:
        raise ProposalError(f"the proposal is of the runbook {plan.runbook.name}")
    return runbook.digest == plan.runbook.digest and resolve(runbook, values) == plan.parameters
