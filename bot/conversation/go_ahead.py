"""Points to the card of what was proposed when somebody says "do it"; decides nothing.

A yes counts only as a click of somebody who may approve. Text never approves, whoever wrote it and
wherever it stands.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from runbooks.actions.output import safe_text
from runbooks.case import Case
from runbooks.errors import RunbookError
from runbooks.lifecycle import ProposalState
from runbooks.standing import Standing

from ..messages import (
    Intent,
    Note,
    Part,
    Prose,
    Reply,
    Request,
    SkillEvent,
    SourcedLine,
    SourcedLines,
    Turn,
)
from ..phrases import say
from ..skills.generation import as_data
from ..thread_runs import is_in
from .facts import ORDER
from .go_ahead_words import is_bare_yes, is_go_ahead, number_in

_LOOKED_AT = 200
_MAX_SHOWN = 5


class Cases(Protocol):
    """What this needs of `runbooks.approvals.Approvals`."""

    async def recent(self, limit: int = 20) -> tuple[Case, ...]:
        """The newest proposals."""
        ...

    async def standing(self, case: Case) -> Standing:
        """What a waiting proposal still needs."""
        ...


CardLink = Callable[[int], Awaitable[str]]
"""Gives the address of a proposal's card; empty where there is none."""


class GoAheadSkill:
    """Takes "do it" and its kin; see the module."""

    intent = Intent.CHAT

    def __init__(self, cases: Cases, card_link: CardLink) -> None:
        """Look proposals up in `cases`, and their cards with `card_link`."""
        self._cases = cases
        self._card_link = card_link

    async def takes(self, request: Request, history: tuple[Turn, ...]) -> bool:
        """Whether the whole text is a yes to something; a bare yes only while something waits."""
        if request.attachments:
            return False
        if is_go_ahead(request.text):
            return True
        return is_bare_yes(request.text) and bool(_open(await self._here(request), request))

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Say what waits, who may approve it, and where its card is."""
        language = request.language
        here, number = await self._here(request), number_in(request.text)
        if number is not None:
            here = tuple(case for case in here if case.proposal.proposal_id == number)
        waiting = _open(here, request)
        if waiting:
            yield await self._pointing(waiting, language)
        elif here:
            yield _said(_over(here[0], language), language)
        elif number is not None:
            yield _said(say("go_ahead_other_thread", language, number=number), language)
        else:
            yield _said(say("go_ahead_nothing", language), language)

    async def _here(self, request: Request) -> tuple[Case, ...]:
        """The proposals of the thread, newest first."""
        recent = await self._cases.recent(_LOOKED_AT)
        return tuple(case for case in recent if is_in(case, request.thread))

    async def _pointing(self, waiting: Sequence[Case], language: str) -> Reply:
        text = say("go_ahead_waits" if len(waiting) == 1 else "go_ahead_which", language)
        lines = [await self._line(case, language) for case in waiting[:_MAX_SHOWN]]
        parts: tuple[Part, ...] = (
            Prose(text=text),
            SourcedLines(rows=tuple(lines)),
            Note(text=say("go_ahead_text_never", language)),
        )
        numbers = ",".join(str(case.proposal.proposal_id) for case in waiting)
        summary = f"{text} {' '.join(line.text for line in lines)}"
        return Reply(parts=parts, summary=summary, facts={ORDER: "go ahead", "proposals": numbers})

    async def _line(self, case: Case, language: str) -> SourcedLine:
        number, title = case.proposal.proposal_id, case.proposal.plan.runbook.title
        try:
            needs = (await self._cases.standing(case)).needs
        except RunbookError:
            needs = say("go_ahead_approvers", language)
        text = say("go_ahead_needs", language, title=_clean(title), needs=_clean(needs))
        return SourcedLine(text=text, label=f"#{number}", url=await self._card_link(number))


def _open(cases: Sequence[Case], request: Request) -> tuple[Case, ...]:
    return tuple(case for case in cases if _waits(case, request.received_at))


def _waits(case: Case, now: datetime) -> bool:
    return case.state is ProposalState.PENDING and case.proposal.plan.expires_at > now


def _over(case: Case, language: str) -> str:
    """What became of the newest proposal, and that nothing is open."""
    state = case.state
    if state is ProposalState.PENDING:
        state = ProposalState.EXPIRED  # its time is over; nobody has looked at it since
    names = {"number": case.proposal.proposal_id, "title": _clean(case.proposal.plan.runbook.title)}
    return say(f"go_ahead_{state.value}", language, **names)


def _said(text: str, language: str) -> Reply:
    parts = (Prose(text=text), Note(text=say("go_ahead_text_never", language)))
    return Reply(parts=parts, summary=text, facts={ORDER: "go ahead"})


def _clean(text: str) -> str:
    return " ".join(safe_text(as_data(text)).split())[:200]
