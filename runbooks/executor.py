"""Runs an approved proposal, once, exactly as it is stored."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from .actions.base import ActionRunner
from .approvals import Clock
from .audit import AuditTrail
from .case import Case, open_case
from .errors import AuditError, DirectoryError, ProposalError
from .launch import LaunchCheck
from .lifecycle import ProposalState
from .memory_store import MemorySignals
from .pace import Pace
from .recovery import Fate, as_begun, fate, too_old, unknown_reason
from .run import Run
from .run_events import RunEvent, RunFinished
from .run_record import RunRecord
from .runner import this_runner
from .signals import SignalStore
from .store import AuditKind, Move, ProposalStore, StepRecord, StoredProposal


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
        signals: SignalStore | None = None,
        poll_interval_s: float = 1.0,
    ) -> None:
        """Wire the executor.

        Args:
            clock: Gives the time, aware UTC.
            signals: What people say to runs; default: what is said in this process.
            poll_interval_s: Between two tries of a check after a step, and at most that between
                two looks whether somebody stopped the run.
        """
        self._store = store
        self._audit = audit
        self._check = check
        self._runner = runner
        self._clock = clock
        self._leaving = False
        self._signals = signals or MemorySignals()
        self._pace = Pace(poll_s=poll_interval_s, listen_s=min(poll_interval_s, 0.5))

    def leave(self) -> None:
        """This process is about to end: runs that are cut off where another can go on stay open."""
        self._leaving = True

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
        """Mark runs whose process is gone, and that cannot go on, as UNKNOWN; call once at start.

        Returns:
            Ids of those marked.

        Raises:
            ProposalError: The store failed.
        """
        lost = await self._running(Fate.UNKNOWN)
        marked = [stored.proposal_id for stored in lost if await self._mark_unknown(stored)]
        return tuple(marked)

    async def resumable(self) -> tuple[int, ...]:
        """Ids of the runs whose process is gone, and that can go on.

        Raises:
            ProposalError: The store failed.
        """
        return tuple(stored.proposal_id for stored in await self._running(Fate.RESUMABLE))

    async def approved(self) -> tuple[int, ...]:
        """Ids of what was approved and not launched: a process may have ended in between.

        Raises:
            ProposalError: The store failed.
        """
        waiting = await asyncio.to_thread(self._store.in_state, ProposalState.APPROVED)
        return tuple(stored.proposal_id for stored in waiting)

    async def resume(self, proposal_id: int) -> AsyncGenerator[RunEvent, None]:
        """Go on with a run whose process is gone; of several callers exactly one does.

        What was asked before the launch is asked again, but the expiry: it was begun in time.

        Yields:
            Events as `run` does.

        Raises:
            ProposalError: There is no such proposal, or the store failed.
        """
        stored = await asyncio.to_thread(self._store.get, proposal_id)
        if stored is None:
            raise ProposalError(f"there is no proposal #{proposal_id}")
        if not await self._take_over(stored):
            yield _not_now(await asyncio.to_thread(self._store.get, proposal_id) or stored)
            return
        case = open_case(stored)
        refusal = too_old(stored, self._clock()) or await self._no_longer(as_begun(case))
        run = self._run_of(case, case.steps)
        if refusal is not None:
            yield await run.call_off(f"not continued after a restart: {refusal}")
            return
        async with contextlib.aclosing(run.events()) as events:
            async for event in events:
                yield event

    async def _running(self, wanted: Fate) -> tuple[StoredProposal, ...]:
        running = await asyncio.to_thread(self._store.in_state, ProposalState.RUNNING)
        return tuple(stored for stored in running if fate(stored, self._clock()) is wanted)

    async def _take_over(self, stored: StoredProposal) -> bool:
        is_running = stored.state is ProposalState.RUNNING and stored.runner is not None
        if not is_running or fate(stored, self._clock()) is not Fate.RESUMABLE:
            return False
        before, after = stored.runner or "", this_runner()
        return await asyncio.to_thread(self._store.take_over, stored.proposal_id, before, after)

    async def _no_longer(self, case: Case) -> str | None:
        """Why a run that was begun may not go on."""
        try:
            decision = await self._check.decide(case, self._clock(), goes_on=True)
        except (ProposalError, DirectoryError, AuditError) as exc:
            return str(exc)
        return None if decision.allowed else decision.reason

    def _run_of(self, case: Case, done: tuple[StepRecord, ...] | None = None) -> Run:
        record = RunRecord(
            proposal=case.proposal, store=self._store, audit=self._audit, clock=self._clock
        )
        return Run(
            record=record,
            runner=self._runner,
            signals=self._signals,
            pace=self._pace,
            done=done,
            leaving=lambda: self._leaving,
        )

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

    async def _mark_unknown(self, stored: StoredProposal) -> bool:
        reason = unknown_reason(stored)
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


def _not_now(stored: StoredProposal) -> RunFinished:
    reasons = {
        ProposalState.PENDING: "not approved yet",
        ProposalState.RUNNING: "already running",
    }
    reason = reasons.get(stored.state) or f"already {stored.state}: {stored.reason}"
    return RunFinished(state=stored.state, reason=reason)
