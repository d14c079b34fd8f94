"""A request with several orders is answered step by step, in one growing answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.dispatch import Dispatcher, OrderSkill
from bot.messages import (
    Actor,
    ActorKind,
    Attached,
    Choices,
    Heading,
    Intent,
    Note,
    Phase,
    Proposed,
    Prose,
    Reply,
    Request,
    SkillEvent,
    ThreadRef,
    Turn,
)
from bot.router import Route, Source
from bot.router.plan import plan_of
from bot.skills.investigation.skill import Field, InvestigationSkill

REQUEST = Request(
    request_id="C1-1.0",
    text="check the logs of checkout and restart it if it's stuck",
    actor=Actor(user_id="U1", team_id="T1", name="Maya"),
    thread=ThreadRef("C1", "1.0"),
    received_at=datetime(2026, 11, 21, tzinfo=UTC),
)


class Says:
    def __init__(self, *events: SkillEvent) -> None:
        self.events = events
        self.seen: list[tuple[Request, tuple[Turn, ...]]] = []

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        self.seen.append((request, history))
        for event in self.events:
            yield event


class OneIntent:
    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> Route:
        return Route(intent=Intent.LOGS, confidence=0.9, source=Source.RULE, ms=0.1)


class Store:
    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def recent(self, thread: ThreadRef, limit: int) -> tuple[Turn, ...]:
        return tuple(self.turns[-limit:])

    def remember(self, thread: ThreadRef, request_id: str, turn: Turn, at: datetime) -> None:
        self.turns.append(turn)

    def first_sight(self, key: str, at: datetime) -> bool:
        return True


class Shown:
    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.proposals: list[int] = []

    async def show(self, reply: Reply) -> None:
        self.replies.append(reply)

    async def attach(self, attached: Attached) -> None:
        attached.make()

    async def show_proposal(self, proposal_id: int) -> None:
        self.proposals.append(proposal_id)


def _reply(text: str, phase: Phase = Phase.DONE) -> Reply:
    return Reply(parts=(Prose(text=text),), summary=text, phase=phase, facts={"service": "x"})


class Desk:
    def __init__(self, logs_phase: Phase = Phase.DONE, orders: tuple[OrderSkill, ...] = ()) -> None:
        self.logs = Says(_reply("evidence", logs_phase))
        self.runbook = Says(_reply("proposed"), Proposed(proposal_id=4))
        self.store, self.shown = Store(), Shown()
        skills = dict.fromkeys(Intent, self.logs) | {Intent.RUNBOOK: self.runbook}
        self.dispatcher = Dispatcher(
            router=OneIntent(),
            skills=skills,
            memory=self.store,
            sightings=self.store,
            plan=plan_of,
            orders=orders,
        )

    async def handle(self, request: Request = REQUEST) -> None:
        await self.dispatcher.handle(request, self.shown)

    @property
    def headings(self) -> list[str]:
        parts = self.shown.replies[-1].parts
        return [part.text for part in parts if isinstance(part, Heading)]


async def test_each_step_is_shown_and_only_the_last_ends_the_answer() -> None:
    desk = Desk()
    await desk.handle()
    assert [reply.phase for reply in desk.shown.replies] == [Phase.WORKING, Phase.DONE]
    assert [heading.partition(" · ")[0] for heading in desk.headings] == [
        "Step 1 of 2",
        "Step 2 of 2",
    ]
    assert desk.shown.proposals == [4]


async def test_a_later_step_knows_the_facts_of_the_earlier_one() -> None:
    desk = Desk()
    await desk.handle()
    request, history = desk.runbook.seen[0]
    assert request.text == "restart it"
    assert request.is_planned
    assert history[-1].facts == {"service": "x"}


async def test_the_condition_stands_before_the_proposal() -> None:
    desk = Desk()
    await desk.handle()
    texts = [part.text for part in desk.shown.replies[-1].parts if isinstance(part, Prose)]
    assert any("only if it's stuck" in text for text in texts)


async def test_the_steps_are_named_in_the_language_of_the_person() -> None:
    desk = Desk()
    await desk.handle(replace(REQUEST, text="看一下 checkout 的日志,如果卡住就重启"))
    assert [heading.partition("：")[0] for heading in desk.headings] == [  # noqa: RUF001
        "第 1 步，共 2 步 · 日志",  # noqa: RUF001
        "第 2 步，共 2 步 · runbook",  # noqa: RUF001
    ]
    (condition,) = [
        part.text
        for part in desk.shown.replies[-1].parts
        if isinstance(part, Prose) and "卡住" in part.text
    ]
    assert condition.endswith("批准。")


async def test_a_failed_step_ends_the_plan_and_names_what_is_left() -> None:
    desk = Desk(Phase.FAILED)
    await desk.handle()
    last = desk.shown.replies[-1]
    assert last.phase is Phase.FAILED
    assert not desk.runbook.seen
    assert any(isinstance(part, Note) and "restart it" in part.text for part in last.parts)


async def test_what_follows_a_proposal_waits_for_people() -> None:
    desk = Desk()
    await desk.handle(replace(REQUEST, text="restart nginx on web-3 and check the logs"))
    assert not desk.logs.seen
    notes = [part for part in desk.shown.replies[-1].parts if isinstance(part, Note)]
    assert "check the logs" in notes[0].text


async def test_a_plan_is_no_order_to_investigate() -> None:
    desk = Desk(orders=(InvestigationSkill(Field(services=("checkout",), tools=())),))
    text = "look into the logs of checkout and restart it if it's stuck"
    await desk.handle(replace(REQUEST, text=text))
    assert len(desk.headings) == 2
    assert desk.shown.proposals == [4]


async def test_a_guest_gets_no_plan_with_a_change() -> None:
    desk = Desk()
    actor = replace(REQUEST.actor, kind=ActorKind.GUEST)
    await desk.handle(replace(REQUEST, actor=actor))
    assert not desk.runbook.seen


async def test_an_objection_offers_the_other_skills_for_the_last_question() -> None:
    desk = Desk()
    desk.store.turns.append(Turn(text="errors of checkout", intent=Intent.LOGS, answer=""))
    await desk.handle(replace(REQUEST, text="that's not what I meant"))
    (choices,) = [part for part in desk.shown.replies[-1].parts if isinstance(part, Choices)]
    values = [option.value for option in choices.options]
    assert "code\nerrors of checkout" in values
    assert "logs\nerrors of checkout" not in values
