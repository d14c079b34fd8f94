"""The chat model between LangChain and a service, on a scripted service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from langchain_core import exceptions as core
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from numpy.typing import NDArray
from pydantic import BaseModel

from inference import (
    Ended,
    Event,
    Fault,
    GenerateRequest,
    GenerationStats,
    InferenceError,
    InferenceService,
    Outcome,
    Role,
    Started,
    TextDelta,
)
from inference.langchain import (
    InvalidRequestError,
    OpsbotChatModel,
    OpsbotEmbeddings,
    RequestFailedError,
    SyncCallError,
)

STATS = GenerationStats(n_prompt=9, n_cached=4, n_output=2, queue_ms=1, ttft_ms=20, tpot_ms=5)
GOOD = Ended(outcome=Outcome.FINISHED, stats=STATS)
LOST = Ended(outcome=Outcome.FAILED, reason="the engine died", fault=Fault.LOST)
DEADLINE_S = 10


@dataclass
class Service:
    """Says "po", "ol" and ends as it is told to."""

    ends: Sequence[Ended] = (GOOD,)
    model_name: str = "scripted"
    requests: list[GenerateRequest] = field(default_factory=list[GenerateRequest])
    is_endless: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        ended = self.ends[min(len(self.requests), len(self.ends) - 1)]
        self.requests.append(request)
        try:
            yield Started(n_prompt=9, n_cached=4, queue_ms=1)
            yield TextDelta(text="po")
            while self.is_endless:
                yield TextDelta(text="o")
                await asyncio.sleep(0)
            yield TextDelta(text="ol")
            yield ended
        finally:
            self.closed.set()

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        events = [event async for event in self.stream(request)]
        text = "".join(event.text for event in events if isinstance(event, TextDelta))
        return text, cast("Ended", events[-1])

    async def encoder_ready(self) -> None:
        return None

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)


def model(
    service: Service, loop: asyncio.AbstractEventLoop | None = None, **options: object
) -> OpsbotChatModel:
    given = {"service": service, **options} | ({} if loop is None else {"loop": loop})
    return OpsbotChatModel.model_validate(given)


def embedder(service: Service, loop: asyncio.AbstractEventLoop | None = None) -> OpsbotEmbeddings:
    return OpsbotEmbeddings(cast("InferenceService", service), loop=loop)


async def test_an_answer_has_its_cost_and_why_it_stopped() -> None:
    answer = await model(Service()).ainvoke("why?")
    assert answer.text == "pool"
    assert answer.usage_metadata == {
        "input_tokens": 9,
        "output_tokens": 2,
        "total_tokens": 11,
        "input_token_details": {"cache_read": 4},
    }
    assert answer.response_metadata["model_name"] == "scripted"
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.response_metadata["ttft_ms"] == 20


async def test_an_answer_cut_at_max_tokens_says_so() -> None:
    cut = Ended(outcome=Outcome.LENGTH, stats=STATS)
    answer = await model(Service([cut]), max_tokens=2).ainvoke("why?")
    assert answer.response_metadata["finish_reason"] == "length"


async def test_streamed_pieces_add_up_to_the_answer_of_invoke() -> None:
    chat = model(Service())
    pieces = [piece async for piece in chat.astream("why?")]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    answer = await chat.ainvoke("why?")
    assert whole.text == answer.text
    assert whole.usage_metadata == answer.usage_metadata
    assert whole.response_metadata == answer.response_metadata


async def test_options_of_the_model_and_of_the_call_reach_the_engine() -> None:
    service = Service()
    chat = model(service, temperature=0.5, seed=3, max_tokens=7, stop=("END",), timeout=9)
    await chat.ainvoke("why?")
    await chat.ainvoke("why?", stop=["x"], temperature=0.0, max_tokens=1, grammar='root ::= "a"')
    first, second = service.requests
    assert (first.sampling.temperature, first.sampling.seed, first.max_tokens) == (0.5, 3, 7)
    assert (first.stop, first.deadline_s, first.grammar) == (("END",), 9, None)
    assert (second.sampling.temperature, second.max_tokens) == (0.0, 1)
    assert (second.stop, second.grammar) == (("x",), 'root ::= "a"')
    assert first.request_id != second.request_id


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"temprature": 1}, "temprature"),
        ({"temperature": -1}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"top_p": 2}, "top_p"),
        ({"stop": [""]}, "stop"),
        ({"tools": []}, "tools"),
    ],
)
async def test_options_that_mean_nothing_are_refused_by_name(
    options: dict[str, Any], named: str
) -> None:
    service = Service()
    with pytest.raises(InvalidRequestError, match=named):
        await model(service).ainvoke("why?", **options)
    assert service.requests == []


async def test_roles_are_translated_and_neighbours_of_one_role_are_joined() -> None:
    service = Service()
    await model(service).ainvoke(
        [
            SystemMessage("a"),
            SystemMessage("b"),
            HumanMessage([{"type": "text", "text": "c"}, "d"]),
            AIMessage("e"),
            ChatMessage(role="user", content="f"),
        ]
    )
    turns = [(turn.role, turn.content) for turn in service.requests[0].messages]
    assert turns == [
        (Role.SYSTEM, "a\n\nb"),
        (Role.USER, "cd"),
        (Role.ASSISTANT, "e"),
        (Role.USER, "f"),
    ]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (ToolMessage("3", tool_call_id="1"), "role tool"),
        (ChatMessage(role="oracle", content="x"), "role oracle"),
        (HumanMessage([{"type": "image_url", "image_url": "x"}]), "image_url"),
        (AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "1"}]), "tool calls"),
    ],
)
async def test_what_is_not_plain_text_is_refused_with_its_kind(
    message: BaseMessage, said: str
) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        await model(Service()).ainvoke([message])


@pytest.mark.parametrize(
    ("fault", "kind", "is_retryable"),
    [
        (Fault.PROMPT_TOO_LONG, core.ContextOverflowError, False),
        (Fault.INVALID_GRAMMAR, core.ModelInvalidRequestError, False),
        (Fault.QUEUE_FULL, core.ModelRateLimitError, True),
        (Fault.DEADLINE, core.ModelTimeoutError, True),
        (Fault.UNAVAILABLE, core.ModelConnectionError, True),
        (Fault.INTERNAL, core.ModelAPIError, True),
    ],
)
async def test_faults_are_langchains_errors_and_the_engines(
    fault: Fault, kind: type[core.ModelError], is_retryable: bool
) -> None:
    ended = Ended(outcome=Outcome.REJECTED, reason="9 tokens, at most 8 fit", fault=fault)
    with pytest.raises(kind, match="at most 8") as caught:
        await model(Service([ended])).ainvoke("why?")
    assert isinstance(caught.value, InferenceError)
    assert isinstance(caught.value, RequestFailedError)
    assert (caught.value.fault, caught.value.is_retryable) == (fault, is_retryable)


def test_every_fault_has_an_error() -> None:
    from inference.langchain.errors import error_of

    for fault in Fault:
        error = error_of(Ended(outcome=Outcome.FAILED, reason="why", fault=fault))
        assert error is not None
        assert error.fault is fault
    assert error_of(Ended(outcome=Outcome.CANCELLED)) is not None


async def test_a_failure_while_streaming_is_raised_after_the_pieces_before_it() -> None:
    pieces: list[str] = []
    with pytest.raises(RequestFailedError, match="died"):
        async for piece in model(Service([LOST])).astream("why?"):
            pieces.append(piece.text)  # noqa: PERF401  what came before the error counts
    assert "".join(pieces) == "pool"


async def test_a_lost_answer_is_asked_for_again_as_often_as_allowed() -> None:
    service = Service([LOST, GOOD])
    assert (await model(service, max_retries=1).ainvoke("why?")).text == "pool"
    assert len({request.request_id for request in service.requests}) == 2
    with pytest.raises(RequestFailedError):
        await model(Service([LOST]), max_retries=2).ainvoke("why?")


async def test_blocking_calls_in_the_services_own_loop_are_refused_at_once() -> None:
    service = Service()
    with pytest.raises(SyncCallError, match="ainvoke"):
        model(service).invoke("why?")
    with pytest.raises(SyncCallError, match="ainvoke"):
        list(model(service).stream("why?"))
    with pytest.raises(SyncCallError, match="aembed"):
        embedder(service).embed_query("why?")
    assert service.requests == []


def test_blocking_calls_to_a_loop_that_does_not_run_are_refused_at_once() -> None:
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(SyncCallError, match="does not run"):
            model(Service(), loop).invoke("why?")
    finally:
        loop.close()


async def test_blocking_calls_from_another_thread_are_answered() -> None:
    chat, words = model(Service()), embedder(Service())
    assert (await asyncio.to_thread(chat.invoke, "why?")).text == "pool"
    pieces = await asyncio.to_thread(lambda: list(chat.stream("why?")))
    assert "".join(piece.text for piece in pieces) == "pool"
    assert await asyncio.to_thread(words.embed_documents, ["a", "bcd"]) == [[1, 1], [3, 1]]


async def test_calls_from_another_loop_are_answered(
    loop_thread: asyncio.AbstractEventLoop,
) -> None:
    chat, words = model(Service(), loop_thread), embedder(Service(), loop_thread)
    assert (await chat.ainvoke("why?")).text == "pool"
    assert "".join([piece.text async for piece in chat.astream("why?")]) == "pool"
    assert await words.aembed_query("abc") == [3, 1]


async def test_leaving_a_stream_closes_it() -> None:
    service = Service(is_endless=True)
    async with asyncio.timeout(DEADLINE_S):
        async for _ in model(service).astream("why?"):
            break
        await service.closed.wait()


async def test_leaving_a_stream_of_another_thread_closes_it() -> None:
    service = Service(is_endless=True)
    chat = model(service)

    def first() -> str:
        return next(iter(chat.stream("why?"))).text

    async with asyncio.timeout(DEADLINE_S):
        assert await asyncio.to_thread(first) == "po"
        await service.closed.wait()


async def test_a_stream_of_another_loop_that_is_left_is_closed(
    loop_thread: asyncio.AbstractEventLoop,
) -> None:
    service = Service(is_endless=True)
    async with asyncio.timeout(DEADLINE_S):
        async for _ in model(service, loop_thread).astream("why?"):
            break
        closing = asyncio.run_coroutine_threadsafe(service.closed.wait(), loop_thread)
        assert await asyncio.wrap_future(closing)


def test_without_a_loop_neither_can_be_made() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        model(Service())
    with pytest.raises(RuntimeError, match="no running event loop"):
        embedder(Service())


class Person(BaseModel):
    """Somebody."""

    name: str


async def test_a_schema_becomes_a_grammar_and_a_parser() -> None:
    service = Service()
    chat = model(service).with_structured_output(Person, include_raw=True)
    answer = await chat.ainvoke("who?")
    grammar = service.requests[0].grammar
    assert grammar is not None
    assert '\\"name\\"' in grammar
    assert isinstance(answer, dict)
    assert (answer["raw"].text, answer["parsed"]) == ("pool", None)
    assert isinstance(answer["parsing_error"], core.OutputParserException)


async def test_a_schema_or_option_that_cannot_be_enforced_is_refused() -> None:
    schema: dict[str, Any] = {
        "title": "n",
        "type": "object",
        "properties": {"a": {"type": "string", "not": {}}},
    }
    with pytest.raises(InvalidRequestError, match="not"):
        model(Service()).with_structured_output(schema)
    with pytest.raises(InvalidRequestError, match="tools"):
        model(Service()).with_structured_output(Person, tools=[])
