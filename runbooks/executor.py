"""Runs an approved proposal, once, exactly as it is stored."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta

from .actions.base import ActionRunner
from .approvals import Clock
from .audit import AuditTrail
from .case import Case, open_case
from .errors import AuditError, DirectoryError, ProposalError
from .launch import LaunchCheck
from .lifecycle import ProposalState
from .proposal import Plan
from .run import Run
from .run_events import RunEvent, RunFinished
from .run_record import RunRecord
from .runner import is_gone, this_runner
from .store import AuditKind, Move, ProposalStore, StoredProposal

_MARGIN_S = 60.0


class Executor:
    """Takes approved proposals to their end."""

    def __init__(
        self,
        *,
        store: ProposalStore,
        audit: AuditTrail,
        check: LaunchCheck,
        runner: ActionRunner,
        clock: Clock,
        poll_interval_s: float = 1.0,
    ) -> None:
        """Wire the executor.

        Args:
            clock: Gives the time, aware UTC.
            poll_interval_s: Between two tries of a check after a step.
        """
        self._store = store
        self._audit = audit
        self._check = check
        self._runner = runner
        self._clock = clock
        self._poll_interval_s = poll_interval_s

    async def run(self, proposal_id: int) -> AsyncGenerator[RunEvent, None]:
        """Run an approved proposal; of several callers exactly one does.

        Closing the generator, or cancelling its reader, kills the running step's processes.

        Yields:
            Events; the last is one `RunFinished`. A refusal is a `RunFinished` alone.

        Raises:
            ProposalError: There is no such proposal, or the store failed before anything ran.
        """
        launching = asyncio.ensure_future(self._launch(proposal_id))
        try:
            launched = await asyncio.shield(launching)
        except asyncio.CancelledError:
            await self._call_off(launching)
            raise
        if isinstance(launched, RunFinished):
            yield launched
            return
        async with contextlib.aclosing(self._run_of(launched).events()) as events:
            async for event in events:
                yield event

    async def recover(self) -> tuple[int, ...]:
        """Mark runs whose process is gone as UNKNOWN; call once at start.

        Returns:
            Ids of those marked.

        Raises:
            ProposalError: The store failed.
        """
        running = await asyncio.to_thread(self._store.in_state, ProposalState.RUNNING)
        marked = [
            stored.proposal_id
            for stored in running
            if self._is_abandoned(stored) and await self._mark_unknown(stored)
        ]
        return tuple(marked)

    def _run_of(self, case: Case) -> Run:
        record = RunRecord(
            proposal=case.proposal, store=self._store, audit=self._audit, clock=self._clock
        )
        return Run(record=record, runner=self._runner, poll_interval_s=self._poll_interval_s)

    async def _call_off(self, launching: asyncio.Future[Case | RunFinished]) -> None:
        """Do not leave a proposal RUNNING that nobody runs."""
        launched = await launching
        if isinstance(launched, Case):
            await self._run_of(launched).call_off()

    async def _launch(self, proposal_id: int) -> Case | RunFinished:
        stored = await asyncio.to_thread(self._store.get, proposal_id)
        if stored is None:
            raise ProposalError(f"there is no proposal #{proposal_id}")
        if stored.state is not ProposalState.APPROVED:
            return _not_now(stored)
        now = self._clock()
        try:
            case = open_case(stored)
            decision = await self._check.decide(case, now)
        except (ProposalError, DirectoryError, AuditError) as exc:
            return await self._refuse(stored, ProposalState.REJECTED, str(exc))
        if not decision.allowed:
            late = now >= case.proposal.plan.expires_at
            target = ProposalState.EXPIRED if late else ProposalState.REJECTED
            return await self._refuse(stored, target, decision.reason)
        move = Move(
            source=ProposalState.APPROVED,
            target=ProposalState.RUNNING,
            at=now,
            reason="running",
            runner=this_runner(),
        )
        if not await asyncio.to_thread(self._store.move, proposal_id, move):
            return _not_now(await asyncio.to_thread(self._store.get, proposal_id) or stored)
        return case

    async def _refuse(
        self, stored: StoredProposal, target: ProposalState, reason: str
    ) -> RunFinished:
        proposal_id = stored.proposal_id
        reason = f"not run: {reason}"
        move = Move(source=ProposalState.APPROVED, target=target, at=self._clock(), reason=reason)
        if not await asyncio.to_thread(self._store.move, proposal_id, move):
            return _not_now(await asyncio.to_thread(self._store.get, proposal_id) or stored)
        with contextlib.suppress(AuditError):  # nothing ran; the answer stands without its row
            await self._note(AuditKind.REFUSAL, proposal_id, reason)
        return RunFinished(state=target, reason=reason)

    def _is_abandoned(self, stored: StoredProposal) -> bool:
        if stored.runner is None or is_gone(stored.runner):
            return True
        try:
            plan = open_case(stored).proposal.plan
        except ProposalError:
            return True
        return self._clock() > stored.changed_at + timedelta(seconds=longest_s(plan))

    async def _mark_unknown(self, stored: StoredProposal) -> bool:
        last = f" in step {stored.steps[-1].step_id!r}" if stored.steps else ""
        reason = f"opsbot stopped while it ran{last}: look before you repeat it"
        moved = await asyncio.to_thread(
            self._store.move,
            stored.proposal_id,
            Move(
                source=ProposalState.RUNNING,
                target=ProposalState.UNKNOWN,
                at=self._clock(),
                reason=reason,
            ),
        )
        if moved:
            with contextlib.suppress(AuditError):
                await self._note(AuditKind.RUN, stored.proposal_id, reason)
        return moved

    async def _note(self, kind: AuditKind, proposal_id: int, reason: str) -> None:
        await asyncio.to_thread(
            self._audit.append,
            kind,
            f"proposal:{proposal_id}",
            self._clock(),
            None,
            {"reason": reason},
        )


def longest_s(plan: Plan) -> float:
    """The longest that a run can take, in seconds, with a margin."""
    total_s = _MARGIN_S
    for step in plan.steps:
        total_s += step.action.timeout_s
        if step.verify is not None:
            total_s += step.verify.within_s + step.verify.action.timeout_s
    return total_s


def _not_now(stored: StoredProposal) -> RunFinished:
    reasons = {
        ProposalState.PENDING: "not approved yet",
        ProposalState.RUNNING: "already running",
    }
    reason = reasons.get(stored.state) or f"already {stored.state}: {stored.reason}"
    return RunFinished(state=stored.state, reason=reason)
