"""Actions in words: exactly what runs, copyable, nothing left out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from runbooks.proposal import Plan
from runbooks.schema import Action, CommandAction, Verify


def action_text(action: Action, executables: Mapping[str, str]) -> str:
    """One action on one line.

    Args:
        executables: Program as written -> absolute path that will run.
    """
    if isinstance(action, CommandAction):
        program = executables.get(action.argv[0], action.argv[0])
        return shlex.join((program, *action.argv[1:]))
    return f"{action.method} {action.url}"


def verify_text(verify: Verify, executables: Mapping[str, str]) -> str:
    """What must hold afterwards."""
    if isinstance(verify.action, CommandAction):
        return f"{action_text(verify.action, executables)} must exit 0 within {verify.within_s:g} s"
    wanted = verify.action.expect_status
    return (
        f"{action_text(verify.action, executables)} must be {wanted} within {verify.within_s:g} s"
    )


def plan_commands(plan: Plan) -> tuple[str, ...]:
    """Every step's action, in order, exactly as it will run."""
    return tuple(action_text(step.action, plan.executables) for step in plan.steps)
