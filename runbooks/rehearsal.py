"""Runs a runbook against recorded results: the real order of steps, and no side effect at all."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from .actions.base import ActionContext, ActionEvent, ActionResult, Line
from .actions.kinds import Action, ParameterValue, WaitAction
from .actions.output import safe_text
from .audit import AuditTrail
from .audit_files import AuditFiles
from .binding import BoundStep, bind, resolve
from .case import open_case
from .errors import Fault, ParameterError, VariableError
from .lifecycle import ProposalState
from .memory_store import MemoryAudit, MemoryProposals, MemorySignals
from .pace import Pace
from .previews import run_previews
from .progress import group_of
from .proposal import ActorRef, Place, Plan, RunbookRef
from .recordings import NOT_DONE, Recorded, RecordedCase
from .run import Run
from .run_events import RunEvent, RunFinished
from .run_record import RunRecord
from .schema import Runbook
from .store import Move, StepRecord

_NOBODY = ActorRef(team_id="", user_id="", name="rehearsal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of one case.

    Attributes:
        steps: Every bound step with its state, or "not_done".
        events: As a run tells them.
        faults: Where it differs from what was expected, with the line of the expectation.
    """

    case: RecordedCase
    state: ProposalState | None
    reason: str
    steps: Mapping[str, str]
    events: tuple[RunEvent, ...]
    faults: tuple[Fault, ...]


async def rehearse(runbook: Runbook, case: RecordedCase, path: Path) -> Rehearsal:
    """Run one case.

    Args:
        path: The file of the case; names it in faults.
    """
    try:
        steps = bind(runbook, case.parameters, case.variables)
        values = resolve(runbook, case.parameters)
    except (ParameterError, VariableError) as exc:
        fault = Fault(path=path, line=case.line, message=f"{case.name}: {exc}")
        return Rehearsal(
            case=case, state=None, reason=str(exc), steps={}, events=(), faults=(fault,)
        )
    runner = _Replay(steps=steps, results=case.results)
    await run_previews(runner, steps, ActionContext(), lambda: datetime.now(UTC))
    events, records = await _run(_plan(runbook, steps, values), runner)
    last = events[-1]
    state, reason = (last.state, last.reason) if isinstance(last, RunFinished) else (None, "")
    states = {step.step_id: NOT_DONE for step in steps}
    states |= {record.step_id: record.state.value for record in records}
    found = Rehearsal(
        case=case, state=state, reason=reason, steps=states, events=tuple(events), faults=()
    )
    return _judged(found, path, runner.unused)


async def _run(plan: Plan, runner: _Replay) -> tuple[list[RunEvent], tuple[StepRecord, ...]]:
    store = MemoryProposals()
    proposal_id = store.add(plan).proposal_id
    states = (ProposalState.PENDING, ProposalState.APPROVED, ProposalState.RUNNING)
    for source, target in pairwise(states):
        store.move(
            proposal_id, Move(source=source, target=target, at=plan.created_at, reason="rehearsal")
        )
    stored = store.get(proposal_id)
    if stored is None:
        return [], ()
    with tempfile.TemporaryDirectory(prefix="opsbot-rehearsal-") as folder:
        record = RunRecord(
            proposal=open_case(stored).proposal,
            store=store,
            audit=AuditTrail(MemoryAudit(), AuditFiles(Path(folder))),
            clock=lambda: plan.created_at,
        )
        run = Run(record=record, runner=runner, signals=MemorySignals(), pace=runner.pace)
        events = [event async for event in run.events()]
    after = store.get(proposal_id)
    return events, after.steps if after is not None else ()


def _plan(
    runbook: Runbook, steps: tuple[BoundStep, ...], values: Mapping[str, ParameterValue]
) -> Plan:
    now = datetime.now(UTC)
    return Plan(
        runbook=RunbookRef(
            name=runbook.name,
            title=runbook.title,
            version=runbook.version,
            digest=runbook.digest,
        ),
        parameters=values,
        steps=steps,
        environment="rehearsal",
        target="rehearsal",
        run_as="nobody",
        environment_names=(),
        executables={},
        why="",
        evidence=(),
        previews=(),
        requester=_NOBODY,
        where=Place(channel_id="", thread_ts=""),
        created_at=now,
        expires_at=now + timedelta(days=1),
        risk=runbook.risk,
        n_approvals=1,
    )


@dataclass(slots=True, kw_only=True)
class _Replay:
    """An `ActionRunner` that starts nothing; its time passes only as the recordings say."""

    steps: Sequence[BoundStep]
    results: Sequence[Recorded]
    _taken: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    _used: set[int] = field(default_factory=set[int])
    _now_s: float = 0.0

    @property
    def pace(self) -> Pace:
        """Time as this replay tells it."""
        return Pace(now=lambda: self._now_s, sleep=self._pass)

    @property
    def unused(self) -> tuple[Recorded, ...]:
        """Results that no action took."""
        return tuple(
            result for number, result in enumerate(self.results) if number not in self._used
        )

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`."""
        result = self._next(action, context)
        self._now_s += result.seconds
        for line in result.output.splitlines():
            yield Line(text=line)
        yield result

    async def _pass(self, seconds: float) -> None:
        self._now_s += seconds

    def _next(self, action: Action, context: ActionContext) -> ActionResult:
        """The next recorded result of an action; the last one stays."""
        step = next(step for step in self.steps if step.step_id == context.step_id)
        fitting = [
            number
            for number, result in enumerate(self.results)
            if result.step == group_of(step)
            and result.part is context.part
            and result.item in {"", step.item}
        ]
        if not fitting and isinstance(action, WaitAction):
            return _waited(action)
        if not fitting:
            detail = f"no result is recorded for the {context.part.value} of {step.step_id}"
            return ActionResult(ok=False, exit_status=None, seconds=0.0, output="", detail=detail)
        key = (step.step_id, context.part.value)
        turn = min(self._taken.get(key, 0), len(fitting) - 1)
        self._taken[key] = turn + 1
        self._used.add(fitting[turn])
        taken = self.results[fitting[turn]]
        return ActionResult(
            ok=taken.ok,
            exit_status=taken.exit_status,
            seconds=taken.seconds,
            output=safe_text(taken.output),
            detail=taken.detail,
        )


def _waited(action: WaitAction) -> ActionResult:
    """A wait needs no recording."""
    detail = f"waited {action.seconds:g} s"
    return ActionResult(ok=True, exit_status=None, seconds=action.seconds, output="", detail=detail)


def _judged(found: Rehearsal, path: Path, unused: Sequence[Recorded]) -> Rehearsal:
    case = found.case
    lines: list[tuple[int, str]] = []
    if case.state is not None and found.state is not None and case.state.value != found.state.value:
        text = f"expected {case.state.value}, it {found.state.value}: {found.reason}"
        lines.append((case.state.line, text))
    if case.reason is not None and case.reason.value not in found.reason:
        text = f"{case.reason.value!r} is not in the reason: {found.reason}"
        lines.append((case.reason.line, text))
    for step_id, expected in case.steps.items():
        became = found.steps.get(step_id, "no step of this run")
        if became != expected.value:
            lines.append((expected.line, f"{step_id}: expected {expected.value}, it is {became}"))
    for result in unused:
        text = f"the recorded {result.part.value} of {result.step} was never asked for"
        lines.append((result.line, text))
    faults = (Fault(path=path, line=line, message=f"{case.name}: {text}") for line, text in lines)
    return Rehearsal(
        case=case,
        state=found.state,
        reason=found.reason,
        steps=found.steps,
        events=found.events,
        faults=tuple(faults),
    )
