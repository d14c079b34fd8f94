"""What people do to a proposal beside saying yes or no: edit its values, undo its run, break glass.

Decides nothing itself; it keeps the cards of the old and the new proposal true.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from runbooks.actions.kinds import ParameterValue
from runbooks.approvals import Approvals
from runbooks.break_glass import BreakGlassAnswer, GlassDesk
from runbooks.case import Case, stale_answer
from runbooks.catalog import Catalog
from runbooks.errors import ParameterError, ProposalError, RunbookError
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef
from runbooks.schema import Runbook
from runbooks.successors import Succession, Successors
from runbooks.values import coerce

Show = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditForm:
    """What a form for edited values needs: the runbook as it is now, the proposal as it is."""

    case: Case
    runbook: Runbook


class Amendments:
    """Edits, undoes, breaks glass."""

    def __init__(
        self,
        *,
        approvals: Approvals,
        successors: Successors,
        glass: GlassDesk,
        catalog: Catalog,
        show: Show,
    ) -> None:
        """Wire it.

        Args:
            show: Shows the card of a stored proposal.
        """
        self._approvals = approvals
        self._successors = successors
        self._glass = glass
        self._catalog = catalog
        self._show = show

    async def form(self, proposal_id: int) -> EditForm:
        """What to ask somebody who wants to edit a waiting proposal.

        Raises:
            ProposalError: It does not wait, or has no values to edit.
            UnknownRunbookError: Its runbook is no longer there.
        """
        case = await self._approvals.get(proposal_id)
        stale = stale_answer(case)
        if stale is not None:
            raise ProposalError(stale)
        plan = case.proposal.plan
        if plan.undoes is not None:
            raise ProposalError(f"it undoes #{plan.undoes} with the values of that run")
        runbook = self._catalog.get(plan.runbook.name)
        if not runbook.parameters:
            raise ProposalError("its runbook has no parameters")
        return EditForm(case=case, runbook=runbook)

    def faults(self, name: str, values: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with values for a runbook, by parameter; empty when nothing is.

        Raises:
            UnknownRunbookError: There is no such runbook.
        """
        found: dict[str, str] = {}
        for parameter in self._catalog.get(name).parameters:
            text = values.get(parameter.name, "")
            try:
                if text or parameter.default is None:
                    coerce(parameter, text)
            except ParameterError as exc:
                found[parameter.name] = f"{parameter.name}: {exc.reason}"
        return found

    async def edit(
        self, proposal_id: int, values: Mapping[str, str], actor: ActorRef, kind: AccountKind
    ) -> str | None:
        """Propose again with other values.

        Args:
            values: Those that were typed; of a parameter that is left out, the old value stays.

        Returns:
            What to tell only the person who edited, or None when the cards say it.
        """
        try:
            plan = (await self._approvals.get(proposal_id)).proposal.plan
            runbook = self._catalog.get(plan.runbook.name)
            kept: dict[str, ParameterValue | str] = {
                parameter.name: plan.parameters[parameter.name]
                for parameter in runbook.parameters
                if parameter.name in plan.parameters
            }
            made = await self._successors.edit(
                proposal_id, runbook, {**kept, **values}, actor, kind
            )
        except RunbookError as exc:
            return str(exc)
        await self._show(proposal_id)
        return await self._tell(made)

    async def undo(self, proposal_id: int, actor: ActorRef, kind: AccountKind) -> str | None:
        """Propose the undo of a run; see `edit` for what comes back."""
        try:
            made = await self._successors.undo(proposal_id, actor, kind)
        except RunbookError as exc:
            return str(exc)
        return await self._tell(made)

    async def _tell(self, made: Succession) -> str | None:
        if made.proposal is None:
            return made.reason
        await self._show(made.proposal.proposal_id)
        return None

    async def environment(self, proposal_id: int) -> str:
        """Where a proposal would run.

        Raises:
            ProposalError: There is none, or its record was changed.
        """
        return (await self._approvals.get(proposal_id)).proposal.plan.environment

    async def ask_glass(
        self, environment: str, actor: ActorRef, kind: AccountKind, reason: str
    ) -> BreakGlassAnswer:
        """Ask for break-glass."""
        try:
            return await self._glass.ask(environment, actor, kind, reason)
        except RunbookError as exc:
            return BreakGlassAnswer(allowed=False, sentence=str(exc))

    async def confirm_glass(
        self, environment: str, actor: ActorRef, kind: AccountKind, proposal_id: int
    ) -> BreakGlassAnswer:
        """Confirm it, and show the proposal it was asked for by the new rules."""
        try:
            answer = await self._glass.confirm(environment, actor, kind)
            await self._show(proposal_id)
        except RunbookError as exc:
            return BreakGlassAnswer(allowed=False, sentence=str(exc))
        return answer
