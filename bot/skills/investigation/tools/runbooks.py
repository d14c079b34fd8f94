"""Runs the previews of the runbook that fits what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from runbooks.catalog import Choice
from runbooks.errors import RunbookError
from runbooks.looks import Seen
from runbooks.planning import ProposalRequest
from runbooks.proposal import ActorRef, Place
from runbooks.schema import Runbook

from ....messages import ActorKind
from ..case_file import CaseFile
from ..clues import Clue, Look, Stance, Tool
from ..errors import LookFailedError
from ..phrases import phrases_of
from .base import Asked
from .quoting import one_line

_MAX_ACTIONS = 2
_MAX_EVIDENCE = 3
_SERVICE_PARAMETERS = ("service", "unit")


class Chooses(Protocol):
    """Chooses runbooks; `runbooks.catalog.Catalog` is one."""

    def choose(self, text: str, service: str | None = None, k: int = 4) -> Choice:
        """Rank the runbooks that answer a text."""
        ...


class LooksOnly(Protocol):
    """Runs the previews of a runbook; `runbooks.looks.Looks` is one."""

    async def look(self, request: ProposalRequest, limit: int) -> tuple[Seen, ...]:
        """Run at most `limit` of them."""
        ...


class RunbookTool:
    """Looks at what the fitting runbook would look at first."""

    tool = Tool.RUNBOOK

    def __init__(self, catalog: Chooses, looks: LooksOnly) -> None:
        self._catalog = catalog
        self._looks = looks

    def can_look_at(self, service: str) -> bool:
        """Any service may have a runbook."""
        return bool(service)

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        """See `LookTool.look`; only members' questions run anything."""
        if asked.request.actor.kind is not ActorKind.MEMBER:
            raise LookFailedError("only members' questions run the previews of a runbook")
        evidence = evidence_of(case)
        choice = await asyncio.to_thread(self._catalog.choose, evidence, service)
        if not evidence or not choice.sure:
            note = phrases_of(asked.language).no_runbook
            return Look(tool=Tool.RUNBOOK, service=service, note=note)
        runbook = choice.matches[0].runbook
        try:
            seen = await self._looks.look(_request(runbook, service, asked), _MAX_ACTIONS)
        except RunbookError as exc:
            raise LookFailedError(f"{runbook.name}: {exc}") from exc
        clues = tuple(_clue(each, service) for each in seen)
        return Look(tool=Tool.RUNBOOK, service=service, clues=clues, note=runbook.name)


def evidence_of(case: CaseFile) -> str:
    """The quotes that speak for a cause, the most telling first."""
    told = sorted(case.began, key=lambda each: -each.clue.weight)
    quotes = [each.clue.quote for each in told if each.clue.quote and each.clue.weight > 0]
    return "\n".join(dict.fromkeys(quotes[:_MAX_EVIDENCE]))


def _request(runbook: Runbook, service: str, asked: Asked) -> ProposalRequest:
    actor, thread = asked.request.actor, asked.request.thread
    return ProposalRequest(
        runbook=runbook,
        values=_values(runbook, service),
        requester=ActorRef(team_id=actor.team_id, user_id=actor.user_id, name=actor.name),
        where=Place(channel_id=thread.channel_id, thread_ts=thread.thread_ts),
    )


def _values(runbook: Runbook, service: str) -> Mapping[str, str]:
    declared = {parameter.name for parameter in runbook.parameters}
    return {name: service for name in _SERVICE_PARAMETERS if name in declared}


def _clue(seen: Seen, service: str) -> Clue:
    lines = [line for line in seen.result.output.splitlines() if line.strip()]
    said = one_line(" / ".join(lines[:3])) if lines else seen.result.detail
    return Clue(
        tool=Tool.RUNBOOK,
        service=service,
        stance=Stance.INFORMS,
        text=f"{one_line(seen.title)}: `{said}`",
        quote=one_line(seen.result.output, 400),
    )
