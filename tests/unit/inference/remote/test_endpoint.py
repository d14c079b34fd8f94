"""A client of an OpenAI-compatible endpoint, against scripted answers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest

from inference import (
    ChatMessage,
    Ended,
    Fault,
    GenerateRequest,
    Outcome,
    Role,
    Sampling,
    Started,
    TextDelta,
)
from inference.remote import (
    EndpointError,
    EndpointOptions,
    EndpointUnavailableError,
    RemoteEndpoint,
    RetryPolicy,
)

DEADLINE_S = 10.0
QUICK = RetryPolicy(n_retries=2, base_s=0.001, longest_s=0.01)
OPTIONS = EndpointOptions(url="http://far/v1", model="big", token="s3cret", retry=QUICK)
REQUEST = GenerateRequest(
    request_id="a",
    messages=(ChatMessage(Role.SYSTEM, "Be brief."), ChatMessage(Role.USER, "Why?")),
    max_tokens=8,
    stop=("\n\n",),
    sampling=Sampling(temperature=0.5, seed=7),
)
USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 3,
    "prompt_tokens_details": {"cached_tokens": 5},
}
Answer = Callable[[httpx.Request], httpx.Response]


def sse(*chunks: dict[str, Any] | str) -> bytes:
    return b"".join(
        f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n".encode()
        for chunk in chunks
    )


def piece(text: str | None = None, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


WHOLE = sse(
    piece(""), piece("The "), piece("pool."), piece(None, "stop"), {"usage": USAGE}, "[DONE]"
)


class Body(httpx.AsyncByteStream):
    """Yields pieces, then breaks or waits."""

    def __init__(self, *pieces: bytes, then: str = "") -> None:
        self._pieces, self._then = pieces, then
        self.is_closed = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for data in self._pieces:
            yield data
        if self._then == "break":
            raise httpx.ReadError("connection reset")
        if self._then == "wait":
            await asyncio.sleep(DEADLINE_S)

    async def aclose(self) -> None:
        self.is_closed.set()


class Host:
    """Answers one request after the other, the last answer again and again."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.requests[-1].content)


@asynccontextmanager
async def reaching(
    host: Answer, options: EndpointOptions = OPTIONS
) -> AsyncGenerator[RemoteEndpoint]:
    endpoint = RemoteEndpoint(options, transport=httpx.MockTransport(host))
    async with asyncio.timeout(DEADLINE_S):
        try:
            yield endpoint
        finally:
            await endpoint.close()


def ok(body: bytes | Body = WHOLE) -> httpx.Response:
    if isinstance(body, Body):
        return httpx.Response(200, stream=body)
    return httpx.Response(200, content=body)


def refused(status: int, code: str | None = None, **headers: str) -> httpx.Response:
    error = {"error": {"message": "not now", "code": code}}
    return httpx.Response(status, json=error, headers=headers)


async def ended_of(*answers: httpx.Response | Exception) -> tuple[str, Ended, Host]:
    host = Host(*answers)
    async with reaching(host) as endpoint:
        text, ended = await endpoint.complete(REQUEST)
    return text, ended, host


async def test_a_stream_starts_shows_text_and_ends_with_what_the_endpoint_counted() -> None:
    async with reaching(Host(ok())) as endpoint:
        events = [event async for event in endpoint.stream(REQUEST)]
    assert [type(e) for e in events] == [Started, TextDelta, TextDelta, Ended]
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert ended.outcome is Outcome.FINISHED
    assert (ended.stats.n_prompt, ended.stats.n_cached, ended.stats.n_output) == (12, 5, 3)
    assert ended.stats.ttft_ms is not None


async def test_only_fields_that_any_endpoint_knows_are_sent() -> None:
    _, _, host = await ended_of(ok())
    assert host.requests[0].url == "http://far/v1/chat/completions"
    assert host.requests[0].headers["authorization"] == "Bearer s3cret"
    assert host.body == {
        "model": "big",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Why?"},
        ],
        "max_tokens": 8,
        "temperature": 0.5,
        "top_p": 0.95,
        "seed": 7,
        "stop": ["\n\n"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("finish", "outcome"), [("stop", Outcome.FINISHED), ("length", Outcome.LENGTH)]
)
async def test_the_finish_reason_is_the_outcome(finish: str, outcome: Outcome) -> None:
    text, ended, _ = await ended_of(ok(sse(piece("a"), piece("b", finish), "[DONE]")))
    assert (text, ended.outcome, ended.stats.n_output) == ("ab", outcome, 2)


