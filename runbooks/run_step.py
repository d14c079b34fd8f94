"""One step of a run: its action with its tries, then the check afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from .actions.base import ActionContext, ActionResult, ActionRunner, Line, Part, collect
from .actions.kinds import Action, ManualAction, WaitAction
from .binding import BoundStep
from .expectations import unmet
from .pace import Pace
from .run_events import (
    ManualAsked,
    OutputLine,
    RunEvent,
    StepFinished,
    TryFailed,
    VerifyFinished,
)
from .run_record import RunRecord
from .schema import Risk, Verify
from .store import StepRecord, StepState

_LEAST_TRY_S = 0.5
_NOTHING = ActionResult(
    ok=False, exit_status=None, seconds=0.0, output="", detail="ended without a result"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """Runs one step that was begun, and writes down how it ended.

    Attributes:
        noted: What is stored of it so far.
        emit: Takes the events; never blocks.
    """

    step: BoundStep
    noted: StepRecord
    record: RunRecord
    runner: ActionRunner
    context: ActionContext
    emit: Callable[[RunEvent], None]
    pace: Pace

    async def run(self) -> StepRecord:
        """Run the action and the check.

        Raises:
            AuditError: Its end could not be written down.
            ProposalError: Likewise, in the store.
        """
        if isinstance(self.step.action, ManualAction):
            self._ask(self.step.action)
        result = await self._tries()
        noted = replace(
            self.noted, detail=result.detail, output=result.output, seconds=result.seconds
        )
        if result.ok and self.step.verify is not None:
            await self.record.note_result(noted)
            self._tell(result)
            return await self._checked(noted, self.step.verify)
        state = StepState.SUCCEEDED if result.ok else StepState.FAILED
        ended = await self.record.end_step(replace(noted, state=state))
        self._tell(result)
        return ended

    async def check_again(self) -> StepRecord:
        """Only the check, for an action that is known to have ended well before a restart."""
        if self.step.verify is None:
            return await self.record.end_step(replace(self.noted, state=StepState.SUCCEEDED))
        return await self._checked(self.noted, self.step.verify)

    def _ask(self, action: ManualAction) -> None:
        self.emit(
            ManualAsked(
                step_id=self.step.step_id,
                instructions=action.instructions,
                within_s=action.timeout_s,
            )
        )

    async def _tries(self) -> ActionResult:
        retry = self.step.retry
        n_tries = 1 + (retry.times if retry is not None else 0)
        number = 1
        while True:
            result = await self._try(number)
            if retry is None or number == n_tries or not self._may_repeat(result):
                return _counted(result, number, n_tries)
            await self.record.try_failed(self.step, number, result.detail)
            self.emit(
                TryFailed(
                    step_id=self.step.step_id,
                    number=number,
                    n_tries=n_tries,
                    detail=result.detail,
                    next_in_s=retry.delay_s,
                )
            )
            await self.pace.sleep(retry.delay_s)
            number += 1

    def _may_repeat(self, result: ActionResult) -> bool:
        """What a change did is not known when its time was over: it is not repeated then."""
        if result.ok or isinstance(self.step.action, ManualAction):
            return False
        return not result.timed_out or self.step.risk is Risk.READ_ONLY

    async def _try(self, number: int) -> ActionResult:
        result = _NOTHING
        looks = self.step.risk is Risk.READ_ONLY
        context = replace(self.context, part=Part.ACTION, n_try=number, read_only=looks)
        running = self.runner.run(self.step.action, context)
        async with contextlib.aclosing(running) as events:
            async for event in events:
                if isinstance(event, Line):
                    self.emit(OutputLine(step_id=self.step.step_id, text=event.text))
                else:
                    result = event
        return result

    async def _checked(self, noted: StepRecord, verify: Verify) -> StepRecord:
        check = await self._verify(verify)
        state = StepState.SUCCEEDED if check.ok else StepState.FAILED
        detail = noted.detail
        if not check.ok:
            detail = f"done, but the check afterwards failed: {check.detail}"
        ended = replace(noted, state=state, verified=check.ok, detail=detail)
        await self.record.end_step(ended)
        self.emit(check)
        return ended

    async def _verify(self, verify: Verify) -> VerifyFinished:
        """Try the check until it holds or its time is over; at least once."""
        began = self.pace.now()
        number = 1
        while True:
            left_s = verify.within_s - (self.pace.now() - began)
            context = replace(self.context, part=Part.VERIFY, n_try=number, read_only=True)
            action = _limited(verify.action, max(left_s, _LEAST_TRY_S))
            fault, detail = _judged(verify, await collect(self.runner, action, context))
            seconds = self.pace.now() - began
            if not fault or seconds + self.pace.poll_s > verify.within_s:
                return VerifyFinished(
                    step_id=self.step.step_id, ok=not fault, detail=detail, seconds=seconds
                )
            await self.pace.sleep(self.pace.poll_s)
            number += 1

    def _tell(self, result: ActionResult) -> None:
        self.emit(
            StepFinished(
                step_id=self.step.step_id,
                ok=result.ok,
                exit_status=result.exit_status,
                seconds=result.seconds,
                detail=result.detail,
                output=result.output,
            )
        )


def _counted(result: ActionResult, number: int, n_tries: int) -> ActionResult:
    """Say which try it was, where there were several."""
    if number == 1:
        return result
    return replace(result, detail=f"{result.detail} (try {number} of {n_tries})")


def _judged(verify: Verify, result: ActionResult) -> tuple[bool, str]:
    """Whether the check failed, and how it ended in words."""
    fault = unmet(verify.expect, result.output) if result.ok and verify.expect else None
    if fault is not None:
        return True, f"{result.detail}, but {fault}"
    return not result.ok, result.detail


def _limited(action: Action, limit_s: float) -> Action:
    if isinstance(action, WaitAction):
        return action
    return replace(action, timeout_s=min(action.timeout_s, limit_s))
