"""How far a run is, from what is stored of its steps; pure, the same after a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from .actions.kinds import ExplainAction, ManualAction, WaitAction
from .binding import BoundStep
from .expectations import unmet
from .schema import Condition, Outcome, Risk
from .store import StepRecord, StepState

Records = Mapping[int, StepRecord]
_OUTCOMES: Mapping[StepState, Outcome] = {
    StepState.SUCCEEDED: Outcome.SUCCEEDED,
    StepState.FAILED: Outcome.FAILED,
    StepState.SKIPPED: Outcome.SKIPPED,
}


def group_of(step: BoundStep) -> str:
    """The declared step that a bound step comes from."""
    return step.group or step.step_id


def groups(steps: Sequence[BoundStep]) -> Iterator[tuple[int, ...]]:
    """Positions of the steps that belong together, in order."""
    for _, positions in groupby(range(len(steps)), key=lambda position: group_of(steps[position])):
        yield tuple(positions)


def skip_reason(when: Condition, steps: Sequence[BoundStep], records: Records) -> str | None:
    """Why a step with this condition is skipped; None when it runs.

    Every item of the step that the condition names must have ended as it says.
    """
    named = [position for position, step in enumerate(steps) if group_of(step) == when.step_id]
    for position in named:
        record, step_id = records.get(position), steps[position].step_id
        outcome = _OUTCOMES.get(record.state) if record is not None else None
        if record is None or outcome is not when.outcome:
            became = outcome.value if outcome is not None else "not done"
            return f"only if {step_id} {when.outcome.value}, and it is {became}"
        fault = unmet(when.expect, record.output) if when.expect is not None else None
        if fault is not None:
            return f"only if {step_id} shows something else: {fault}"
    return None if named else f"there is no step {when.step_id}"


def tolerated(step: BoundStep) -> bool:
    """Whether the run goes on, and can succeed, when this step fails."""
    return step.continue_on_failure or isinstance(step.action, ExplainAction)


def first_fault(positions: Sequence[int], steps: Sequence[BoundStep], records: Records) -> str:
    """The first failure among some steps that ends the run, in words; empty when there is none."""
    for position in positions:
        record = records.get(position)
        failed = record is not None and record.state is StepState.FAILED
        if record is not None and failed and not tolerated(steps[position]):
            return f"{steps[position].title}: {record.detail}"
    return ""


def any_failed(positions: Sequence[int], records: Records) -> bool:
    """Whether one of these steps failed."""
    found = (records.get(position) for position in positions)
    return any(record is not None and record.state is StepState.FAILED for record in found)


def good_end(steps: Sequence[BoundStep], records: Records) -> str:
    """One sentence on a run that succeeded: failures that did not count are named."""
    failed = [
        f"{steps[position].title} ({record.detail})"
        for position, record in sorted(records.items())
        if record.state is StepState.FAILED
    ]
    n_skipped = sum(record.state is StepState.SKIPPED for record in records.values())
    words = "every step succeeded" if not failed else "the steps that count succeeded"
    if n_skipped:
        words += f"; {n_skipped} skipped"
    return words + (f"; failed, and passed over: {', '.join(failed)}" if failed else "")


def earlier_outputs(steps: Sequence[BoundStep], records: Records) -> dict[str, str]:
    """Outputs by declared step, those of several items below one another with their names."""
    texts: dict[str, list[str]] = {}
    for position, record in sorted(records.items()):
        step = steps[position]
        text = f"{step.item}:\n{record.output}" if step.item else record.output
        texts.setdefault(group_of(step), []).append(text)
    return {name: "\n".join(parts) for name, parts in texts.items()}


def is_repeatable(step: BoundStep) -> bool:
    """Whether a step that was begun, and of whose end nothing is known, may be run again."""
    harmless = isinstance(step.action, WaitAction | ManualAction | ExplainAction)
    return harmless or step.risk is Risk.READ_ONLY


def awaits_check(step: BoundStep, record: StepRecord) -> bool:
    """Whether the action is known to have ended well, and only the check after it is missing."""
    return record.state is StepState.STARTED and bool(record.detail) and step.verify is not None


def unknown_steps(steps: Sequence[BoundStep], records: Records) -> tuple[str, ...]:
    """Ids of steps that were begun, may not be repeated, and of whose end nothing is known."""
    return tuple(
        steps[position].step_id
        for position, record in sorted(records.items())
        if record.state is StepState.STARTED
        and not is_repeatable(steps[position])
        and not awaits_check(steps[position], record)
    )
