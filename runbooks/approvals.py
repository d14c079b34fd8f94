"""Proposing, approving, rejecting and expiring: the rules of `policy.py` applied once each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from .actions.base import ActionContext, ActionRunner
from .actions.output import safe_text
from .audit import AuditTrail
from .case import Case, open_case, stale_answer
from .decisions import decide_approval, decide_rejection, n_counted, n_needed
from .errors import AuditError, ProposalError
from .lifecycle import ProposalState
from .moved import moved
from .planning import Groundwork, Head, ProposalRequest, Site, head_of, lay_ground, make_plan
from .policy import AccountKind, Approval, Policy, PolicySource
from .policy_trail import announce
from .previews import run_previews
from .proposal import ActorRef, PreviewResult, Proposal
from .standing import Standing, standing_of
from .store import AuditKind, Move, ProposalStore, StoredProposal

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalResult:
    """The answer to a click on Approve or Reject.

    Attributes:
        allowed: The click counted.
        reason: One sentence for the person who clicked.
        launch: This click completed the approvals: its receiver, and nobody else, runs it.
        case: The proposal as it is now; None when there is none or its record was changed.
    """

    allowed: bool
    reason: str
    launch: bool = False
    case: Case | None = None


class Approvals:
    """The desk where proposals are made and decided."""

    def __init__(
        self,
        *,
        store: ProposalStore,
        audit: AuditTrail,
        policy: PolicySource,
        site: Site,
        runner: ActionRunner,
        clock: Clock,
    ) -> None:
        """Wire the desk.

        Args:
            runner: Runs previews.
            clock: Gives the time, aware UTC.
        """
        self._store = store
        self._audit = audit
        self._policy = policy
        self.site = site
        self._runner = runner
        self._clock = clock

    async def announce_policy(self, place: str = "bot") -> None:
        """Write the rules in force to the audit trail, if they changed since they were written.

        Args:
            place: Where they hold, for example "terminal"; each place has its own history.

        Raises:
            AuditError: The trail cannot be read or written.
        """
        policy = await self._policy.in_force()
        await announce(self._audit, policy, place, self._clock(), {})

    async def propose(self, request: ProposalRequest, replaces: int | None = None) -> Proposal:
        """Run the previews and store a proposal.

        Args:
            replaces: The proposal whose values were edited to make this one.

        Raises:
            ParameterError: A value is missing or wrong.
            VariableError: The runbook refers to a variable that is not set.
            ProposalError: A program is not there, or the store failed.
            AuditError: The audit trail cannot be written; nothing was proposed.
        """
        return await self.submit(head_of(request, replaces), lay_ground(request, self.site))

    async def submit(self, head: Head, ground: Groundwork) -> Proposal:
        """Run the previews of bound steps and store a proposal of them.

        Raises:
            ProposalError: The store failed.
            AuditError: The audit trail cannot be written; nothing was proposed.
        """
        await self._note(
            AuditKind.REQUEST,
            f"runbook:{head.runbook.name}",
            head.requester,
            {"preview": str(sum(step.preview is not None for step in ground.steps))},
        )
        previews = await run_previews(self._runner, ground.steps, _context(ground), self._clock)
        policy = await self._policy.in_force()
        plan = make_plan(head, self.site, ground, previews, policy, self._clock())
        stored = await asyncio.to_thread(self._store.add, plan)
        proposal = open_case(stored).proposal
        facts = {"runbook": head.runbook.name, "sha256": proposal.sha256, **_ancestry(head)}
        try:
            await self._note(
                AuditKind.PROPOSAL, _subject(proposal.proposal_id), head.requester, facts
            )
        except AuditError as exc:
            await self._move(
                proposal.proposal_id, ProposalState.PENDING, ProposalState.REJECTED, str(exc)
            )
            raise
        return proposal

    async def get(self, proposal_id: int) -> Case:
        """Read a proposal with what became of it.

        Raises:
            ProposalError: There is none, its record was changed, or the store failed.
        """
        stored = await asyncio.to_thread(self._store.get, proposal_id)
        if stored is None:
            raise ProposalError(f"there is no proposal #{proposal_id}")
        return open_case(stored)

    async def standing(self, case: Case) -> Standing:
        """What a waiting proposal still needs by the rules as they are now.

        Raises:
            AuditError: The rules changed and that could not be written down.
        """
        return standing_of(await self._policy.in_force(), case, self._clock())

    async def recent(self, limit: int = 20) -> tuple[Case, ...]:
        """The newest proposals, newest first; one whose record was changed is left out.

        Raises:
            ProposalError: The store failed.
        """
        return _readable(await asyncio.to_thread(self._store.recent, limit))

    async def waiting(self) -> tuple[Case, ...]:
        """The proposals that wait for approval, oldest first; as for `recent`."""
        return _readable(await asyncio.to_thread(self._store.in_state, ProposalState.PENDING))

    async def preview(
        self, proposal_id: int, actor: ActorRef, kind: AccountKind
    ) -> tuple[PreviewResult, ...]:
        """Run the read-only previews of a waiting proposal once more; the record stays as it is.

        Args:
            actor: Who asks for it.
            kind: What sort of account it is at this moment; only members may.

        Raises:
            ProposalError: There is none, it no longer waits, its record was changed, the person may
                not, a target is no longer what it was, or the store failed.
            AuditError: The audit trail cannot be written; nothing was run.
        """
        case = await self.get(proposal_id)
        plan = case.proposal.plan
        guest = f"a {kind} account runs nothing" if kind is not AccountKind.MEMBER else None
        fault = guest or await self._stale(case, self._clock()) or moved(plan, self.site)
        if fault is not None:
            raise ProposalError(f"no new preview of #{proposal_id}: {fault}")
        await self._note(AuditKind.REQUEST, _subject(proposal_id), actor, {"preview": "again"})
        context = ActionContext(executables=plan.executables)
        return await run_previews(self._runner, plan.steps, context, self._clock)

    async def approve(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> ApprovalResult:
        """Take one person's yes.

        Args:
            actor: As the platform authenticated them.
            kind: What sort of account it is at this moment.
        """
        try:
            case = await self.get(proposal_id)
            return await self._approve(case, actor, kind)
        except (ProposalError, AuditError) as exc:
            return await self.refuse(proposal_id, actor, str(exc), None)

    async def _approve(self, case: Case, actor: ActorRef, kind: AccountKind) -> ApprovalResult:
        proposal, now = case.proposal, self._clock()
        stale = await self._stale(case, now)
        if stale is not None:
            return await self.refuse(proposal.proposal_id, actor, stale, case)
        policy = await self._policy.in_force()
        decision = decide_approval(policy, proposal, actor, kind, case.approvals, now)
        if decision.given_before and self._is_complete(policy, case, now):
            # A process ended between the last yes and the launch: whoever said it says it again.
            return await self._count(policy, proposal.proposal_id, actor, counted=True)
        if not decision.allowed:
            return await self.refuse(proposal.proposal_id, actor, decision.reason, case)
        # NOTE: the row comes first: an approval that the trail does not know of launches nothing.
        await self._note(
            AuditKind.APPROVAL,
            _subject(proposal.proposal_id),
            actor,
            {"sha256": proposal.sha256, "grounds": decision.reason, "policy": policy.digest},
        )
        approval = Approval(actor=actor, at=now, sha256=proposal.sha256)
        counted = await asyncio.to_thread(self._store.add_approval, proposal.proposal_id, approval)
        return await self._count(policy, proposal.proposal_id, actor, counted=counted)

    def _is_complete(self, policy: Policy, case: Case, now: datetime) -> bool:
        n_given = n_counted(policy, case.proposal, case.approvals, now)
        return n_given >= n_needed(policy, case.proposal.plan, now)

    async def _count(
        self, policy: Policy, proposal_id: int, actor: ActorRef, *, counted: bool
    ) -> ApprovalResult:
        case = await self.get(proposal_id)
        if not counted:
            reason = stale_answer(case) or "you already approved it"
            return await self.refuse(proposal_id, actor, reason, case)
        now = self._clock()
        n_given = n_counted(policy, case.proposal, case.approvals, now)
        n_all = n_needed(policy, case.proposal.plan, now)
        if n_given < n_all:
            reason = f"approved by {actor.name}; {n_given} of {n_all} approvals"
            return ApprovalResult(allowed=True, reason=reason, case=case)
        reason = f"approved by {', '.join(given.actor.name for given in case.approvals)}"
        launch = await self._move(
            proposal_id, ProposalState.PENDING, ProposalState.APPROVED, reason, actor
        )
        return ApprovalResult(
            allowed=True, reason=reason, launch=launch, case=await self.get(proposal_id)
        )

    async def reject(
        self, proposal_id: int, actor: ActorRef, kind: AccountKind, reason: str
    ) -> ApprovalResult:
        """Take one person's no.

        Args:
            reason: In their words; may be empty.
        """
        try:
            case = await self.get(proposal_id)
            return await self._reject(case, actor, kind, reason)
        except (ProposalError, AuditError) as exc:
            return await self.refuse(proposal_id, actor, str(exc), None)

    async def _reject(
        self, case: Case, actor: ActorRef, kind: AccountKind, reason: str
    ) -> ApprovalResult:
        proposal_id = case.proposal.proposal_id
        refusal = await self.cannot_stop(case, actor, kind)
        if refusal is not None:
            return await self.refuse(proposal_id, actor, refusal, case)
        words = safe_text(reason.strip()) or "no reason given"
        await self._note(AuditKind.REJECTION, _subject(proposal_id), actor, {"reason": words})
        done = await self._move(
            proposal_id, ProposalState.PENDING, ProposalState.REJECTED, words, actor
        )
        now_case = await self.get(proposal_id)
        if not done:
            stale = stale_answer(now_case) or "somebody else decided first"
            return await self.refuse(proposal_id, actor, stale, now_case)
        return ApprovalResult(allowed=True, reason=f"rejected by {actor.name}", case=now_case)

    async def cannot_stop(self, case: Case, actor: ActorRef, kind: AccountKind) -> str | None:
        """Why this person may not reject or replace a proposal now; None when they may.

        Raises:
            ProposalError: The store failed.
            AuditError: The audit trail cannot be written.
        """
        stale = await self._stale(case, self._clock())
        if stale is not None:
            return stale
        policy = await self._policy.in_force()
        decision = decide_rejection(policy, case.proposal, actor, kind, self._clock())
        return None if decision.allowed else decision.reason

    async def expire_due(self, now: datetime | None = None) -> tuple[int, ...]:
        """Expire every proposal whose time is over.

        Returns:
            Ids of those that expired now.

        Raises:
            ProposalError: The store failed.
            AuditError: The audit trail cannot be written.
        """
        now = now or self._clock()
        expired: list[int] = []
        for state in (ProposalState.PENDING, ProposalState.APPROVED):
            for stored in await asyncio.to_thread(self._store.in_state, state):
                try:
                    case = open_case(stored)
                except ProposalError as exc:
                    await self._move(stored.proposal_id, state, ProposalState.REJECTED, str(exc))
                    continue
                if await self._expire(case, now):
                    expired.append(stored.proposal_id)
        return tuple(expired)

    async def _expire(self, case: Case, now: datetime) -> bool:
        if now < case.proposal.plan.expires_at:
            return False
        proposal_id = case.proposal.proposal_id
        reason = "expired, not run"
        done = await self._move(proposal_id, case.state, ProposalState.EXPIRED, reason)
        if done:
            await self._note(AuditKind.EXPIRY, _subject(proposal_id), None, {"reason": reason})
        return done

    async def _stale(self, case: Case, now: datetime) -> str | None:
        if case.state is ProposalState.PENDING and await self._expire(case, now):
            return "expired, not run; ask again for a new proposal"
        return stale_answer(case)

    async def refuse(
        self, proposal_id: int, actor: ActorRef, reason: str, case: Case | None
    ) -> ApprovalResult:
        """Answer no to a click; the answer stands even when the trail cannot take it."""
        try:
            await self._note(AuditKind.REFUSAL, _subject(proposal_id), actor, {"reason": reason})
        except AuditError as exc:
            reason = f"{reason} ({exc})" if str(exc) not in reason else reason
        return ApprovalResult(allowed=False, reason=reason, case=case)

    async def _note(
        self, kind: AuditKind, subject: str, actor: ActorRef | None, facts: dict[str, str]
    ) -> None:
        await asyncio.to_thread(self._audit.append, kind, subject, self._clock(), actor, facts)

    async def _move(
        self,
        proposal_id: int,
        source: ProposalState,
        target: ProposalState,
        reason: str,
        by: ActorRef | None = None,
    ) -> bool:
        move = Move(source=source, target=target, at=self._clock(), reason=reason, by=by)
        return await asyncio.to_thread(self._store.move, proposal_id, move)


def _readable(stored: Iterable[StoredProposal]) -> tuple[Case, ...]:
    cases: list[Case] = []
    for each in stored:
        try:
            cases.append(open_case(each))
        except ProposalError:
            continue
    return tuple(cases)


def _context(ground: Groundwork) -> ActionContext:
    return ActionContext(executables=ground.executables)


def _subject(proposal_id: int) -> str:
    return f"proposal:{proposal_id}"


def _ancestry(head: Head) -> dict[str, str]:
    links = {"replaces": head.replaces, "undoes": head.undoes}
    return {name: str(number) for name, number in links.items() if number is not None}
