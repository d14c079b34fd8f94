"""Commands are looked at once more when their values are known: a value must not change what they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .actions.kinds import Action, CommandAction
from .binding import BoundStep
from .commands.classify import classify
from .errors import ProposalError
from .loader_markdown import RISK_OF_CLASS
from .loader_safety import change_in_filled
from .schema import MARKDOWN, Risk, Runbook


def check_filled(runbook: Runbook, steps: Sequence[BoundStep]) -> None:
    """Hold bound steps to what their runbook says of them.

    Raises:
        ProposalError: With these values an action that only looks would do more, or a command read
            from prose does more than was read from the text.
    """
    for step in steps:
        for action in _looks(step):
            reason = change_in_filled(action)
            if reason is not None:
                raise _does_more(step, reason)
        if runbook.source.suffix == MARKDOWN and isinstance(step.action, CommandAction):
            _check_prose(step, step.action)


def _looks(step: BoundStep) -> Iterator[Action]:
    """What runs without anybody's approval, or is approved as something that changes nothing."""
    if step.preview is not None:
        yield step.preview
    if step.verify is not None:
        yield step.verify.action
    if step.risk is Risk.READ_ONLY:
        yield step.action


def _check_prose(step: BoundStep, action: CommandAction) -> None:
    found = classify(action.argv)
    if RISK_OF_CLASS.get(found.command_class) not in {Risk.READ_ONLY, step.risk}:
        raise _does_more(step, found.reason)


def _does_more(step: BoundStep, reason: str) -> ProposalError:
    return ProposalError(f"step {step.step_id} with these values: {reason}")
