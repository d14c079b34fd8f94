"""Finds the runbook that answers a request and proposes it for approval."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import structlog

from runbooks.alert_text import is_alert
from runbooks.case import Case
from runbooks.catalog import Catalog, Choice
from runbooks.errors import RunbookError, UnknownRunbookError
from runbooks.lifecycle import ProposalState
from runbooks.planning import ProposalRequest
from runbooks.proposal import ActorRef, Origin, Place, Proposal
from runbooks.schema import Parameter, Risk, Runbook
from runbooks.values import render

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
from .extraction import Extractor
from .orders import UseRunbook, read_order
from .replies import ask_which, missing_values, proposed, say
from .values import Stated, fault, stated_values

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

    def __init__(
        self, catalog: Catalog, approvals: Proposer, extractor: Extractor | None = None
    ) -> None:
        """Propose runbooks of a catalogue; without an extractor, values in words are asked for."""
        self._catalog = catalog
        self._approvals = approvals
        self._extractor = extractor
        self._log = structlog.get_logger()

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Propose the runbook that fits the request, or what the thread is about."""
        if _LIST.search(request.text):
            yield self._listing()
            return
        facts = _facts(history)
        order = read_order(request.text) or self._named(_said(request))
        if order is None:
            choice = await self._choose(request, facts)
            if not choice.sure:
                yield self._undecided(choice, request)
                return
            order = UseRunbook(name=choice.matches[0].runbook.name, asked=_said(request))
        try:
            runbook = self._catalog.get(order.name)
        except UnknownRunbookError as exc:
            yield say(f"Nothing was proposed: {exc}.", Phase.FAILED)
            return
        async for event in self._propose(runbook, order, request, facts):
            yield event

    async def suggest(
        self, request: Request, facts: Mapping[str, str]
    ) -> AsyncIterator[SkillEvent]:
        """Propose the runbook that log evidence points to; silent when none does."""
        evidence = facts.get("evidence", "")
        if request.actor.kind is not ActorKind.MEMBER or not evidence or request.is_direct:
            return
        choice = await asyncio.to_thread(self._catalog.choose, evidence, facts.get("service"))
        if not choice.sure:
            return
        runbook = choice.matches[0].runbook
        if await self._is_waiting(runbook, request):
            return
        try:
            proposal = await self._approvals.propose(
                _proposal(runbook, Stated(), request, facts, request.text)
            )
        except RunbookError as exc:
            # A suggestion that cannot be filled or previewed is no answer to what was asked.
            self._log.warning("runbook_not_suggested", runbook=runbook.name, reason=str(exc))
            return
        yield Proposed(proposal_id=proposal.proposal_id)

    def _named(self, text: str) -> UseRunbook | None:
        """The runbook that a text calls by its name."""
        for name in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)+", text.lower()):
            if name in self._catalog.runbooks:
                return UseRunbook(name=name, asked=text)
        return None

    async def _choose(self, request: Request, facts: Mapping[str, str]) -> Choice:
        service, evidence = facts.get("service"), facts.get("evidence", "")
        choice = await asyncio.to_thread(self._catalog.choose, _said(request), service)
        if choice.matches or not evidence:
            return choice
        return await asyncio.to_thread(self._catalog.choose, evidence, service)

    def _undecided(self, choice: Choice, request: Request) -> Reply:
        if choice.matches:
            return ask_which([match.runbook for match in choice.matches], _said(request))
        near = self._catalog.near(request.text)
        if near:
            return ask_which(near, _said(request), is_near=True)
        return say(f"No runbook fits that. `list runbooks` shows those I know.{self._faults()}")

    async def _propose(
        self, runbook: Runbook, order: UseRunbook, request: Request, facts: Mapping[str, str]
    ) -> AsyncIterator[SkillEvent]:
        if request.is_direct and runbook.risk is not Risk.READ_ONLY:
            yield say(
                f"Runbook *{runbook.title}* changes something, so it is proposed where others "
                "can see and approve it: ask me in a channel."
            )
            return
        yield _working(runbook, "reading the values")
        stated = await self._fill(runbook, order, request)
        if stated.missing(runbook):
            yield missing_values(runbook, stated, order.asked)
            return
        yield _working(runbook, "running the dry run")
        asked = _proposal(runbook, stated, request, facts, order.asked)
        try:
            proposal = await self._approvals.propose(asked)
        except RunbookError as exc:
            yield say(f"Nothing was proposed: {exc}.", Phase.FAILED)
        else:
            yield proposed(runbook, proposal, request.language)
            yield Proposed(proposal_id=proposal.proposal_id)

    async def _fill(self, runbook: Runbook, order: UseRunbook, request: Request) -> Stated:
        """What the order and the request say; the model only sorts pieces of the request."""
        stated = _ordered(runbook, order)
        wanted = tuple(p for p in stated.missing(runbook) if p.name not in stated.refused)
        if not wanted or self._extractor is None or not order.asked:
            return stated
        read = await self._extractor.read(request.request_id, runbook, wanted, order.asked)
        return stated.with_values(read)

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


def _said(request: Request) -> str:
    """The words of a request, with an alert that was pasted under it."""
    alerts = [each.text for each in request.attachments if is_alert(each.text)]
    return "\n".join((request.text, *alerts))


def _ordered(runbook: Runbook, order: UseRunbook) -> Stated:
    """The values of an order; they count more than what its words say."""
    stated = stated_values(runbook, order.asked)
    declared = {parameter.name: parameter for parameter in runbook.parameters}
    given = {
        name: value
        for name, value in order.values.items()
        if name in declared and stated.values.get(name) != value
    }
    refused = {n: why for n, v in given.items() if (why := fault(declared[n], v)) is not None}
    accepted = {name: value for name, value in given.items() if name not in refused}
    kept = {n for n, value in accepted.items() if _is_default(declared[n], value)}
    full = stated.with_values(accepted)
    return Stated(
        values=full.values,
        origins={**full.origins, **dict.fromkeys(kept, Origin.DEFAULT)},
        refused={**full.refused, **refused},
    )


def _is_default(parameter: Parameter, value: str) -> bool:
    return parameter.default is not None and render(parameter.default) == value


def _working(runbook: Runbook, status: str) -> Reply:
    return Reply(
        parts=(Prose(text=f"Runbook *{runbook.title}* fits."),),
        summary=f"Runbook {runbook.title} fits.",
        phase=Phase.WORKING,
        status=status,
    )


def _proposal(
    runbook: Runbook,
    stated: Stated,
    request: Request,
    facts: Mapping[str, str],
    asked: str,
) -> ProposalRequest:
    evidence = facts.get("evidence", "")
    why = evidence[:_MAX_WHY_CHARS] or f"{request.actor.name} asked: {asked[:300]}"
    return ProposalRequest(
        runbook=runbook,
        values=stated.values,
        origins=stated.origins,
        requester=ActorRef(
            team_id=request.actor.team_id,
            user_id=request.actor.user_id,
            name=request.actor.name,
        ),
        where=Place(channel_id=request.thread.channel_id, thread_ts=request.thread.thread_ts),
        why=why,
        evidence=(evidence,) if evidence else (),
    )
