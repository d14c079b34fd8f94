"""A follow-up to an answer that still grows knows what it shows so far."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.dispatch import Dispatcher
from bot.messages import (
    Actor,
    Attached,
    Intent,
    Phase,
    Prose,
    Reply,
    Request,
    SkillEvent,
    ThreadRef,
    Turn,
)
from bot.router import Route, Source

FIRST = Request(
    request_id="C1-1.0",
    text="why is checkout failing?",
    actor=Actor(user_id="U1", team_id="T1", name="Maya"),
    thread=ThreadRef("C1", "1.0"),
    received_at=datetime(2026, 11, 21, tzinfo=UTC),
)
NEXT = replace(FIRST, request_id="C1-2.0", text="and in the last 2 minutes?")


def shown(phase: Phase) -> Reply:
    facts = {"service": "checkout"}
    return Reply(parts=(Prose(text="evidence"),), summary="evidence", phase=phase, facts=facts)


class ToLogs:
    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> Route:
        return Route(intent=Intent.LOGS, confidence=1.0, source=Source.RULE, ms=0.1)


class Store:
    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def recent(self, thread: ThreadRef, limit: int) -> tuple[Turn, ...]:
        return tuple(self.turns[-limit:])

    def remember(self, thread: ThreadRef, request_id: str, turn: Turn, at: datetime) -> None:
        self.turns.append(turn)

    def first_sight(self, key: str, at: datetime) -> bool:
        return True


class Explains:
    """Shows evidence, then an end; keeps what it knew of each request's thread."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.known: dict[str, tuple[Turn, ...]] = {}
        self._breaks = breaks

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        self.known[request.request_id] = history
        yield shown(Phase.WORKING)
        if self._breaks:
            raise RuntimeError("gone")
        yield shown(Phase.DONE)


class AsksBetween:
    """An outlet that asks the next question as soon as the first evidence is shown."""

    def __init__(self, dispatcher: Dispatcher, *others: Request) -> None:
        self._dispatcher, self._others = dispatcher, list(others)

    async def show(self, reply: Reply) -> None:
        if self._others:
            await self._dispatcher.handle(self._others.pop(), self)

    async def show_proposal(self, proposal_id: int) -> None:
        raise AssertionError

    async def attach(self, attached: Attached) -> None:
        raise AssertionError


def desk(skill: Explains) -> Dispatcher:
    store = Store()
    skills = dict.fromkeys(Intent, skill)
    return Dispatcher(router=ToLogs(), skills=skills, memory=store, sightings=store)


async def test_a_follow_up_knows_the_answer_that_still_grows() -> None:
    skill = Explains()
    dispatcher = desk(skill)
    await dispatcher.handle(FIRST, AsksBetween(dispatcher, NEXT))
    (turn,) = skill.known[NEXT.request_id]
    assert (turn.text, turn.facts) == (FIRST.text, {"service": "checkout"})


async def test_another_thread_knows_nothing_of_it() -> None:
    skill = Explains()
    dispatcher = desk(skill)
    elsewhere = replace(NEXT, thread=ThreadRef("C1", "2.0"))
    await dispatcher.handle(FIRST, AsksBetween(dispatcher, elsewhere))
    assert skill.known[NEXT.request_id] == ()


@pytest.mark.parametrize(("breaks", "n_known"), [(False, 1), (True, 0)])
async def test_an_ended_answer_is_known_once_and_a_broken_one_not(
    breaks: bool, n_known: int
) -> None:
    skill = Explains(breaks=breaks)
    dispatcher = desk(skill)
    await dispatcher.handle(FIRST, AsksBetween(dispatcher))
    await dispatcher.handle(NEXT, AsksBetween(dispatcher))
    assert len(skill.known[NEXT.request_id]) == n_known
