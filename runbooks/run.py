"""One launched run: its steps in order, stopped at the first failure that counts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from .actions.base import ActionContext, ActionRunner
from .binding import BoundStep
from .errors import AuditError, ProposalError
from .lifecycle import ProposalState
from .pace import Pace
from .progress import (
    any_failed,
    awaits_check,
    earlier_outputs,
    first_fault,
    good_end,
    groups,
    skip_reason,
    unknown_steps,
)
from .run_events import RunEvent, RunFinished, RunResumed, StepSkipped, StepStarted
from .run_record import RunRecord
from .run_step import StepRun
from .schema import Risk
from .signals import SignalKind, SignalStore
from .store import StepRecord, StepState
from .turns import in_turns

_CUT_OFF = "stopped before its end"
_CUT_STEP = "cut off: its effect is not known"
_LOOK = "look before you repeat it"


@dataclass(slots=True, kw_only=True)
class Run:
    """Executes the steps of one proposal that is RUNNING.

    Attributes:
        signals: Where somebody may say stop.
        done: What is stored of a run that is continued; None for a new one.
        leaving: Whether this process is about to end, so that another one goes on if it can.
    """

    record: RunRecord
    runner: ActionRunner
    signals: SignalStore
    pace: Pace = field(default_factory=Pace)
    done: Sequence[StepRecord] | None = None
    leaving: Callable[[], bool] = lambda: False
    _records: dict[int, StepRecord] = field(default_factory=dict[int, StepRecord])
    _fault: str = ""
    _over: bool = False
    _began: float = field(init=False)
    _events: asyncio.Queue[RunEvent | None] = field(
        default_factory=lambda: asyncio.Queue[RunEvent | None]()
    )
    _beginning: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._began = self.pace.now()
        self._records = {record.position: record for record in self.done or ()}

    async def events(self) -> AsyncGenerator[RunEvent, None]:
        """Run the steps; closing this stops the steps that are running and notes it.

        The last event is a `RunFinished`, unless the generator is closed before.
        """
        driving = asyncio.create_task(self._drive())
        driving.add_done_callback(lambda _: self._events.put_nowait(None))
        listening = asyncio.create_task(self._listen(driving))
        try:
            while (event := await self._events.get()) is not None:
                yield event
            with contextlib.suppress(asyncio.CancelledError):
                await driving
            yield await self._finish()
        finally:
            listening.cancel()
            if not self._over:
                await asyncio.shield(asyncio.ensure_future(self._abandon(driving)))

    async def call_off(self, why: str = _CUT_OFF) -> RunFinished:
        """Note that the run was stopped from outside, or does not go on."""
        self._fault = self._stopped(why)
        return await self._finish()

    @property
    def _steps(self) -> tuple[BoundStep, ...]:
        return self.record.proposal.plan.steps

    async def _abandon(self, driving: asyncio.Task[None]) -> None:
        driving.cancel()
        await asyncio.wait({driving})
        if self._can_be_left():
            self._over = True
            with contextlib.suppress(AuditError):
                await self.record.suspend()
            return
        await self.call_off()

    def _can_be_left(self) -> bool:
        """Whether another process can go on from what is stored."""
        return self.leaving() and not unknown_steps(self._steps, self._records)

    async def _listen(self, driving: asyncio.Task[None]) -> None:
        """End the run when somebody says so, in this process or in another."""
        while True:
            with contextlib.suppress(ProposalError):
                stopped = await self._stop_said()
                if stopped and not driving.done():
                    self._fault = stopped
                    driving.cancel()
                    return
            await asyncio.sleep(self.pace.listen_s)

    async def _stop_said(self) -> str:
        """That somebody said stop, in words; empty when nobody did."""
        said = await asyncio.to_thread(self.signals.of, self.record.proposal.proposal_id)
        stops = [signal for signal in said if signal.kind is SignalKind.STOP]
        return f"stopped by {stops[0].actor.name}" if stops else ""

    async def _drive(self) -> None:
        try:
            await self._open()
            for positions in groups(self._steps):
                # NOTE: asked here too, so that nothing begins after a stop, not even for a moment.
                self._fault = await self._stop_said()
                if self._fault:
                    return
                await self._group(positions)
                self._fault = first_fault(positions, self._steps, self._records)
                if self._fault:
                    return
        except (AuditError, ProposalError) as exc:
            self._fault = f"stopped: {exc}"
        except asyncio.CancelledError:
            if not self._fault and self._can_be_left():
                raise
            self._fault = self._stopped(self._fault or _CUT_OFF)
            await self._close_cut_off()
            raise
        except Exception as exc:  # whatever breaks, the run has an end that people can see
            log = structlog.get_logger()
            log.exception("run_broke")
            self._fault = self._stopped(f"opsbot itself failed ({type(exc).__name__})")
            await self._close_cut_off()

    async def _open(self) -> None:
        if self.done is None:
            await self.record.begin()
            return
        n_done = sum(record.state is not StepState.STARTED for record in self.done)
        await self.record.resume(n_done)
        self._emit(RunResumed(n_done=n_done, n_steps=len(self._steps)))

    async def _group(self, positions: tuple[int, ...]) -> None:
        """Run what is left of one declared step: one bound step, or one for each item."""
        left = [position for position in positions if not self._has_ended(position)]
        first = self._steps[positions[0]]
        if first.when is not None and left:
            reason = await asyncio.to_thread(skip_reason, first.when, self._steps, self._records)
            if reason is not None:
                await self._skip([item for item in left if item not in self._records], reason)
                left = [position for position in left if not self._has_ended(position)]
        context = self._context()

        def go_on() -> bool:
            return not (first.stop_on_failure and any_failed(positions, self._records))

        await in_turns(
            left,
            lambda position: self._step(position, context, go_on),
            at_once=first.concurrency,
            go_on=go_on,
        )

    def _has_ended(self, position: int) -> bool:
        record = self._records.get(position)
        return record is not None and record.state is not StepState.STARTED

    def _context(self) -> ActionContext:
        return ActionContext(
            executables=self.record.proposal.plan.executables,
            proposal_id=self.record.proposal.proposal_id,
            earlier=earlier_outputs(self._steps, self._records),
        )

    async def _skip(self, positions: Iterable[int], reason: str) -> None:
        for position in positions:
            step = self._steps[position]
            self._records[position] = await self.record.skip_step(position, step, reason)
            self._emit(
                StepSkipped(
                    position=position,
                    n_steps=len(self._steps),
                    step_id=step.step_id,
                    title=step.title,
                    reason=reason,
                )
            )

    async def _step(self, position: int, context: ActionContext, go_on: Callable[[], bool]) -> None:
        step = self._steps[position]
        known = self._records.get(position)
        only_check = known is not None and awaits_check(step, known)
        if known is None or not only_check:
            known = await self._begin(position, step, go_on)
        if known is None:
            return
        run = StepRun(
            step=step,
            noted=known,
            record=self.record,
            runner=self.runner,
            context=replace(context, step_id=step.step_id),
            emit=self._emit,
            pace=self.pace,
        )
        self._records[position] = await (run.check_again() if only_check else run.run())

    async def _begin(
        self, position: int, step: BoundStep, go_on: Callable[[], bool]
    ) -> StepRecord | None:
        """Note that a step begins; None when another item failed while it waited for its turn."""
        async with self._beginning:  # so that steps begin in their order, whatever the disk does
            if not go_on():
                return None
            known = await self.record.begin_step(position, step)
            self._records[position] = known
            self._emit(
                StepStarted(
                    position=position,
                    n_steps=len(self._steps),
                    step_id=step.step_id,
                    title=step.title,
                )
            )
        return known

    def _emit(self, event: RunEvent) -> None:
        self._events.put_nowait(event)

    def _stopped(self, how: str) -> str:
        """What to say of a run that was cut off: what was running, and that nobody knows more."""
        cut = [
            self._steps[position]
            for position, record in sorted(self._records.items())
            if record.state is StepState.STARTED
        ]
        if not cut:
            return f"{how}: {_LOOK}" if how == _CUT_OFF else how
        during = f"{how} during {', '.join(step.title for step in cut)}"
        if all(step.risk is Risk.READ_ONLY for step in cut):
            return f"{during}, which changes nothing"
        return f"{during}, whose effect is not known: {_LOOK}"

    async def _close_cut_off(self) -> None:
        with contextlib.suppress(ProposalError):
            for record in self._records.values():
                if record.state is StepState.STARTED:
                    ended = replace(record, state=StepState.FAILED, detail=_CUT_STEP)
                    await self.record.note_result(ended)

    async def _finish(self) -> RunFinished:
        self._over = True
        not_done = tuple(
            step.title for position, step in enumerate(self._steps) if position not in self._records
        )
        state = ProposalState.FAILED if self._fault else ProposalState.SUCCEEDED
        reason = self._fault or good_end(self._steps, self._records)
        if all(record.state is StepState.SKIPPED for record in self._records.values()):
            reason += "; nothing was executed"
        if self._records and not_done:
            reason += f"; not done: {', '.join(not_done)}"
        state, reason = await self.record.finish(state, reason)
        return RunFinished(
            state=state, reason=reason, seconds=self.pace.now() - self._began, not_done=not_done
        )