async def test_an_answer_that_was_withheld_is_no_success() -> None:
    _, ended, _ = await ended_of(ok(sse(piece("a"), piece(None, "content_filter"), "[DONE]")))
    assert ended.outcome is Outcome.FAILED
    assert "content_filter" in ended.reason


@pytest.mark.parametrize(
    "first",
    [refused(429), refused(503), refused(502), httpx.ConnectError("refused")],
    ids=["429", "503", "502", "no connection"],
)
async def test_what_fails_in_passing_is_tried_again(first: httpx.Response | Exception) -> None:
    text, ended, host = await ended_of(first, ok())
    assert (text, ended.outcome) == ("The pool.", Outcome.FINISHED)
    assert len(host.requests) == 2


async def test_retries_are_bounded_and_the_end_says_why() -> None:
    _, ended, host = await ended_of(httpx.ConnectError("refused"))
    assert len(host.requests) == 3
    assert (ended.outcome, ended.fault) == (Outcome.REJECTED, Fault.UNAVAILABLE)
    assert ended.reason == "the endpoint far cannot be reached: refused"


async def test_an_endpoint_that_asks_for_too_much_patience_is_not_asked_again() -> None:
    _, ended, host = await ended_of(refused(429, **{"retry-after": "3600"}))
    assert len(host.requests) == 1
    assert ended.fault is Fault.QUEUE_FULL


async def test_a_broken_stream_is_repeated_only_while_nothing_was_shown() -> None:
    broken = ok(Body(sse(piece("")), then="break"))
    async with reaching(Host(broken, ok())) as endpoint:
        events = [event async for event in endpoint.stream(REQUEST)]
    assert [type(e) for e in events] == [Started, TextDelta, TextDelta, Ended]

    text, ended, host = await ended_of(ok(Body(sse(piece("The ")), then="break")), ok())
    assert (text, ended.outcome, ended.fault) == ("The ", Outcome.FAILED, Fault.LOST)
    assert len(host.requests) == 1


async def test_a_stream_without_an_end_is_lost() -> None:
    _, ended, _ = await ended_of(ok(sse(piece("The "))))
    assert ended.fault is Fault.LOST
    assert "stopped in the middle" in ended.reason


@pytest.mark.parametrize(
    ("answer", "outcome", "fault"),
    [
        (refused(400), Outcome.REJECTED, Fault.INVALID_MESSAGES),
        (refused(400, "context_length_exceeded"), Outcome.REJECTED, Fault.PROMPT_TOO_LONG),
        (refused(400, "prompt_too_long"), Outcome.REJECTED, Fault.PROMPT_TOO_LONG),
        (refused(409, "duplicate_id"), Outcome.REJECTED, Fault.DUPLICATE_ID),
        (refused(401), Outcome.REJECTED, Fault.UNAVAILABLE),
        (refused(404), Outcome.REJECTED, Fault.UNAVAILABLE),
        (refused(500), Outcome.FAILED, Fault.INTERNAL),
        (refused(504, "deadline"), Outcome.CANCELLED, Fault.DEADLINE),
        (ok(b"data: {not json\n\n"), Outcome.FAILED, Fault.INTERNAL),
        (ok(sse({"error": {"message": "out of memory"}})), Outcome.FAILED, Fault.INTERNAL),
    ],
)
async def test_refusals_are_told_apart(
    answer: httpx.Response, outcome: Outcome, fault: Fault
) -> None:
    _, ended, host = await ended_of(answer)
    assert (ended.outcome, ended.fault) == (outcome, fault)
    assert ended.reason
    assert len(host.requests) == 1


async def test_the_token_is_in_no_message_and_no_representation() -> None:
    _, ended, _ = await ended_of(refused(401))
    assert "s3cret" not in ended.reason + repr(OPTIONS)


