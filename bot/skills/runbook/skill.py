"""Finds the runbook that answers a request and proposes it for approval."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import structlog

from runbooks.case import Case
from runbooks.catalog import Catalog
from runbooks.errors import ParameterError, RunbookError, UnknownRunbookError
from runbooks.lifecycle import ProposalState
from runbooks.planning import ProposalRequest
from runbooks.proposal import ActorRef, Place, Proposal
from runbooks.schema import Risk, Runbook

from ...messages import (
    ActorKind,
    Note,
    Part,
    Phase,
    Proposed,
    Prose,
    Reply,
    Request,
    SkillEvent,
    Turn,
)
from .values import stated_values

_LIST = re.compile(
    r"\b(?:list|show|which|what)\b.{0,20}\brunbooks\b|\brunbooks\?|有哪些.*(?:runbook|手册)",
    re.IGNORECASE,
)
_MAX_WHY_CHARS = 600


class Proposer(Protocol):
    """What the skill needs of `runbooks.approvals.Approvals`."""

    async def propose(self, request: ProposalRequest) -> Proposal:
        """Run the previews and store a proposal."""
        ...

    async def recent(self, limit: int = 20) -> tuple[Case, ...]:
        """The newest proposals."""
        ...


class RunbookSkill:
    """Chooses, fills and proposes; deciding and running are not its business."""

    def __init__(self, catalog: Catalog, approvals: Proposer) -> None:
        """Propose runbooks of a catalogue."""
        self._catalog = catalog
        self._approvals = approvals
        self._log = structlog.get_logger()

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Propose the runbook that fits the request, or what the thread is about."""
        if _LIST.search(request.text):
            yield self._listing()
            return
        facts = _facts(history)
        runbook = await self._find(request.text, facts)
        if runbook is None:
            yield _say(f"No runbook fits that. `list runbooks` shows those I know.{self._faults()}")
            return
        yield Reply(
            parts=(Prose(text=f"Runbook *{runbook.title}* fits."),),
            summary=f"Runbook {runbook.title} fits.",
            phase=Phase.WORKING,
            status="running the dry run",
        )
        async for event in self._propose(runbook, request, facts):
            yield event

    async def suggest(
        self, request: Request, facts: Mapping[str, str]
    ) -> AsyncIterator[SkillEvent]:
        """Propose the runbook that log evidence points to; silent when none does."""
        evidence = facts.get("evidence", "")
        if request.actor.kind is not ActorKind.MEMBER or not evidence or request.is_direct:
            return
        matches = await asyncio.to_thread(self._catalog.match, evidence, facts.get("service"))
        if not matches:
            return
        runbook = matches[0].runbook
        if await self._is_waiting(runbook, request):
            return
        try:
            proposal = await self._approvals.propose(_proposal(runbook, {}, request, facts))
        except RunbookError as exc:
            # A suggestion that cannot be filled or previewed is no answer to what was asked.
            self._log.warning("runbook_not_suggested", runbook=runbook.name, reason=str(exc))
            return
        yield Proposed(proposal_id=proposal.proposal_id)

    async def _find(self, text: str, facts: Mapping[str, str]) -> Runbook | None:
        for name in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)+", text.lower()):
            try:
                return self._catalog.get(name)
            except UnknownRunbookError:
                continue
        service = facts.get("service")
        matches = await asyncio.to_thread(self._catalog.match, text, service)
        if not matches and facts.get("evidence"):
            matches = await asyncio.to_thread(self._catalog.match, facts["evidence"], service)
        return matches[0].runbook if matches else None

    async def _propose(
        self, runbook: Runbook, request: Request, facts: Mapping[str, str]
    ) -> AsyncIterator[SkillEvent]:
        if request.is_direct and runbook.risk is not Risk.READ_ONLY:
            yield _say(
                f"Runbook *{runbook.title}* changes something, so it is proposed where others "
                "can see and approve it: ask me in a channel."
            )
            return
        values = stated_values(runbook, request.text)
        try:
            proposal = await self._approvals.propose(_proposal(runbook, values, request, facts))
        except ParameterError as exc:
            yield _say(_missing(runbook, exc))
        except RunbookError as exc:
            yield _say(f"Nothing was proposed: {exc}.", Phase.FAILED)
        else:
            yield _proposed(runbook, proposal)
            yield Proposed(proposal_id=proposal.proposal_id)

    async def _is_waiting(self, runbook: Runbook, request: Request) -> bool:
        place = Place(channel_id=request.thread.channel_id, thread_ts=request.thread.thread_ts)
        return any(
            case.state in {ProposalState.PENDING, ProposalState.RUNNING}
            and case.proposal.plan.runbook.name == runbook.name
            and case.proposal.plan.where == place
            for case in await self._approvals.recent()
        )

    def _faults(self) -> str:
        n_files = len({fault.path for fault in self._catalog.faults})
        if not n_files:
            return ""
        return f" {n_files} runbook files could not be read: `opsbot runbook lint` says why."

    def _listing(self) -> Reply:
        lines = [
            f"`{runbook.name}`  {runbook.title}  ({runbook.risk.value.replace('_', ' ')})"
            for runbook in self._catalog.all
        ]
        parts: list[Part] = [Prose(text="\n".join(lines))]
        if self._catalog.faults:
            parts.append(Note(text=f"not loaded: {'; '.join(map(str, self._catalog.faults))}"))
        return Reply(parts=tuple(parts), summary=f"{len(lines)} runbooks are known.")


def _facts(history: tuple[Turn, ...]) -> Mapping[str, str]:
    facts: dict[str, str] = {}
    for turn in history:
        facts.update(turn.facts)
    return facts


def _proposal(
    runbook: Runbook, values: Mapping[str, str], request: Request, facts: Mapping[str, str]
) -> ProposalRequest:
    evidence = facts.get("evidence", "")
    why = evidence[:_MAX_WHY_CHARS] or f"{request.actor.name} asked: {request.text[:300]}"
    return ProposalRequest(
        runbook=runbook,
        values=values,
        requester=ActorRef(
            team_id=request.actor.team_id,
            user_id=request.actor.user_id,
            name=request.actor.name,
        ),
        where=Place(channel_id=request.thread.channel_id, thread_ts=request.thread.thread_ts),
        why=why,
        evidence=(evidence,) if evidence else (),
    )


def _missing(runbook: Runbook, fault: ParameterError) -> str:
    declared = {parameter.name: parameter for parameter in runbook.parameters}
    parameter = declared.get(fault.name)
    described = f" ({parameter.description})" if parameter is not None else ""
    return (
        f"Runbook *{runbook.title}* needs `{fault.name}`{described}: {fault.reason}. Say it as "
        f"`{runbook.name} {fault.name}=...`; nothing was proposed yet."
    )


def _proposed(runbook: Runbook, proposal: Proposal) -> Reply:
    text = (
        f"I propose *{runbook.title}* (proposal #{proposal.proposal_id}). Nothing runs until an "
        "approver says so on the card."
    )
    facts = {"proposal": str(proposal.proposal_id), "runbook": runbook.name}
    return Reply(parts=(Prose(text=text),), summary=text, facts=facts)


def _say(text: str, phase: Phase = Phase.DONE) -> Reply:
    return Reply(parts=(Prose(text=text),), summary=text, phase=phase)
