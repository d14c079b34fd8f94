"""One launched run: its steps in order, stopped at the first that fails."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from .actions.base import ActionContext, ActionResult, ActionRunner, Line, collect
from .binding import BoundStep
from .errors import AuditError, ProposalError
from .lifecycle import ProposalState
from .run_events import (
    OutputLine,
    RunEvent,
    RunFinished,
    StepFinished,
    StepStarted,
    VerifyFinished,
)
from .run_record import RunRecord
from .schema import Risk, Verify
from .store import StepRecord, StepState

_LEAST_TRY_S = 0.5


@dataclass(slots=True, kw_only=True)
class Run:
    """Executes the steps of one proposal that is RUNNING.

    Attributes:
        poll_interval_s: Between two tries of a check.
    """

    record: RunRecord
    runner: ActionRunner
    poll_interval_s: float
    _fault: str | None = None
    _n_begun: int = 0
    _over: bool = False
    _began_mono: float = field(default_factory=time.monotonic)

    async def events(self) -> AsyncGenerator[RunEvent, None]:
        """Run the steps; closing this stops the step that is running and notes it.

        The last event is a `RunFinished`, unless the generator is closed before.
        """
        try:
            try:
                await self.record.begin()
                for position, step in enumerate(self._steps):
                    async with contextlib.aclosing(self._step(position, step)) as events:
                        async for event in events:
                            yield event
                    if self._fault is not None:
                        break
            except (AuditError, ProposalError) as exc:
                self._fault = f"stopped: {exc}"
            yield await self._finish()
        finally:
            if not self._over:
                await asyncio.shield(self.call_off())

    async def call_off(self) -> RunFinished:
        """Note that the run was stopped from outside."""
        self._fault = "stopped before its end: look before you repeat it"
        return await self._finish()

    @property
    def _steps(self) -> tuple[BoundStep, ...]:
        return self.record.proposal.plan.steps

    async def _finish(self) -> RunFinished:
        self._over = True
        not_done = tuple(step.title for step in self._steps[self._n_begun :])
        state = ProposalState.SUCCEEDED if self._fault is None else ProposalState.FAILED
        reason = self._fault or "every step succeeded"
        if not self._n_begun:
            reason += "; nothing was executed"
        elif not_done:
            reason += f"; not done: {', '.join(not_done)}"
        state, reason = await self.record.finish(state, reason)
        return RunFinished(
            state=state,
            reason=reason,
            seconds=time.monotonic() - self._began_mono,
            not_done=not_done,
        )

    async def _step(self, position: int, step: BoundStep) -> AsyncGenerator[RunEvent, None]:
        noted = await self.record.begin_step(position, step)
        self._n_begun = position + 1
        yield StepStarted(
            position=position, n_steps=len(self._steps), step_id=step.step_id, title=step.title
        )
        result = _NOTHING
        async with contextlib.aclosing(
            self.runner.run(step.action, self._context(step.risk))
        ) as events:
            async for event in events:
                if isinstance(event, Line):
                    yield OutputLine(step_id=step.step_id, text=event.text)
                else:
                    result = event
        noted = replace(noted, detail=result.detail, output=result.output, seconds=result.seconds)
        if step.verify is None or not result.ok:
            await self._close(noted, step, result, None)
            yield _finished(step, result)
            return
        await self.record.note_result(noted)
        yield _finished(step, result)
        check = await self._verify(step, step.verify)
        await self._close(noted, step, result, check)
        yield check

    async def _close(
        self, noted: StepRecord, step: BoundStep, result: ActionResult, check: VerifyFinished | None
    ) -> None:
        if not result.ok:
            self._fault = f"{step.title}: {result.detail}"
        elif check is not None and not check.ok:
            self._fault = f"{step.title}: done, but the check afterwards failed: {check.detail}"
        state = StepState.SUCCEEDED if self._fault is None else StepState.FAILED
        verified = check.ok if check is not None else None
        await self.record.end_step(replace(noted, state=state, verified=verified))

    async def _verify(self, step: BoundStep, verify: Verify) -> VerifyFinished:
        """Try the check until it holds or its time is over; at least once."""
        began = time.monotonic()
        while True:
            left_s = verify.within_s - (time.monotonic() - began)
            limit_s = min(verify.action.timeout_s, max(left_s, _LEAST_TRY_S))
            action = replace(verify.action, timeout_s=limit_s)
            result = await collect(self.runner, action, self._context(Risk.READ_ONLY))
            seconds = time.monotonic() - began
            if result.ok or seconds + self.poll_interval_s > verify.within_s:
                return VerifyFinished(
                    step_id=step.step_id, ok=result.ok, detail=result.detail, seconds=seconds
                )
            await asyncio.sleep(self.poll_interval_s)

    def _context(self, risk: Risk) -> ActionContext:
        return ActionContext(
            executables=self.record.proposal.plan.executables,
            read_only=risk is Risk.READ_ONLY,
        )


_NOTHING = ActionResult(
    ok=False, exit_status=None, seconds=0.0, output="", detail="ended without a result"
)


def _finished(step: BoundStep, result: ActionResult) -> StepFinished:
    return StepFinished(
        step_id=step.step_id,
        ok=result.ok,
        exit_status=result.exit_status,
        seconds=result.seconds,
        detail=result.detail,
        output=result.output,
    )
