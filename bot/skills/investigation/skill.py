"""Investigates: look after look, each shown as it comes, then the cause that the evidence bears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo

from knowledge import ANYBODY, Reader

from ...messages import (
    Intent,
    Phase,
    Prose,
    Reply,
    Request,
    SkillEvent,
    ThreadRef,
    Turn,
)
from ..incident import Suggest
from ..logs.analysis import Window
from ..logs.scope import pasted, scope_of
from ..logs.window import window_in
from ..logs.wording import zone_of
from . import wording
from .budget import Allowance, Budget
from .case_file import CaseFile
from .drivers import Driver, PlaybookDriver
from .errors import BudgetSpentError
from .orders import Investigate, StopInvestigating, read_order
from .phrases import Phrases, phrases_of
from .ranking import conclude
from .toolbox import Toolbox
from .tools.base import Asked, LookTool

_MAX_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What can be investigated.

    Attributes:
        services: All that can be looked at.
        window: How far back it looks when nobody says.
    """

    services: tuple[str, ...]
    tools: tuple[LookTool, ...]
    allowance: Allowance = field(default_factory=Allowance)
    window: timedelta = timedelta(hours=1)


class InvestigationSkill:
    """Looks into services with read-only tools.

    Args:
        suggest: Proposes the runbook that the evidence points to.
        driver: Chooses the looks; the playbook by default.
        reader_of: Who will read the answer to a request.
    """

    intent = Intent.LOGS

    def __init__(
        self,
        field_: Field,
        *,
        suggest: Suggest | None = None,
        driver: Driver | None = None,
        reader_of: Callable[[Request], Reader] = lambda _request: ANYBODY,
    ) -> None:
        self._field = field_
        self._suggest = suggest
        self._driver = driver or PlaybookDriver()
        self._reader_of = reader_of
        self._running: dict[ThreadRef, asyncio.Event] = {}

    async def takes(self, request: Request, history: tuple[Turn, ...]) -> bool:
        """Whether the text is an order of this skill; lines that came with it are the log skill's."""
        if request.attachments or pasted(request.text):
            return False
        return read_order(request.text) is not None

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Yield what was seen after each look, then the conclusion, then a proposal."""
        order = read_order(request.text) or Investigate(about=request.text, language="en")
        say = phrases_of(order.language if isinstance(order, Investigate) else request.language)
        if isinstance(order, StopInvestigating):
            yield self._stop(request, say)
            return
        asked_about = scope_of(request, history, self._field.services)
        if not asked_about.services:
            known = ", ".join(self._field.services) or "-"
            yield _said(say.unknown.format(known=known))
            return
        zone = zone_of(request.actor.timezone)
        case = CaseFile(
            asked_about.services, self._field.services, self._window(order, request, zone)
        )
        last: Reply | None = None
        async with aclosing(self._investigated(case, request, zone, say)) as replies:
            async for reply in replies:
                last = reply
                yield reply
        if last is None or last.phase is not Phase.DONE or self._suggest is None:
            return
        async for event in self._suggest(request, last.facts):
            yield event

    async def _investigated(
        self, case: CaseFile, request: Request, zone: tzinfo, say: Phrases
    ) -> AsyncGenerator[Reply, None]:
        budget = Budget(self._field.allowance)
        reader = self._reader_of(request)
        asked = Asked(request=request, zone=zone, reader=reader, language=say.language)
        toolbox = Toolbox(self._field.tools, case, budget, asked)
        stop = self._running[request.thread] = asyncio.Event()
        in_channel = bool(request.thread.channel_id)
        spent = ""
        session = self._driver.begin(case, toolbox, request)
        try:
            async with aclosing(session.looks()) as looks:
                yield wording.working(case, zone, say, can_stop=in_channel)
                async for _ in looks:
                    yield wording.working(case, zone, say, can_stop=in_channel)
                    if stop.is_set():
                        break
        except BudgetSpentError as exc:
            spent = str(exc)
        finally:
            if self._running.get(request.thread) is stop:
                del self._running[request.thread]
        is_complete = not spent and not stop.is_set()
        ending = wording.Ending(
            conclusion=conclude(case, is_complete=is_complete),
            n_steps=budget.n_steps,
            n_tokens=budget.n_tokens,
            seconds=budget.seconds,
            driver=session.name,
            spent=spent,
            was_stopped=stop.is_set(),
            remarks=session.remarks,
        )
        yield wording.finished(case, ending, zone, say)

    def _window(self, order: Investigate, request: Request, zone: tzinfo) -> Window:
        now = request.received_at.astimezone(zone)
        times = window_in(order.about, now, zone)
        start, end = (
            (times.start, times.end) if times is not None else (now - self._field.window, now)
        )
        start = max(start, end - _MAX_WINDOW)
        return Window(start=start, end=end, baseline_s=(end - start).total_seconds())

    def _stop(self, request: Request, say: Phrases) -> Reply:
        running = self._running.get(request.thread)
        if running is None:
            return _said(say.no_stop)
        running.set()
        return _said(say.stopped)


def _said(text: str) -> Reply:
    return Reply(parts=(Prose(text=text),), summary=text)
