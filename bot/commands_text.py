"""A plan's actions in words: exactly what runs, copyable, nothing left out or invisible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runbooks.actions.kinds import Action, CommandAction
from runbooks.actions.output import safe_text
from runbooks.binding import BoundStep
from runbooks.describe import describe, visible
from runbooks.proposal import Plan
from runbooks.schema import Expect, Risk, Step, Verify


def action_text(action: Action, executables: Mapping[str, str]) -> str:
    """One action on one line, secrets redacted.

    Args:
        executables: Program as written -> absolute path that will run.
    """
    if isinstance(action, CommandAction):
        program = executables.get(action.argv[0], action.argv[0])
        action = replace(action, argv=(program, *action.argv[1:]))
    return describe(action)


def verify_text(verify: Verify, executables: Mapping[str, str]) -> str:
    """What must hold afterwards."""
    must = " must exit 0" if isinstance(verify.action, CommandAction) else ""
    wants = f", {expect_text(verify.expect)}" if verify.expect is not None else ""
    return f"{action_text(verify.action, executables)}{must} within {verify.within_s:g} s{wants}"


def expect_text(expect: Expect) -> str:
    """What an output must be like, all of it, on one line."""
    terms: list[str] = []
    if expect.output is not None:
        terms.append(f"with '{_pattern(expect.output)}' in its output")
    if expect.absent is not None:
        terms.append(f"without '{_pattern(expect.absent)}' in its output")
    if expect.minimum is not None:
        terms.append(f"its first number at least {expect.minimum:g}")
    if expect.maximum is not None:
        terms.append(f"its first number at most {expect.maximum:g}")
    return ", ".join(terms)


def _pattern(expression: str) -> str:
    return visible(safe_text(expression))


def bound_facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Where a plan reaches and which files it reads as programs: names and facts."""
    targets = ((f"target {name}", facts) for name, facts in plan.targets.items())
    files = ((f"file {path}", f"sha256 {digest}") for path, digest in plan.files.items())
    return (*targets, *files)


def plan_commands(plan: Plan) -> tuple[str, ...]:
    """Every step's action, in order, exactly as it will run."""
    return tuple(action_text(step.action, plan.executables) for step in plan.steps)


def undo_text(step: BoundStep, plan: Plan) -> str:
    """How a step would be undone; empty for one that changes nothing, or is an undo itself."""
    if step.rollback is not None:
        return action_text(step.rollback, plan.executables)
    return "" if step.risk is Risk.READ_ONLY or plan.undoes is not None else "none declared"


def steps_text(plan: Plan) -> str:
    """How many steps there are, and how many of them change something."""
    n_steps = len(plan.steps)
    n_changes = sum(step.risk is not Risk.READ_ONLY for step in plan.steps)
    steps = f"{n_steps} step" if n_steps == 1 else f"{n_steps} steps"
    if not n_changes:
        return f"{steps}, nothing is changed"
    return f"{steps}, {n_changes} of them {'changes' if n_changes == 1 else 'change'} something"


def step_terms(step: BoundStep) -> tuple[str, ...]:
    """Under which conditions a step runs, and how often, one phrase each."""
    items = _items(step.item, step.concurrency, stops=step.stop_on_failure) if step.item else ""
    return _terms(step, items)


def declared_terms(step: Step) -> tuple[str, ...]:
    """The same for a step of a runbook whose values are not filled in yet."""
    over = step.matrix
    if over is None:
        return _terms(step, "")
    names = ", ".join(map(visible, over.over))
    return _terms(step, _items(names, over.concurrency, stops=over.stop_on_failure))


def _items(names: str, concurrency: int, *, stops: bool) -> str:
    after = "stops at a failure" if stops else "goes on after failures"
    return f"for {names}, {concurrency} at once, {after}"


def _terms(step: BoundStep | Step, items: str) -> tuple[str, ...]:
    terms: list[str] = []
    if step.when is not None:
        expects = f", {expect_text(step.when.expect)}" if step.when.expect is not None else ""
        terms.append(f"only if {step.when.step_id} {step.when.outcome.value}{expects}")
    if items:
        terms.append(items)
    if step.retry is not None:
        terms.append(f"tried {step.retry.times} more times, {step.retry.delay_s:g} s apart")
    if step.continue_on_failure:
        terms.append("later steps run even if it fails")
    return tuple(terms)
