"""A plan's actions in words: exactly what runs, copyable, nothing left out or invisible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runbooks.actions.kinds import Action, CommandAction
from runbooks.describe import describe
from runbooks.proposal import Plan
from runbooks.schema import Verify


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
    return f"{action_text(verify.action, executables)}{must} within {verify.within_s:g} s"


def plan_commands(plan: Plan) -> tuple[str, ...]:
    """Every step's action, in order, exactly as it will run."""
    return tuple(action_text(step.action, plan.executables) for step in plan.steps)
