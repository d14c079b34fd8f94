"""One request's way: dedupe, authorise, route, answer. Also the error boundary of the bot.

The same dispatcher serves Slack, the local workspace and the terminal; what differs is the outlet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from .command_notes import with_command_notes
from .conversation.facts import ORDER
from .conversation.understood_outlet import UnderstoodOutlet
from .language import language_of
from .messages import (
    ActorKind,
    Attached,
    Choice,
    Choices,
    Intent,
    Phase,
    Proposed,
    Prose,
    Reply,
    Request,
    SkillEvent,
    ThreadRef,
    Turn,
)
from .phrases import say
from .plan_outlet import PlanOutlet
from .readiness import fault_of, language_in
from .router.objection import is_objection
from .router.plan import PlanStep
from .thread_talk import Remark
from .turns import turn_of
from .unfinished import UnfinishedTurn, UnfinishedTurns

if TYPE_CHECKING:
    from knowledge import Reader

    from .conversation.understanding import Understood

ROUTE_ACTION = "route_choice"
_MAX_CHOICE_CHARS = 1500
_MAX_QUOTED_CHARS = 200
_GUEST_INTENTS = frozenset({Intent.LOGS, Intent.KNOWLEDGE, Intent.CODE, Intent.CHAT})


class Skill(Protocol):
    """Answers one kind of request."""

    def answer(self, request: Request, history: tuple[Turn, ...]) -> AsyncIterator[SkillEvent]:
        """Yield snapshots of the answer, each replacing the one before, and proposals."""
        ...


class OrderSkill(Skill, Protocol):
    """Takes orders that no router needs to be asked about."""

    @property
    def intent(self) -> Intent:
        """What its answers are remembered as."""
        ...

    async def takes(self, request: Request, history: tuple[Turn, ...]) -> bool:
        """Whether the request is such an order, as a whole and without doubt."""
        ...


class Understands(Protocol):
    """Makes short questions stand alone."""

    async def understand(
        self, request: Request, intent: Intent, history: tuple[Turn, ...]
    ) -> Understood:
        """What a request means after what its thread said."""
        ...


class Outlet(Protocol):
    """Where one request's answer goes."""

    async def show(self, reply: Reply) -> None:
        """Show a snapshot; the first one creates the message, later ones edit it."""
        ...

    async def show_proposal(self, proposal_id: int) -> None:
        """Show the card of a stored proposal in the thread."""
        ...

    async def attach(self, attached: Attached) -> None:
        """Put files into the thread, where that is possible; the answer stands without them."""
        ...


class RouteLike(Protocol):
    """What the router answered."""

    @property
    def intent(self) -> Intent:
        """The most likely skill."""
        ...

    @property
    def confidence(self) -> float:
        """0 to 1."""
        ...


class RouterLike(Protocol):
    """Chooses the skill."""

    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> RouteLike:
        """Route one text with what the thread already said."""
        ...


class Memory(Protocol):
    """What threads remember; calls block and are made from a worker thread."""

    def recent(self, thread: ThreadRef, limit: int) -> tuple[Turn, ...]:
        """The last turns, oldest first."""
        ...

    def remember(self, thread: ThreadRef, request_id: str, turn: Turn, at: datetime) -> None:
        """Add one turn; `at` is aware UTC."""
        ...


class Sightings(Protocol):
    """Which requests were seen before, across restarts."""

    def first_sight(self, key: str, at: datetime) -> bool:
        """Whether this key is new; exactly one caller is ever told so. `at` is aware UTC."""
        ...


class Listener(Protocol):
    """Hears what people say to one another in the bot's threads."""

    def hear(self, thread: ThreadRef, remark: Remark) -> None:
        """Take in a message; returns at once."""
        ...

    def retract(self, thread: ThreadRef, ts: str, text: str = "") -> None:
        """Take in that a message was deleted, or has another text now; returns at once."""
        ...

    def talk(self, thread: ThreadRef) -> str:
        """What was said there, safe to quote in a prompt; returns at once."""
        ...


class Clearance(Protocol):
    """Knows who may read what."""

    async def reader(self, request: Request) -> Reader:
        """Who will read the answer to a request."""
        ...

    async def readable(self, history: tuple[Turn, ...], reader: Reader) -> tuple[Turn, ...]:
        """A thread's turns, without what this reader may not have."""
        ...


