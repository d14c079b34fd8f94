"""What was proposed, approved and run in a thread, one line each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from runbooks.actions.output import safe_text
from runbooks.case import Case

from .messages import ThreadRef
from .skills.generation import as_data

_LOOKED_AT = 200


class ThreadRuns:
    """Looks through the latest proposals.

    Args:
        recent: The latest proposals, at most as many as asked for.
    """

    def __init__(self, recent: Callable[[int], Awaitable[tuple[Case, ...]]]) -> None:
        self._recent = recent

    async def __call__(self, thread: ThreadRef) -> tuple[str, ...]:
        """The lines of a thread, the oldest proposal first; without secrets."""
        cases = [case for case in await self._recent(_LOOKED_AT) if is_in(case, thread)]
        ordered = sorted(cases, key=lambda case: case.proposal.proposal_id)
        return tuple(run_line(case) for case in ordered)


def run_line(case: Case) -> str:
    """One proposal in one line: which runbook, what became of it, who said yes."""
    plan = case.proposal.plan
    reason = f" ({case.reason})" if case.reason else ""
    names = ", ".join(approval.actor.name for approval in case.approvals)
    yes = f"; approved by {names}" if names else ""
    line = (
        f"#{case.proposal.proposal_id} {plan.runbook.name} ({plan.environment}): "
        f"{case.state.value}{reason}{yes}"
    )
    return " ".join(safe_text(as_data(line)).split())[:300]


def is_in(case: Case, thread: ThreadRef) -> bool:
    """Whether a proposal was made in a thread."""
    where = case.proposal.plan.where
    return (where.channel_id, where.thread_ts) == (thread.channel_id, thread.thread_ts)
