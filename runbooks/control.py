"""What people may tell a run: stop, and how a step that a person does went."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .actions.kinds import ManualAction
from .approvals import Clock
from .audit import AuditTrail
from .case import Case, open_case, stale_answer
from .decisions import decide_rejection
from .errors import AuditError, ProposalError
from .lifecycle import ProposalState
from .policy import AccountKind, PolicySource
from .proposal import ActorRef
from .signals import Signal, SignalKind, SignalStore
from .store import AuditKind, ProposalStore, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlResult:
    """The answer to what somebody told a run.

    Attributes:
        allowed: It counted.
        reason: One sentence for the person who said it.
    """

    allowed: bool
    reason: str


class RunControl:
    """Takes what people say to runs; the process that runs them listens."""

    def __init__(
        self,
        *,
        store: ProposalStore,
        signals: SignalStore,
        audit: AuditTrail,
        policy: PolicySource,
        clock: Clock,
    ) -> None:
        """Wire the control.

        Args:
            clock: Gives the time, aware UTC.
        """
        self._store = store
        self._signals = signals
        self._audit = audit
        self._policy = policy
        self._clock = clock

    async def stop(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> ControlResult:
        """Stop a run: an approver may, and the requester.

        Args:
            actor: As the platform authenticated them.
            kind: What sort of account it is at this moment.
        """
        try:
            await self._case(proposal_id, actor, kind)
            signal = Signal(kind=SignalKind.STOP, actor=actor, at=self._clock())
            return await self._say(proposal_id, signal, "stopping; the card says what was done")
        except (ProposalError, AuditError) as exc:
            return await self._refuse(proposal_id, actor, str(exc))

    async def confirm(
        self, proposal_id: int, step_id: str, actor: ActorRef, kind: AccountKind, *, ok: bool
    ) -> ControlResult:
        """Say how a manual step went: an approver may, and the requester.

        Args:
            step_id: Of the bound step, which waits for it now.
            ok: It is done; else it failed.
        """
        try:
            case = await self._case(proposal_id, actor, kind)
            fault = _not_asked(case, step_id)
            if fault is not None:
                return await self._refuse(proposal_id, actor, fault)
            said = SignalKind.DONE if ok else SignalKind.FAILED
            signal = Signal(kind=said, actor=actor, at=self._clock(), step_id=step_id)
            words = "noted as done" if ok else "noted as failed"
            return await self._say(proposal_id, signal, words)
        except (ProposalError, AuditError) as exc:
            return await self._refuse(proposal_id, actor, str(exc))

    async def _case(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> Case:
        """The running case that this person may speak to.

        Raises:
            ProposalError: There is none, it does not run, or they may not.
        """
        stored = await asyncio.to_thread(self._store.get, proposal_id)
        if stored is None:
            raise ProposalError(f"there is no proposal #{proposal_id}")
        case = open_case(stored)
        if case.state is not ProposalState.RUNNING:
            raise ProposalError(f"it does not run: {stale_answer(case) or 'not approved yet'}")
        policy = await self._policy.in_force()
        decision = decide_rejection(policy, case.proposal, actor, kind, self._clock())
        if not decision.allowed:
            raise ProposalError(decision.reason)
        return case

    async def _say(self, proposal_id: int, signal: Signal, words: str) -> ControlResult:
        # NOTE: the row comes first: a run does nothing that the trail does not know of.
        facts = {"event": f"said_{signal.kind.value}", "step": signal.step_id}
        await self._note(AuditKind.RUN, proposal_id, signal.actor, facts)
        if await asyncio.to_thread(self._signals.add, proposal_id, signal):
            return ControlResult(allowed=True, reason=words)
        said = await asyncio.to_thread(self._signals.of, proposal_id)
        first = [known for known in said if known.step_id == signal.step_id]
        who = first[0].actor.name if first else "somebody"
        word = first[0].kind.value if first else "answered"
        return ControlResult(allowed=False, reason=f"{who} said {word!r} before")

    async def _refuse(self, proposal_id: int, actor: ActorRef, reason: str) -> ControlResult:
        """Answer no; the answer stands even when the trail cannot take it."""
        try:
            await self._note(AuditKind.REFUSAL, proposal_id, actor, {"reason": reason})
        except AuditError as exc:
            reason = f"{reason} ({exc})" if str(exc) not in reason else reason
        return ControlResult(allowed=False, reason=reason)

    async def _note(
        self, kind: AuditKind, proposal_id: int, actor: ActorRef, facts: dict[str, str]
    ) -> None:
        subject = f"proposal:{proposal_id}"
        await asyncio.to_thread(self._audit.append, kind, subject, self._clock(), actor, facts)


def _not_asked(case: Case, step_id: str) -> str | None:
    """Why a step waits for nobody's answer; None when it does."""
    steps = case.proposal.plan.steps
    manual = {
        position
        for position, step in enumerate(steps)
        if step.step_id == step_id and isinstance(step.action, ManualAction)
    }
    if not manual:
        return f"there is no step {step_id!r} that a person does"
    waiting = {record.position for record in case.steps if record.state is StepState.STARTED}
    return None if manual & waiting else f"step {step_id!r} does not wait for an answer now"