async def test_closing_the_stream_closes_the_connection() -> None:
    body = Body(sse(piece("The ")), then="wait")
    async with reaching(Host(ok(body))) as endpoint:
        events = endpoint.stream(REQUEST)
        assert isinstance(await anext(events), Started)
        await events.aclose()
        assert body.is_closed.is_set()


async def test_cancelling_by_id_ends_the_request_and_closes_the_connection() -> None:
    body = Body(sse(piece("The ")), then="wait")
    async with reaching(Host(ok(body))) as endpoint:
        events = endpoint.stream(REQUEST)
        await anext(events)
        await anext(events)
        assert endpoint.cancel("a")
        ended = await anext(events)
        assert isinstance(ended, Ended)
        assert (ended.outcome, ended.stats.n_output) == (Outcome.CANCELLED, 1)
        await events.aclose()
        assert body.is_closed.is_set()
        assert not endpoint.cancel("a")


async def test_a_deadline_ends_the_request_as_cancelled() -> None:
    body = Body(then="wait")
    async with reaching(Host(ok(body))) as endpoint:
        _, ended = await endpoint.complete(replace(REQUEST, deadline_s=0.05))
    assert (ended.outcome, ended.fault) == (Outcome.CANCELLED, Fault.DEADLINE)
    assert "0.05 s" in ended.reason


async def test_two_live_requests_cannot_have_one_id() -> None:
    async with reaching(Host(ok(Body(sse(piece("a")), then="wait")))) as endpoint:
        events = endpoint.stream(REQUEST)
        await anext(events)
        _, ended = await endpoint.complete(REQUEST)
        assert ended.fault is Fault.DUPLICATE_ID
        await events.aclose()


async def test_a_grammar_goes_only_where_it_is_taken() -> None:
    asked = replace(REQUEST, grammar='root ::= "yes"')
    taking = Host(ok())
    async with reaching(taking, replace(OPTIONS, grammar_field="guided_grammar")) as endpoint:
        await endpoint.complete(asked)
    assert taking.body["guided_grammar"] == 'root ::= "yes"'
    host = Host(ok())
    async with reaching(host) as endpoint:
        _, ended = await endpoint.complete(asked)
    assert (ended.outcome, ended.fault) == (Outcome.REJECTED, Fault.UNAVAILABLE)
    assert host.requests == []
    async with reaching(host, replace(OPTIONS, may_omit_grammar=True)) as endpoint:
        _, ended = await endpoint.complete(asked)
    assert ended.outcome is Outcome.FINISHED
    assert not {"grammar", "guided_grammar"} & set(host.body)


def vectors(*rows: Sequence[float], as_base64: bool = False) -> httpx.Response:
    def encoded(row: Sequence[float]) -> object:
        data = np.array(row, dtype="<f4").tobytes()
        return base64.b64encode(data).decode() if as_base64 else list(row)

    data = [{"index": i, "embedding": encoded(row)} for i, row in enumerate(rows)]
    return httpx.Response(200, json={"data": data[::-1]})


@pytest.mark.parametrize("as_base64", [False, True])
async def test_vectors_come_normalised_and_in_the_order_of_their_texts(as_base64: bool) -> None:
    host = Host(refused(503), vectors([3, 4], [0, 2], as_base64=as_base64))
    async with reaching(host, replace(OPTIONS, encoder="mini")) as endpoint:
        found = await endpoint.embed(["a", "b"])
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 1]], rtol=1e-6)
    assert found.dtype == np.float32
    assert host.body == {"model": "mini", "input": ["a", "b"]}


@pytest.mark.parametrize(
    "answer", [vectors([1, 2]), vectors([1, 2], [1]), httpx.Response(200, json={"data": "x"})]
)
async def test_wrong_vectors_are_refused(answer: httpx.Response) -> None:
    async with reaching(Host(answer), replace(OPTIONS, encoder="mini")) as endpoint:
        with pytest.raises(EndpointError):
            await endpoint.embed(["a", "b"])


async def test_an_endpoint_without_an_encoder_says_so() -> None:
    async with reaching(Host(ok())) as endpoint:
        with pytest.raises(EndpointUnavailableError, match="no embedding model"):
            await endpoint.embed(["a"])


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="http://"):
        EndpointOptions(url="far:8000", model="big")
