"""Proposals in conversation: shows cards, takes clicks, starts and follows runs.

Decides nothing itself: `runbooks` says who may and what happens; this keeps the cards true.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Protocol

import structlog

from runbooks.approvals import ApprovalResult
from runbooks.case import Case
from runbooks.control import ControlResult
from runbooks.errors import RunbookError
from runbooks.lifecycle import ProposalState, is_final
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef, Plan, PreviewResult
from runbooks.run_events import RunEvent, RunFinished
from runbooks.standing import Standing

from .runs import CaseView, RunView, advance


class ApprovalDesk(Protocol):
    """What the desk needs of `runbooks.approvals.Approvals`."""

    async def get(self, proposal_id: int) -> Case: ...  # noqa: D102 - see Approvals

    async def standing(self, case: Case) -> Standing: ...  # noqa: D102 - see Approvals

    async def preview(  # noqa: D102 - see Approvals
        self, proposal_id: int, actor: ActorRef, kind: AccountKind
    ) -> tuple[PreviewResult, ...]: ...

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

    def resume(self, proposal_id: int) -> AsyncGenerator[RunEvent, None]:
        """Go on with a run whose process is gone; the last event is `RunFinished`."""
        ...

    async def recover(self) -> tuple[int, ...]: ...  # noqa: D102 - see Executor

    async def resumable(self) -> tuple[int, ...]: ...  # noqa: D102 - see Executor

    async def approved(self) -> tuple[int, ...]: ...  # noqa: D102 - see Executor

    def leave(self) -> None: ...  # noqa: D102 - see Executor


class Control(Protocol):
    """What the desk needs of `runbooks.control.RunControl`."""

    async def stop(  # noqa: D102 - see RunControl
        self, proposal_id: int, actor: ActorRef, kind: AccountKind
    ) -> ControlResult: ...

    async def confirm(  # noqa: D102 - see RunControl
        self, proposal_id: int, step_id: str, actor: ActorRef, kind: AccountKind, *, ok: bool
    ) -> ControlResult: ...


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

    def __init__(
        self, *, approvals: ApprovalDesk, executor: Runner, control: Control, board: CaseBoard
    ) -> None:
        """Wire the desk."""
        self._approvals = approvals
        self._control = control
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

    async def preview(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> Plan:
        """Run a proposal's previews once more; gives its plan with what they show now.

        Raises:
            RunbookError: They were not run, and why.
        """
        case = await self._approvals.get(proposal_id)
        shown = await self._approvals.preview(proposal_id, actor, kind)
        return replace(case.proposal.plan, previews=shown)

    async def approve(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> str | None:
        """Take a click on Approve; if it completes the approvals, the run begins.

        Returns:
            What to tell only the person who clicked, or None when the card says it.
        """
        result = await self._approvals.approve(proposal_id, actor, kind)
        await self._refresh(result)
        if result.launch:
            self._begin(proposal_id, self._executor.run(proposal_id))
        return None if result.allowed else result.reason

    async def reject(
        self, proposal_id: int, actor: ActorRef, kind: AccountKind, reason: str
    ) -> str | None:
        """Take a click on Reject; see `approve` for what comes back."""
        result = await self._approvals.reject(proposal_id, actor, kind, reason)
        await self._refresh(result)
        return None if result.allowed else result.reason

    async def stop(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> str | None:
        """Take a click on Stop; see `approve` for what comes back."""
        result = await self._control.stop(proposal_id, actor, kind)
        return None if result.allowed else result.reason

    async def confirm(
        self, proposal_id: int, step_id: str, actor: ActorRef, kind: AccountKind, *, ok: bool
    ) -> str | None:
        """Take a click on Done or Failed; see `approve` for what comes back."""
        result = await self._control.confirm(proposal_id, step_id, actor, kind, ok=ok)
        return None if result.allowed else result.reason

    async def recover(self) -> None:
        """Go on with what was running when the process before this one ended; say what cannot.

        Raises:
            ProposalError: The store failed.
        """
        for proposal_id in await self._executor.recover():
            await self._show_run(CaseView(case=await self._approvals.get(proposal_id)))
        for proposal_id in await self._executor.resumable():
            self._begin(proposal_id, self._executor.resume(proposal_id))
        for proposal_id in await self._executor.approved():
            self._begin(proposal_id, self._executor.run(proposal_id))

    def _begin(self, proposal_id: int, events: AsyncGenerator[RunEvent, None]) -> None:
        task = asyncio.create_task(self._follow(proposal_id, events))
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)

    async def _follow(
        self, proposal_id: int, run_events: AsyncGenerator[RunEvent, None]
    ) -> RunFinished | None:
        """Follow a run and keep its card true until the end.

        Returns:
            How it ended; None when it could not be started or the store failed.
        """
        run = RunView()
        try:
            async with contextlib.aclosing(run_events) as events:
                case = await self._approvals.get(proposal_id)
                async for event in events:
                    if isinstance(event, RunFinished) and not is_final(event.state):
                        return event  # somebody else runs it, and keeps its card
                    run = advance(run, event)
                    if run.finished is not None:
                        case = await self._approvals.get(proposal_id)
                    await self._show_run(CaseView(case=case, run=run))
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
        """Give runs `grace_s` seconds to end, then cancel them; their processes are killed.

        The next process goes on with those that wait, ask or only read.
        """
        if not self._runs:
            return
        _, late = await asyncio.wait(self._runs, timeout=grace_s)
        self._executor.leave()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _show_run(self, view: CaseView) -> None:
        """Show a run; one that people cannot see for a while goes on all the same."""
        log = self._log.bind(proposal_id=view.case.proposal.proposal_id)
        try:
            await self._board.show(view)
        except Exception:  # a card that cannot be shown must not stop a change halfway
            log.exception("card_not_shown")

    async def _refresh(self, result: ApprovalResult) -> None:
        # NOTE: while a run goes on, `follow` owns the card; a late click must not overwrite it.
        if result.case is not None and result.case.state is not ProposalState.RUNNING:
            await self._show(result.case)
