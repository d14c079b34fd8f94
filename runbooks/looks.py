"""Runs the previews of a runbook without a proposal: what it would meet, and nothing else of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from .actions.base import ActionContext, ActionRunner, Part, collect
from .actions.kinds import Action, CommandAction, DockerAction, KubernetesAction, SshAction
from .actions.output import bounded
from .audit import AuditTrail
from .binding import BoundStep
from .commands.classify import CommandClass, classify
from .errors import ProposalError
from .planning import ProposalRequest, Site, lay_ground
from .policy import PolicySource
from .previews import MAX_PREVIEW_CHARS, MAX_PREVIEW_S
from .proposal import PreviewResult
from .schema import Risk
from .store import AuditKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one preview showed.

    Attributes:
        title: Of the step.
    """

    title: str
    result: PreviewResult


class Looks:
    """Looks at what a runbook would look at; every look is in the audit trail before it runs.

    Args:
        clock: Gives the time, aware UTC.
    """

    def __init__(
        self,
        *,
        audit: AuditTrail,
        policy: PolicySource,
        site: Site,
        runner: ActionRunner,
        clock: Callable[[], datetime],
    ) -> None:
        self._audit = audit
        self._policy = policy
        self._site = site
        self._runner = runner
        self._clock = clock

    async def look(self, request: ProposalRequest, limit: int) -> tuple[Seen, ...]:
        """Run the first previews of a runbook, at most `limit` of them.

        Steps need an approval even when they only read, so none runs here. A preview runs only
        when the classifier too says that it reads, and when no freeze holds even for that.

        Raises:
            ParameterError: A value is missing or wrong.
            VariableError: The runbook refers to a variable that is not set.
            ProposalError: A program is not there, or a freeze holds.
            AuditError: The audit trail cannot be written; nothing was run.
        """
        runbook = request.runbook
        with_preview = tuple(step for step in runbook.steps if step.preview is not None)
        if not with_preview:
            return ()
        asked = replace(request, runbook=replace(runbook, steps=with_preview))
        ground = lay_ground(asked, self._site)
        await self._check_policy(ground.environment)
        chosen = [
            (step, step.preview)
            for step in ground.steps
            if step.preview is not None and _only_reads(step.preview)
        ]
        facts = {"preview": str(len(chosen[:limit]))}
        subject = f"runbook:{runbook.name}"
        await asyncio.to_thread(
            self._audit.append, AuditKind.REQUEST, subject, self._clock(), request.requester, facts
        )
        context = ActionContext(executables=ground.executables, read_only=True)
        return tuple([await self._run(step, action, context) for step, action in chosen[:limit]])

    async def _check_policy(self, environment: str) -> None:
        policy = await self._policy.in_force()
        terms = policy.terms(Risk.READ_ONLY, environment, self._clock())
        if terms.freeze is not None:
            raise ProposalError("a freeze holds, so nothing is run")

    async def _run(self, step: BoundStep, action: Action, context: ActionContext) -> Seen:
        limited = replace(action, timeout_s=min(action.timeout_s, MAX_PREVIEW_S))
        about = replace(context, step_id=step.step_id, part=Part.PREVIEW)
        result = await collect(self._runner, limited, about)
        return Seen(
            title=step.title,
            result=PreviewResult(
                step_id=step.step_id,
                ok=result.ok,
                output=bounded(result.output, MAX_PREVIEW_CHARS),
                detail=result.detail,
                checked_at=self._clock(),
            ),
        )


def _only_reads(action: Action) -> bool:
    match action:
        case CommandAction(argv=argv) | SshAction(argv=argv):
            words = argv
        case KubernetesAction(argv=argv):
            words = ("kubectl", *argv)
        case DockerAction(argv=argv):
            words = ("docker", *argv)
        case _:
            return False
    return classify(words).command_class is CommandClass.READ_ONLY
