"""A plan's actions in words: exactly what runs, copyable, nothing left out or invisible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runbooks.actions.kinds import Action, CommandAction
from runbooks.binding import BoundStep
from runbooks.describe import describe, visible
from runbooks.proposal import Plan
from runbooks.schema import Expect, Verify


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
    expects = f", with {expect_text(verify.expect)}," if verify.expect is not None else ""
    return f"{action_text(verify.action, executables)}{must}{expects} within {verify.within_s:g} s"


def expect_text(expect: Expect) -> str:
    """What an output must be like, all of it."""
    parts = (
        f"output that has {visible(expect.output)!r}" if expect.output is not None else "",
        f"output without {visible(expect.absent)!r}" if expect.absent is not None else "",
        f"a number of at least {expect.minimum:g}" if expect.minimum is not None else "",
        f"a number of at most {expect.maximum:g}" if expect.maximum is not None else "",
    )
    return " and ".join(part for part in parts if part)


def bound_facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Where a plan reaches and which files it reads as programs: names and facts."""
    targets = ((f"target {name}", facts) for name, facts in plan.targets.items())
    files = ((f"file {path}", f"sha256 {digest}") for path, digest in plan.files.items())
    return (*targets, *files)


def plan_commands(plan: Plan) -> tuple[str, ...]:
    """Every step's action, in order, exactly as it will run."""
    return tuple(action_text(step.action, plan.executables) for step in plan.steps)


def step_terms(step: BoundStep) -> tuple[str, ...]:
    """Under which conditions a step runs, and how often, one phrase each."""
    terms: list[str] = []
    if step.when is not None:
        expect = step.when.expect
        expects = f", with {expect_text(expect)}" if expect is not None else ""
        terms.append(f"only if {step.when.step_id} {step.when.outcome.value}{expects}")
    if step.item:
        stops = ", stops at a failure" if step.stop_on_failure else ", goes on after failures"
        terms.append(f"for {step.item}, {step.concurrency} at once{stops}")
    if step.retry is not None:
        terms.append(f"tried {step.retry.times} more times, {step.retry.delay_s:g} s apart")
    if step.continue_on_failure:
        terms.append("later steps run even if it fails")
    return tuple(terms)
