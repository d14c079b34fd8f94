"""What a run writes down: the audit row first, then the database, for every step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from .audit import AuditTrail
from .binding import BoundStep
from .errors import AuditError, ProposalError
from .lifecycle import ProposalState
from .proposal import Proposal
from .store import AuditKind, Move, ProposalStore, StepRecord, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Writes down one run."""

    proposal: Proposal
    store: ProposalStore
    audit: AuditTrail
    clock: Callable[[], datetime]

    async def begin(self) -> None:
        """Note that the run begins.

        Raises:
            AuditError: It could not be written: run nothing.
        """
        await self._note({"event": "started"})

    async def resume(self, n_done: int) -> None:
        """Note that the run goes on in this process.

        Raises:
            AuditError: It could not be written: run nothing.
        """
        await self._note({"event": "resumed", "n_done": str(n_done)})

    async def suspend(self) -> None:
        """Note that this process ends, and the run goes on in another.

        Raises:
            AuditError: It could not be written.
        """
        await self._note({"event": "suspended"})

    async def skip_step(self, position: int, step: BoundStep, reason: str) -> StepRecord:
        """Note that a step is not run, and why.

        Raises:
            AuditError: It could not be written: run nothing more.
            ProposalError: Likewise, in the store.
        """
        await self._note({"event": "step_skipped", "step": step.step_id, "detail": reason})
        record = StepRecord(
            position=position,
            step_id=step.step_id,
            state=StepState.SKIPPED,
            started_at=self.clock(),
            detail=reason,
        )
        await self.note_result(record)
        return record

    async def try_failed(self, step: BoundStep, number: int, detail: str) -> None:
        """Note that a try failed and another follows.

        Raises:
            AuditError: It could not be written: do not try again.
        """
        await self._note(
            {
                "event": "try_failed",
                "step": step.step_id,
                "number": str(number),
                "detail": detail,
            }
        )

    async def begin_step(self, position: int, step: BoundStep) -> StepRecord:
        """Note that a step is about to run.

        Raises:
            AuditError: It could not be written: do not run it.
            ProposalError: Likewise, in the store.
        """
        await self._note({"event": "step_started", "step": step.step_id})
        record = StepRecord(
            position=position,
            step_id=step.step_id,
            state=StepState.STARTED,
            started_at=self.clock(),
        )
        await self.note_result(record)
        return record

    async def note_result(self, record: StepRecord) -> None:
        """Store what is known of a step that is not over yet.

        Raises:
            ProposalError: It could not be stored: run nothing more.
        """
        await asyncio.to_thread(self.store.save_step, self.proposal.proposal_id, record)

    async def end_step(self, record: StepRecord) -> StepRecord:
        """Note how a step ended.

        Returns:
            The same record.

        Raises:
            AuditError: It could not be written: run nothing more.
            ProposalError: Likewise, in the store.
        """
        await self.note_result(record)
        await self._note(
            {
                "event": "step_finished",
                "step": record.step_id,
                "state": record.state.value,
                "detail": record.detail,
            }
        )
        return record

    async def finish(self, state: ProposalState, reason: str) -> tuple[ProposalState, str]:
        """Note how the run ended.

        Returns:
            State and reason as they are known now: UNKNOWN when the store could not be written.
        """
        move = Move(source=ProposalState.RUNNING, target=state, at=self.clock(), reason=reason)
        try:
            moved = await asyncio.to_thread(self.store.move, self.proposal.proposal_id, move)
        except ProposalError as exc:
            state, reason = ProposalState.UNKNOWN, f"{reason}; its end could not be stored: {exc}"
        else:
            if not moved:
                state, reason = ProposalState.UNKNOWN, f"{reason}; its record was closed meanwhile"
        try:
            await self._note({"event": "finished", "state": state.value, "reason": reason})
        except AuditError as exc:
            structlog.get_logger().error(
                "audit_row_lost", proposal_id=self.proposal.proposal_id, error=str(exc)
            )
            reason = f"{reason}; {exc}"
        return state, reason

    async def _note(self, facts: dict[str, str]) -> None:
        await asyncio.to_thread(
            self.audit.append,
            AuditKind.RUN,
            f"proposal:{self.proposal.proposal_id}",
            self.clock(),
            None,
            {**facts, "sha256": self.proposal.sha256},
        )