class Dispatcher:
    """Takes a request to its skill and its answer to the outlet."""

    def __init__(  # noqa: PLR0913 - what a request passes through
        self,
        *,
        router: RouterLike,
        skills: Mapping[Intent, Skill],
        memory: Memory,
        sightings: Sightings,
        listener: Listener | None = None,
        clearance: Clearance | None = None,
        ask_below: float = 0.3,
        plan: Callable[[str], tuple[PlanStep, ...]] = lambda _: (),
        orders: Sequence[OrderSkill] = (),
        understanding: Understands | None = None,
    ) -> None:
        """Wire the dispatcher.

        Args:
            listener: Hears the talk of threads; None: answers know nothing of it.
            clearance: Knows who may read what; None: nobody is cleared for anything.
            ask_below: Below this confidence the person is asked what they meant.
            plan: Splits a request into steps; without one every request is one step.
            orders: Asked before the router, in this order; the first that takes a request has it.
            understanding: Makes follow-ups stand alone; None: they stay as they are.
        """
        self._router = router
        self._skills = skills
        self._memory = memory
        self._sightings = sightings
        self._listener = listener
        self._clearance = clearance
        self._ask_below = ask_below
        self._plan = plan
        self._orders = orders
        self._understanding = understanding
        self._unfinished = UnfinishedTurns()
        self._log = structlog.get_logger()

    def overhear(self, thread: ThreadRef, remark: Remark) -> None:
        """Take in a message that is not for the bot, in a thread it takes part in."""
        if self._listener is not None:
            self._listener.hear(thread, remark)

    def retract(self, thread: ThreadRef, ts: str, text: str = "") -> None:
        """Take in that a message was deleted, or has another text now."""
        if self._listener is not None:
            self._listener.retract(thread, ts, text)

    async def handle(
        self, request: Request, outlet: Outlet, *, intent: Intent | None = None
    ) -> None:
        """Answer one request; a second delivery of the same request does nothing.

        Args:
            intent: Chosen by a person; the router is not asked.
        """
        key = request.request_id if intent is None else f"{request.request_id}:{intent}"
        log = self._log.bind(request_id=request.request_id, user_id=request.actor.user_id)
        try:
            seen_at = request.received_at
            if not await asyncio.to_thread(self._sightings.first_sight, key, seen_at):
                log.info("duplicate_request")
                return
            await self._answer(self._with_talk(request), outlet, intent)
        except asyncio.CancelledError:
            await self._show_last(outlet, _stopped(request), log)
            raise
        except Exception:
            log.exception("request_failed")
            await self._show_last(outlet, _failed(request), log)

    def _with_talk(self, request: Request) -> Request:
        if self._listener is None:
            return request
        return replace(request, talk=self._listener.talk(request.thread))

    async def _answer(self, request: Request, outlet: Outlet, intent: Intent | None) -> None:
        if request.actor.kind is ActorKind.BOT:
            return  # whatever it says next would be an answer to this one
        history = await self._said(request.thread)
        request = replace(request, language=language_in(request, history, intent))
        if fault := fault_of(request):
            await outlet.show(_sentence(fault))
            return
        request, history = await self._cleared(request, history)
        steps = self._steps(request) if intent is None else ()
        if intent is None and not steps and (order := await self._order(request, history)):
            await self._run(request, history, order.intent, outlet, order)
            return
        history = tuple(turn for turn in history if ORDER not in turn.facts)
        if intent is None and history and is_objection(request.text):
            await outlet.show(_which(replace(request, text=history[-1].text), history[-1].intent))
            return
        if steps:
            await self._run_plan(request, steps, PlanOutlet(outlet, steps, request.language))
            return
        if intent is None:
            route = await self._router.route(
                request.text, history, has_attachments=bool(request.attachments)
            )
            if route.confidence < self._ask_below:
                await outlet.show(_which(request))
                return
            intent = route.intent
            request, outlet = await self._understood(request, history, intent, outlet)
        if request.actor.kind is ActorKind.GUEST and intent not in _GUEST_INTENTS:
            await outlet.show(_sentence(say("guests", request.language)))
            return
        await self._run(request, history, intent, outlet)

    async def _order(self, request: Request, history: tuple[Turn, ...]) -> OrderSkill | None:
        for order in self._orders:
            if await order.takes(request, history):
                return order
        return None

    async def _understood(
        self, request: Request, history: tuple[Turn, ...], intent: Intent, outlet: Outlet
    ) -> tuple[Request, Outlet]:
        """The request as it stands alone, and an outlet that says so where it differs."""
        if self._understanding is None or not history:
            return request, outlet
        text = (await self._understanding.understand(request, intent, history)).text
        if text == request.text:
            return request, outlet
        standalone = replace(request, text=text, asked=request.text)
        return standalone, UnderstoodOutlet(outlet, text, request.language)

    async def _cleared(
        self, request: Request, history: tuple[Turn, ...]
    ) -> tuple[Request, tuple[Turn, ...]]:
        """The request with its reader, and of the thread only what that reader may have."""
        if self._clearance is None:
            return replace(request, reader=None), history
        reader = await self._clearance.reader(request)
        return replace(request, reader=reader), await self._clearance.readable(history, reader)

    def _steps(self, request: Request) -> tuple[PlanStep, ...]:
        """The steps that this person may ask for; with files the request is about those."""
        steps = () if request.attachments else self._plan(request.text)
        is_guest = request.actor.kind is ActorKind.GUEST
        return () if is_guest and {step.intent for step in steps} - _GUEST_INTENTS else steps

    async def _run_plan(
        self, request: Request, steps: tuple[PlanStep, ...], outlet: PlanOutlet
    ) -> None:
        """One step after another; what follows a proposal waits for the people who decide."""
        proposes = any(step.intent is Intent.RUNBOOK for step in steps)
        for number, step in enumerate(steps):
            is_end = step.intent is Intent.RUNBOOK or number == len(steps) - 1
            outlet.begin(number, is_end=is_end)
            # The buttons below an answer about logs find it by the request's own id.
            suffix = "" if step.intent is Intent.LOGS else f"-{number + 1}"
            part = replace(
                request,
                request_id=f"{request.request_id}{suffix}",
                text=step.text,
                is_planned=proposes,
            )
            part, history = await self._cleared(part, await self._said(request.thread))
            await self._run(part, history, step.intent, outlet)
            if is_end or outlet.has_failed:
                return

    async def _run(
        self,
        request: Request,
        history: tuple[Turn, ...],
        intent: Intent,
        outlet: Outlet,
        skill: Skill | None = None,
    ) -> None:
        with self._unfinished.of(request) as unfinished:
            await self._show_answer(
                (skill or self._skills[intent]).answer(request, history),
                request,
                intent,
                outlet,
                unfinished,
            )

    async def _said(self, thread: ThreadRef) -> tuple[Turn, ...]:
        """A thread's turns, those last whose answers are still growing."""
        ended = await asyncio.to_thread(self._memory.recent, thread, 6)
        return (*ended, *self._unfinished.turns(thread))

    async def _show_answer(
        self,
        events: AsyncIterator[SkillEvent],
        request: Request,
        intent: Intent,
        outlet: Outlet,
        unfinished: UnfinishedTurn,
    ) -> None:
        last: Reply | None = None
        async for event in events:
            if isinstance(event, Proposed):
                await outlet.show_proposal(event.proposal_id)
                continue
            if isinstance(event, Attached):
                await outlet.attach(event)
                continue
            if event.phase is not Phase.WORKING:
                event = with_command_notes(event)
            last = event
            if event.phase is not Phase.WORKING:
                # NOTE: before it is shown, because the follow-up may come at once.
                await self._remember(request, turn_of(request, intent, event))
                unfinished.turn = None
            else:
                unfinished.turn = turn_of(request, intent, event)
            await outlet.show(event)
        if last is not None and last.phase is Phase.WORKING:
            await self._remember(request, turn_of(request, intent, last))

    async def _remember(self, request: Request, turn: Turn) -> None:
        await asyncio.to_thread(
            self._memory.remember, request.thread, request.request_id, turn, request.received_at
        )

    async def _show_last(
        self, outlet: Outlet, reply: Reply, log: structlog.stdlib.BoundLogger
    ) -> None:
        try:
            await outlet.show(reply)
        except Exception:
            log.exception("outlet_failed")


