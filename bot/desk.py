"""Proposals in conversation: shows cards, takes clicks, starts and follows runs.

Decides nothing itself: `runbooks` says who may and what happens; this keeps the cards true.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Protocol

import structlog

from runbooks.approvals import ApprovalResult
from runbooks.case import Case
from runbooks.errors import RunbookError
from runbooks.lifecycle import ProposalState
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef, PreviewResult
from runbooks.run_events import RunEvent, RunFinished
from runbooks.standing import Standing

from .runs import CaseView, RunView, advance


class ApprovalDesk(Protocol):
    """What the desk needs of `runbooks.approvals.Approvals`."""

    async def get(self, proposal_id: int) -> Case: ...  # noqa: D102 - see Approvals

    async def standing(self, case: Case) -> Standing: ...  # noqa: D102 - see Approvals

    async def preview(self, proposal_id: int) -> tuple[PreviewResult, ...]: ...  # noqa: D102

    async def approve(  # noqa: D102 - see Approvals
        self, proposal_id: int, actor: ActorRef, kind: AccountKind
    ) -> ApprovalResult: ...

    async def reject(  # noqa: D102 - see Approvals
        self, proposal_id: int, actor: ActorRef, kind: AccountKind, reason: str
    ) -> ApprovalResult: ...


class Runner(Protocol):
    """What the desk needs of `runbooks.executor.Executor`."""

    def run(self, proposal_id: int) -> AsyncGenerator[RunEvent, None]:
        """Run an approved proposal; the last event is `RunFinished`."""
        ...


class CaseBoard(Protocol):
    """Where people see proposals: a card in Slack, a panel in the terminal."""

    async def show(self, view: CaseView) -> None:
        """Show a proposal in its present state; later views replace earlier ones."""
        ...

    def behind(self) -> tuple[int, ...]:
        """Proposals whose newest state could not be shown."""
        ...


class Desk:
    """Clicks in, card states out."""

    def __init__(self, *, approvals: ApprovalDesk, executor: Runner, board: CaseBoard) -> None:
        """Wire the desk."""
        self._approvals = approvals
        self._executor = executor
        self._board = board
        self._runs: set[asyncio.Task[RunFinished | None]] = set()
        self._log = structlog.get_logger()

    async def show(self, proposal_id: int) -> None:
        """Show a stored proposal.

        Raises:
            ProposalError: There is none, or its record was changed.
        """
        await self._show(await self._approvals.get(proposal_id))

    async def _show(self, case: Case) -> None:
        standing = None
        if case.state is ProposalState.PENDING:
            with contextlib.suppress(RunbookError):  # the card is true without it, and says less
                standing = await self._approvals.standing(case)
        await self._board.show(CaseView(case=case, standing=standing))

    async def preview(self, proposal_id: int) -> tuple[PreviewResult, ...]:
        """Run a proposal's previews once more.

        Raises:
            ProposalError: There is none, or its record was changed.
        """
        return await self._approvals.preview(proposal_id)

    async def approve(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> str | None:
        """Take a click on Approve; if it completes the approvals, the run begins.

        Returns:
            What to tell only the person who clicked, or None when the card says it.
        """
        result = await self._approvals.approve(proposal_id, actor, kind)
        await self._refresh(result)
        if result.launch:
            task = asyncio.create_task(self.follow(proposal_id))
            self._runs.add(task)
            task.add_done_callback(self._runs.discard)
        return None if result.allowed else result.reason

    async def reject(
        self, proposal_id: int, actor: ActorRef, kind: AccountKind, reason: str
    ) -> str | None:
        """Take a click on Reject; see `approve` for what comes back."""
        result = await self._approvals.reject(proposal_id, actor, kind, reason)
        await self._refresh(result)
        return None if result.allowed else result.reason

    async def follow(self, proposal_id: int) -> RunFinished | None:
        """Run an approved proposal and keep its card true until the end.

        Returns:
            How it ended; None when it could not be started or the store failed.
        """
        run = RunView()
        try:
            case = await self._approvals.get(proposal_id)
            async with contextlib.aclosing(self._executor.run(proposal_id)) as events:
                async for event in events:
                    run = advance(run, event)
                    if run.finished is not None:
                        case = await self._approvals.get(proposal_id)
                    await self._board.show(CaseView(case=case, run=run))
        except RunbookError as exc:
            self._log.warning("run_not_followed", proposal_id=proposal_id, reason=str(exc))
            return None
        return run.finished

    async def catch_up(self) -> None:
        """Show again what could not be shown when it happened."""
        for proposal_id in self._board.behind():
            case = await self._approvals.get(proposal_id)
            if case.state is not ProposalState.RUNNING:
                await self._show(case)

    async def drain(self, grace_s: float) -> None:
        """Give runs `grace_s` seconds to end, then cancel them; their processes are killed."""
        if not self._runs:
            return
        _, late = await asyncio.wait(self._runs, timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _refresh(self, result: ApprovalResult) -> None:
        # NOTE: while a run goes on, `follow` owns the card; a late click must not overwrite it.
        if result.case is not None and result.case.state is not ProposalState.RUNNING:
            await self._show(result.case)
