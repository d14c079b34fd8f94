"""A request is answered once, by the right skill, or with one honest sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from bot.conversation.facts import ORDER, UNDERSTOOD
from bot.conversation.understanding import Understanding
from bot.dispatch import Dispatcher
from bot.messages import (
    Actor,
    ActorKind,
    Attached,
    Choices,
    Intent,
    Note,
    OutgoingFile,
    Phase,
    Proposed,
    Prose,
    Reply,
    Request,
    SkillEvent,
    ThreadRef,
    Turn,
)
from bot.thread_talk import Remark

THREAD = ThreadRef("C1", "1.0")
REQUEST = Request(
    request_id="C1-1.0",
    text="why is checkout failing?",
    actor=Actor(user_id="U1", team_id="T1", name="Maya"),
    thread=THREAD,
    received_at=datetime(2026, 11, 21, tzinfo=UTC),
)


@dataclass
class FixedRoute:
    intent: Intent = Intent.LOGS
    confidence: float = 0.9


class FixedRouter:
    def __init__(self, route: FixedRoute) -> None:
        self.fixed = route
        self.histories: list[tuple[Turn, ...]] = []

    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> FixedRoute:
        self.histories.append(history)
        return self.fixed


class ScriptedSkill:
    def __init__(self, *events: SkillEvent, error: Exception | None = None) -> None:
        self.events = events
        self.error = error
        self.n_calls = 0
        self.requests: list[Request] = []

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        self.n_calls += 1
        self.requests.append(request)
        for event in self.events:
            yield event
        if self.error is not None:
            raise self.error


class ListMemory:
    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.seen: set[str] = set()

    def recent(self, thread: ThreadRef, limit: int) -> tuple[Turn, ...]:
        return tuple(self.turns[-limit:])

    def remember(self, thread: ThreadRef, request_id: str, turn: Turn, at: datetime) -> None:
        self.turns.append(turn)

    def first_sight(self, key: str, at: datetime) -> bool:
        if key in self.seen:
            return False
        self.seen.add(key)
        return True


class ListOutlet:
    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.proposals: list[int] = []
        self.files: list[str] = []

    async def show(self, reply: Reply) -> None:
        self.replies.append(reply)

    async def attach(self, attached: Attached) -> None:
        self.files += [file.name for file in attached.make()]

    async def show_proposal(self, proposal_id: int) -> None:
        self.proposals.append(proposal_id)


def say(text: str, phase: Phase = Phase.DONE) -> Reply:
    return Reply(
        parts=(Prose(text=text),), summary=text, phase=phase, facts={"service": "checkout"}
    )


class Ears:
    def __init__(self) -> None:
        self.heard: list[tuple[ThreadRef, Remark]] = []
        self.retracted: list[tuple[ThreadRef, str, str]] = []

    def hear(self, thread: ThreadRef, remark: Remark) -> None:
        self.heard.append((thread, remark))

    def retract(self, thread: ThreadRef, ts: str, text: str = "") -> None:
        self.retracted.append((thread, ts, text))

    def talk(self, thread: ThreadRef) -> str:
        return "\n".join(remark.line for where, remark in self.heard if where == thread)


class Bench:
    def __init__(self, skill: ScriptedSkill, route: FixedRoute | None = None) -> None:
        self.ears = Ears()
        self.memory = ListMemory()
        self.outlet = ListOutlet()
        self.skill = skill
        self.router = FixedRouter(route or FixedRoute())
        self.dispatcher = Dispatcher(
            router=self.router,
            skills=dict.fromkeys(Intent, skill),
            memory=self.memory,
            sightings=self.memory,
            listener=self.ears,
        )

    async def handle(self, request: Request = REQUEST, intent: Intent | None = None) -> None:
        await self.dispatcher.handle(request, self.outlet, intent=intent)


async def test_snapshots_and_proposals_reach_the_outlet_in_order() -> None:
    bench = Bench(
        ScriptedSkill(say("evidence", Phase.WORKING), say("done"), Proposed(proposal_id=7))
    )
    await bench.handle()
    assert [reply.summary for reply in bench.outlet.replies] == ["evidence", "done"]
    assert bench.outlet.proposals == [7]


async def test_files_reach_the_outlet_and_are_not_remembered() -> None:
    file = OutgoingFile(name="report.md", title="Report", content=b"x")
    bench = Bench(ScriptedSkill(say("done"), Attached(make=lambda: (file,))))
    await bench.handle()
    assert bench.outlet.files == ["report.md"]
    assert [turn.answer for turn in bench.memory.turns] == ["done"]


async def test_the_last_snapshot_is_remembered_with_its_facts() -> None:
    bench = Bench(ScriptedSkill(say("evidence", Phase.WORKING), say("done")))
    await bench.handle()
    assert [(turn.answer, turn.facts) for turn in bench.memory.turns] == [
        ("done", {"service": "checkout"})
    ]


async def test_a_second_delivery_of_a_request_is_not_answered() -> None:
    bench = Bench(ScriptedSkill(say("done")))
    await bench.handle()
    await bench.handle()
    assert bench.skill.n_calls == 1


async def test_a_failing_skill_ends_in_one_sentence_that_names_the_request() -> None:
    bench = Bench(ScriptedSkill(say("evidence", Phase.WORKING), error=RuntimeError("db password")))
    await bench.handle()
    last = bench.outlet.replies[-1]
    assert last.phase is Phase.FAILED
    assert REQUEST.request_id in last.summary
    assert "db password" not in last.summary


async def test_an_unsure_route_asks_with_buttons_that_carry_the_question() -> None:
    bench = Bench(ScriptedSkill(say("done")), FixedRoute(confidence=0.1))
    await bench.handle()
    choices = [part for part in bench.outlet.replies[-1].parts if isinstance(part, Choices)]
    assert bench.skill.n_calls == 0
    assert all(option.value.endswith(REQUEST.text) for option in choices[0].options)


async def test_a_picked_skill_is_not_routed_again() -> None:
    bench = Bench(ScriptedSkill(say("done")), FixedRoute(confidence=0.1))
    await bench.handle(intent=Intent.CODE)
    assert bench.skill.n_calls == 1
    assert not bench.router.histories


@pytest.mark.parametrize("kind", [ActorKind.EXTERNAL, ActorKind.BOT])
async def test_strangers_and_bots_get_no_answer_from_a_skill(kind: ActorKind) -> None:
    bench = Bench(ScriptedSkill(say("done")))
    await bench.handle(replace(REQUEST, actor=replace(REQUEST.actor, kind=kind)))
    assert bench.skill.n_calls == 0


@pytest.mark.parametrize(
    ("intent", "answered"),
    [(Intent.RUNBOOK, False), (Intent.SCHEDULE, False), (Intent.LOGS, True), (Intent.CHAT, True)],
)
async def test_guests_may_ask_but_not_change(intent: Intent, answered: bool) -> None:
    bench = Bench(ScriptedSkill(say("done")), FixedRoute(intent=intent))
    guest = replace(REQUEST.actor, kind=ActorKind.GUEST)
    await bench.handle(replace(REQUEST, actor=guest))
    assert (bench.skill.n_calls == 1) is answered


async def test_what_was_overheard_in_a_thread_reaches_the_skill_of_that_thread_only() -> None:
    bench = Bench(ScriptedSkill(say("done")))
    bench.dispatcher.overhear(THREAD, Remark(ts="1.1", author="Maya", text="it is the EU table"))
    bench.dispatcher.overhear(ThreadRef("C1", "9.0"), Remark(ts="9.1", author="Jo", text="else"))
    await bench.handle()
    assert [request.talk for request in bench.skill.requests] == ["Maya: it is the EU table"]


async def test_overhearing_never_answers() -> None:
    bench = Bench(ScriptedSkill(say("done")))
    bench.dispatcher.overhear(THREAD, Remark(ts="1.1", author="Maya", text="why is it failing?"))
    bench.dispatcher.retract(THREAD, "1.1", "never mind")
    assert bench.ears.retracted == [(THREAD, "1.1", "never mind")]
    assert bench.skill.n_calls == 0
    assert bench.outlet.replies == []


class OneOrder(ScriptedSkill):
    """Takes exactly one text."""

    intent = Intent.CHAT

    def __init__(self, text: str) -> None:
        super().__init__(
            Reply(parts=(Prose(text="ordered"),), summary="ordered", facts={ORDER: "x"})
        )
        self.text = text

    async def takes(self, request: Request, history: tuple[Turn, ...]) -> bool:
        return request.text == self.text


def conversation(skill: ScriptedSkill, order: OneOrder) -> Bench:
    bench = Bench(skill)
    bench.dispatcher = Dispatcher(
        router=bench.router,
        skills=dict.fromkeys(Intent, skill),
        memory=bench.memory,
        sightings=bench.memory,
        orders=(order,),
        understanding=Understanding(("checkout", "payments")),
    )
    return bench


def later(number: int, text: str) -> Request:
    return replace(REQUEST, request_id=f"C1-{number}.0", text=text)


async def test_an_order_is_taken_before_the_router_is_asked_and_is_no_topic() -> None:
    skill, order = ScriptedSkill(say("fine")), OneOrder("timeline")
    bench = conversation(skill, order)
    await bench.handle()
    await bench.handle(later(2, "timeline"))
    assert (order.n_calls, skill.n_calls, len(bench.router.histories)) == (1, 1, 1)
    await bench.handle(later(3, "and yesterday?"))
    assert [turn.text for turn in bench.router.histories[-1]] == ["why is checkout failing?"]


async def test_a_follow_up_reaches_the_skill_whole_and_is_shown_small() -> None:
    skill = ScriptedSkill(say("fine"))
    bench = conversation(skill, OneOrder("timeline"))
    await bench.handle()
    await bench.handle(later(2, "and payments?"))
    assert skill.requests[-1].text == "why is payments failing?"
    assert skill.requests[-1].asked == "and payments?"
    first = bench.outlet.replies[-1].parts[0]
    assert isinstance(first, Note)
    assert first.text == "understood as: why is payments failing?"
    assert bench.memory.turns[-1].text == "and payments?"
    assert bench.memory.turns[-1].facts[UNDERSTOOD] == "why is payments failing?"


async def test_a_question_that_stands_alone_is_answered_as_it_is_written() -> None:
    skill = ScriptedSkill(say("fine"))
    bench = conversation(skill, OneOrder("timeline"))
    await bench.handle()
    await bench.handle(later(2, "why is  payments failing?"))
    assert skill.requests[-1].text == "why is  payments failing?"
    assert skill.requests[-1].asked == ""
    assert not any(isinstance(part, Note) for part in bench.outlet.replies[-1].parts)


@pytest.mark.parametrize(
    "text", ["", "  ", "🎉🎉", ":tada: :+1::skin-tone-2:", "\u200b\u202e", "?!"]
)
async def test_a_message_without_words_gets_one_short_sentence(text: str) -> None:
    bench = conversation(ScriptedSkill(say("fine")), OneOrder("timeline"))
    await bench.handle(later(2, text))
    assert bench.skill.n_calls == 0
    (reply,) = bench.outlet.replies
    assert "Say what you need" in reply.summary


async def test_a_text_far_longer_than_a_question_is_refused_with_its_length() -> None:
    bench = conversation(ScriptedSkill(say("fine")), OneOrder("timeline"))
    await bench.handle(later(2, "word " * 8000))
    assert bench.skill.n_calls == 0
    assert "40,000 characters" in bench.outlet.replies[0].summary


async def test_another_bot_is_answered_with_silence() -> None:
    bench = conversation(ScriptedSkill(say("fine")), OneOrder("timeline"))
    bot = replace(REQUEST.actor, kind=ActorKind.BOT)
    await bench.handle(replace(REQUEST, actor=bot))
    assert bench.outlet.replies == []
    assert bench.skill.n_calls == 0
