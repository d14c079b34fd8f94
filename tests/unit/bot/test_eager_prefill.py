"""Talk in a thread is prefilled while nobody waits, and nobody ever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from bot.eager_prefill import EagerPrefill
from bot.messages import Intent, ThreadRef, Turn
from bot.prompts import code, thread
from bot.skills.openings import opening
from bot.thread_talk import Remark
from inference import (
    ChatMessage,
    Ended,
    EngineState,
    Event,
    GenerateRequest,
    ModelUnavailableError,
    Outcome,
    Role,
    Started,
)

HERE, THERE = ThreadRef("C1", "1.0"), ThreadRef("C1", "2.0")
N_LOOKS = 5000
SQL = Turn(text="sql for it", intent=Intent.CODE, answer="", facts={"language": "sql"})
RUNBOOK = Turn(text="run it", intent=Intent.RUNBOOK, answer="")
BROKEN = Turn(text="sql", intent=Intent.CODE, answer="")


@dataclass
class FakeService:
    """Counts words as tokens, remembers what it was asked to prefill."""

    state: EngineState = EngineState.READY
    error: Exception | None = None
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[ChatMessage, ...]] = field(default_factory=list[tuple[ChatMessage, ...]])
    n_cancelled: int = 0

    def __post_init__(self) -> None:
        self.may_end.set()

    async def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def prefill(self, messages: tuple[ChatMessage, ...]) -> None:
        self.asked.append(messages)
        if self.error is not None:
            raise self.error
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise


@dataclass
class FakeMemory:
    turns: Sequence[Turn] = (SQL,)
    error: Exception | None = None

    def recent(self, thread: ThreadRef, limit: int) -> tuple[Turn, ...]:
        if self.error is not None:
            raise self.error
        return tuple(self.turns[-limit:])


@dataclass
class OneAnswer:
    n_prompt: int
    n_cached: int

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        yield Started(n_prompt=self.n_prompt, n_cached=self.n_cached, queue_ms=0)
        yield Ended(outcome=Outcome.FINISHED)

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        return "", Ended(outcome=Outcome.FINISHED)


class Bench:
    def __init__(self, memory: FakeMemory | None = None, pause_s: float = 0) -> None:
        self.service = FakeService()
        self.registry = CollectorRegistry()
        self.ears = EagerPrefill(
            self.service,
            memory or FakeMemory(),
            opening,
            registry=self.registry,
            pause_s=pause_s,
        )
        self.n_said = 0

    def say(self, text: str, where: ThreadRef = HERE) -> None:
        self.n_said += 1
        self.ears.hear(where, Remark(ts=f"{self.n_said}.0", author="Maya", text=text))

    def total(self, name: str) -> float:
        return self.registry.get_sample_value(f"opsbot_eager_{name}_tokens_total") or 0

    async def until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(N_LOOKS):
            if is_so():
                return
            await asyncio.sleep(0.001)
        raise TimeoutError("it never came to that")

    async def settled(self) -> None:
        await self.until(lambda: not self.ears.is_busy)


def prompt(talk: str, task: str = "now per minute") -> GenerateRequest:
    messages = code.messages(language="SQL", task=task, talk=talk)
    return GenerateRequest(request_id="r1-code-1", messages=messages, max_tokens=8)


async def test_talk_is_prefilled_behind_the_prefix_of_the_last_skill() -> None:
    bench = Bench()
    bench.say("the table is payments_eu")
    await bench.settled()
    (asked,) = bench.service.asked
    said = thread.opening("Maya: the table is payments_eu")
    assert asked == (*code.prefix("SQL"), ChatMessage(Role.USER, said))


async def test_what_is_prefilled_is_what_the_next_prompt_begins_with() -> None:
    bench = Bench()
    bench.say("the table is payments_eu")
    await bench.settled()
    (*before, last), real = bench.service.asked[0], prompt(bench.ears.talk(HERE)).messages
    assert list(real[: len(before)]) == before
    assert real[len(before)].content.startswith(last.content)


async def test_several_messages_in_a_row_are_prefilled_once() -> None:
    bench = Bench(pause_s=0.01)
    for text in ("one", "two", "three"):
        bench.say(text)
    await bench.settled()
    assert len(bench.service.asked) == 1
    assert bench.service.asked[0][-1].content.endswith("Maya: one\nMaya: two\nMaya: three")


async def test_a_newer_message_replaces_a_prefill_under_way() -> None:
    bench = Bench()
    bench.service.may_end.clear()
    bench.say("one")
    await bench.until(lambda: len(bench.service.asked) == 1)
    bench.say("two")
    await bench.until(lambda: len(bench.service.asked) == 2)
    assert bench.service.n_cancelled == 1
    bench.service.may_end.set()
    await bench.settled()
    assert bench.service.asked[1][-1].content.startswith(bench.service.asked[0][-1].content)


async def test_an_answer_takes_the_talk_at_once_and_gives_up_the_prefill() -> None:
    bench = Bench()
    bench.service.may_end.clear()
    bench.say("one")
    await bench.until(lambda: len(bench.service.asked) == 1)
    assert bench.ears.talk(HERE) == "Maya: one"
    await bench.until(lambda: bench.service.n_cancelled == 1)


async def test_threads_do_not_hear_one_another() -> None:
    bench = Bench()
    bench.say("one", HERE)
    bench.say("two", THERE)
    await bench.settled()
    assert (bench.ears.talk(HERE), bench.ears.talk(THERE)) == ("Maya: one", "Maya: two")
    assert len(bench.service.asked) == 2


@pytest.mark.parametrize("turns", [(), (RUNBOOK,), (BROKEN,)])
async def test_nothing_is_prefilled_where_the_next_prompt_is_not_known(
    turns: tuple[Turn, ...],
) -> None:
    bench = Bench(FakeMemory(turns))
    bench.say("one")
    await bench.settled()
    assert bench.service.asked == []


async def test_a_model_that_is_not_there_is_not_asked() -> None:
    bench = Bench()
    bench.service.state = EngineState.LOADING
    bench.say("one")
    await bench.settled()
    assert bench.service.asked == []
    assert bench.ears.talk(HERE) == "Maya: one"


@pytest.mark.parametrize("error", [ModelUnavailableError("gone"), RuntimeError("broken")])
async def test_a_failing_prefill_costs_nothing_but_itself(error: Exception) -> None:
    bench = Bench()
    bench.service.error = error
    bench.say("one")
    await bench.settled()
    assert bench.ears.talk(HERE) == "Maya: one"
    bench.service.error = None
    bench.say("two")
    await bench.settled()
    assert len(bench.service.asked) == 2


async def test_a_failing_memory_costs_nothing_but_the_prefill() -> None:
    bench = Bench(FakeMemory(error=OSError("disk full")))
    bench.say("one")
    await bench.settled()
    assert bench.service.asked == []
    assert bench.ears.talk(HERE) == "Maya: one"


async def test_a_deleted_message_is_forgotten_and_an_edited_one_has_its_new_text() -> None:
    bench = Bench()
    bench.say("password is hunter2")
    bench.say("two")
    bench.ears.retract(HERE, "1.0")
    bench.ears.retract(HERE, "2.0", "three")
    bench.ears.retract(HERE, "9.0", "never heard")
    assert bench.ears.talk(HERE) == "Maya: three"


async def test_talk_is_kept_of_the_latest_threads_only() -> None:
    bench = Bench(pause_s=60)
    for number in range(300):
        bench.say("one", ThreadRef("C1", f"{number}.0"))
    assert bench.ears.talk(ThreadRef("C1", "0.0")) == ""
    assert bench.ears.talk(ThreadRef("C1", "299.0")) == "Maya: one"
    await bench.ears.close()
    await bench.settled()


async def test_tokens_are_counted_when_prefilled_and_again_when_an_answer_used_them() -> None:
    bench = Bench()
    bench.say("the table is payments_eu")
    await bench.settled()
    assert bench.total("prefilled") == 5
    request = prompt(bench.ears.talk(HERE))
    rest = len(request.messages[-1].content.split()) - len(
        bench.service.asked[0][-1].content.split()
    )
    watched = bench.ears.watched(OneAnswer(n_prompt=100, n_cached=100 - rest))
    for _ in range(2):
        assert [type(event) async for event in watched.stream(request)] == [Started, Ended]
    await bench.settled()
    assert bench.total("reused") == 5


async def test_tokens_that_had_left_the_cache_are_not_counted_as_reused() -> None:
    bench = Bench()
    bench.say("the table is payments_eu")
    await bench.settled()
    watched = bench.ears.watched(OneAnswer(n_prompt=100, n_cached=0))
    assert [event async for event in watched.stream(prompt(bench.ears.talk(HERE)))]
    await bench.settled()
    assert bench.total("reused") == 0


async def test_growing_talk_is_counted_once() -> None:
    bench = Bench()
    bench.say("one")
    await bench.settled()
    bench.say("two")
    await bench.settled()
    assert bench.total("prefilled") == 4