def _sentence(text: str, phase: Phase = Phase.DONE) -> Reply:
    return Reply(parts=(Prose(text=text),), summary=text, phase=phase)


def _failed(request: Request) -> Reply:
    language = request.language or language_of(request.text)
    return _sentence(say("failed", language, request_id=request.request_id), Phase.FAILED)


def _stopped(request: Request) -> Reply:
    return _sentence(say("stopped", request.language or language_of(request.text)), Phase.FAILED)


def _which(request: Request, wrong: Intent | None = None) -> Reply:
    """Ask what was meant, without the skill that was the wrong one."""
    intents = [Intent.LOGS, Intent.RUNBOOK, Intent.KNOWLEDGE, Intent.CODE]
    if wrong is not None:
        intents.append(Intent.SCHEDULE)
    asked = request.text[:_MAX_CHOICE_CHARS]
    options = tuple(
        Choice(
            label=say(f"which_{intent.value}", request.language),
            action=ROUTE_ACTION,
            value=f"{intent.value}\n{asked}",
        )
        for intent in intents
        if intent is not wrong
    )
    text = say("which", request.language)
    if wrong is not None:
        text = say("which_instead", request.language, asked=asked[:_MAX_QUOTED_CHARS])
    return Reply(parts=(Prose(text=text), Choices(options=options)), summary=text)
