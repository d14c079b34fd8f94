"""What arrives over the wire: bodies that are no requests, and requests as the engine gets them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

import aiohttp
import pytest

from inference import (
    ChatMessage,
    Ended,
    Event,
    Fault,
    GenerateRequest,
    InferenceService,
    Outcome,
    Priority,
    Role,
    Sampling,
    Started,
)
from inference.json_schema import grammar_of
from inference.server import build_app, listening

Serving = Callable[..., AbstractAsyncContextManager[str]]

CHAT = "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}
MESSAGES = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]


async def post(
    url: str, body: Any, path: str = CHAT, headers: dict[str, str] = JSON
) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + path, data=data, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\xff\xfe{}", "not UTF-8: byte 0"),
        (b'{"messages": ', "not JSON"),
        (b"", "not JSON"),
        (b"[1]", "must be a JSON object"),
        (b'{"temperature": NaN}', "NaN is not a JSON value"),
        (b'{"messages": [{"role": "user", "content": "\\ud83d"}]}', "surrogate"),
        (b"[" * 200_000, "not JSON"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
    ids=["utf8", "cut", "empty", "list", "nan", "surrogate", "nested", "digits"],
)
async def test_a_body_that_is_no_json_object_is_refused(
    serving: Serving, body: bytes, said: str
) -> None:
    async with serving() as url:
        status, answer = await post(url, body)
    assert status == 400
    assert said in answer["error"]["message"]
    assert answer["error"]["code"] == "invalid_json"


async def test_characters_beyond_the_basic_plane_pass_in_either_spelling(serving: Serving) -> None:
    async with serving() as url:
        texts: list[str] = []
        for spelling in ('"\\ud83d\\udd25"', '"🔥"'):
            message = '{"role": "user", "content": ' + spelling + "}"
            _, answer = await post(url, ('{"messages": [' + message + "]}").encode())
            texts.append(answer["choices"][0]["message"]["content"])
    assert texts[0] == texts[1]


@pytest.mark.parametrize("is_chunked", [True, False])
async def test_a_body_above_the_limit_is_refused_with_the_limit(
    serving: Serving, is_chunked: bool
) -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        for _ in range(4):
            yield b" " * 1000

    data = pieces() if is_chunked else b" " * 4000
    async with (
        serving(max_body_bytes=2048) as url,
        aiohttp.ClientSession() as session,
        session.post(url + CHAT, data=data, headers=JSON) as answer,
    ):
        assert answer.status == 413
        assert "at most 2048 bytes" in (await answer.json())["error"]["message"]


async def test_only_json_is_taken_so_that_a_foreign_page_cannot_post(serving: Serving) -> None:
    async with serving() as url:
        status, answer = await post(
            url, {"text": "x"}, "/opsbot/v1/tokens", {"Content-Type": "text/plain"}
        )
    assert status == 415
    assert "application/json" in answer["error"]["message"]


async def test_unknown_paths_and_methods_are_errors_in_json(serving: Serving) -> None:
    async with serving() as url, aiohttp.ClientSession() as session:
        async with session.get(url + "/v1/nothing") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (404, "not_found")
        async with session.get(url + CHAT) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_a_misspelt_option_is_answered_with_the_likely_one(serving: Serving) -> None:
    async with serving() as url:
        status, answer = await post(url, {"messages": MESSAGES, "temprature": 0})
    assert status == 400
    assert answer["error"]["message"] == "unknown option 'temprature'; did you mean temperature?"


def nested(depth: int) -> str:
    return "root ::= " + "(" * depth + '"a"' + ")" * depth


async def test_only_brackets_that_nest_count_towards_the_depth_of_a_grammar() -> None:
    marks = "(" * 2000
    grammars = [
        nested(1024),
        f'root ::= "{marks}" [{marks}] # {marks}\n',
        'root ::= "\\"' + marks + '" ' + '("a") ' * 2000,
    ]
    recorder = Recorder(STARTED, FINISHED)
    for grammar in grammars:
        await ask(recorder, {"messages": MESSAGES, "grammar": grammar})
    assert [request.grammar for request in recorder.asked] == grammars


def schema(value: dict[str, Any]) -> dict[str, Any]:
    """A response format that demands this JSON schema."""
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": value}}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/v1/completions", {"prompt": ["a", "b"]}, "one prompt"),
        ("/v1/completions", {"prompt": [1, 2]}, "one prompt"),
        ("/v1/completions", {}, "prompt: Field required"),
        ("/v1/completions", {"prompt": "a", "echo": True}, "echo"),
        ("/v1/embeddings", {"input": []}, "input"),
        ("/v1/embeddings", {"input": [1, 2]}, "token ids"),
        ("/v1/embeddings", {"input": [[1], [2]]}, "token ids"),
        ("/v1/embeddings", {"input": "a", "encoding_format": "hex"}, "encoding_format"),
        ("/v1/embeddings", {"input": "a", "dimensions": 7}, "the encoder has 32"),
        ("/opsbot/v1/tokens", {}, "text: Field required"),
        ("/opsbot/v1/warm", {"messages": []}, "messages"),
        ("/opsbot/v1/cancel", {"request_id": 3}, "request_id"),
        (CHAT, {"messages": MESSAGES, "request_id": "two words"}, "request_id"),
        (CHAT, {"messages": MESSAGES, "max_tokens": 1, "max_completion_tokens": 2}, "not both"),
        (CHAT, {"messages": MESSAGES, "stream_options": {}}, "only for streams"),
        (CHAT, {"messages": MESSAGES, "grammar": nested(1025)}, "deeper than 1024"),
        (CHAT, {"messages": MESSAGES * 4097}, "at most 4096 items"),
        (CHAT, {"messages": MESSAGES, "grammar": 'root ::= "aaaa"{2000}{2000}'}, "repeats more"),
        (CHAT, {"messages": MESSAGES, "response_format": schema({"type": {"a": 1}})}, "the type"),
        (
            CHAT,
            {
                "messages": MESSAGES,
                "response_format": schema({"properties": {"a": {}}, "required": [["a"]]}),
            },
            "must name properties",
        ),
        (CHAT, {"messages": MESSAGES, "grammar": "#" + "x" * 65_536}, "at most 65536"),
        (
            CHAT,
            {"messages": MESSAGES, "grammar": "g", "response_format": {"type": "json_object"}},
            "not both",
        ),
    ],
)
async def test_what_is_not_supported_is_refused(
    serving: Serving, path: str, body: dict[str, Any], said: str
) -> None:
    async with serving() as url:
        status, answer = await post(url, body, path)
    assert status == 400
    assert said in answer["error"]["message"]


class Recorder:
    """A service that remembers what it was asked and answers with the events it was given."""

    model_name = "recorder"

    def __init__(self, *events: Event) -> None:
        self.asked: list[GenerateRequest] = []
        self.events = events

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        for event in self.events:
            yield event


STARTED = Started(n_prompt=3, n_cached=2, queue_ms=1.5)
FINISHED = Ended(outcome=Outcome.FINISHED)


async def ask(recorder: Recorder, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    app = build_app(cast("InferenceService", recorder))
    async with listening(app) as url:
        return await post(url, body)


async def test_every_field_reaches_the_engine() -> None:
    recorder = Recorder(STARTED, FINISHED)
    await ask(
        recorder,
        {
            "messages": [{"role": "developer", "content": "d"}, *MESSAGES],
            "max_completion_tokens": 7,
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 5,
            "min_p": 0.1,
            "repeat_penalty": 1.2,
            "seed": 11,
            "stop": "END",
            "grammar": 'root ::= "a"',
            "request_id": "r-1",
            "priority": "background",
            "deadline_s": 2.5,
            "pin_prefix": 2,
        },
    )
    assert recorder.asked == [
        GenerateRequest(
            request_id="r-1",
            messages=(
                ChatMessage(Role.SYSTEM, "d"),
                ChatMessage(Role.SYSTEM, "s"),
                ChatMessage(Role.USER, "u"),
            ),
            max_tokens=7,
            sampling=Sampling(
                temperature=0.5, top_p=0.9, top_k=5, min_p=0.1, repeat_penalty=1.2, seed=11
            ),
            grammar='root ::= "a"',
            stop=("END",),
            priority=Priority.BACKGROUND,
            deadline_s=2.5,
            pin_prefix=2,
        )
    ]


async def test_what_is_left_out_or_null_is_the_engines_default() -> None:
    recorder = Recorder(STARTED, FINISHED)
    await ask(recorder, {"messages": MESSAGES, "temperature": None, "top_k": None, "seed": None})
    request = recorder.asked[0]
    assert request.sampling == Sampling()
    assert (request.grammar, request.stop, request.deadline_s) == (None, (), None)
    assert (request.priority, request.pin_prefix) == (Priority.INTERACTIVE, 0)


async def test_formats_become_grammars() -> None:
    recorder = Recorder(STARTED, FINISHED)
    schema = {"properties": {"a": {"type": "null"}}, "required": ["a"]}
    formats = (
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        {"type": "text"},
    )
    for each in formats:
        await ask(recorder, {"messages": MESSAGES, "response_format": each})
    expected = [grammar_of({"type": "object"}), grammar_of(schema), None]
    assert [request.grammar for request in recorder.asked] == expected


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.INVALID_MESSAGES, 400),
        (Fault.PROMPT_TOO_LONG, 400),
        (Fault.INVALID_GRAMMAR, 400),
        (Fault.DUPLICATE_ID, 409),
        (Fault.QUEUE_FULL, 429),
        (Fault.INTERNAL, 500),
        (Fault.LOST, 502),
        (Fault.UNAVAILABLE, 503),
        (Fault.DEADLINE, 504),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_an_end_before_anything_is_an_http_error_that_still_tells_the_end(
    fault: Fault, status: int, stream: bool
) -> None:
    ended = Ended(outcome=Outcome.REJECTED, reason="because", fault=fault)
    answered, body = await ask(Recorder(ended), {"messages": MESSAGES, "stream": stream})
    assert answered == status
    assert body["error"]["message"] == "because"
    assert body["error"]["code"] == fault.value
    assert body["error"]["param"] is None
    assert body["opsbot"]["ended"]["outcome"] == "rejected"


async def test_a_request_cancelled_before_it_started_says_so() -> None:
    cancelled = Ended(outcome=Outcome.CANCELLED)
    status, body = await ask(Recorder(cancelled), {"messages": MESSAGES})
    assert status == 200
    assert body["choices"][0]["finish_reason"] == "cancelled"
    assert "started" not in body["opsbot"]


@pytest.mark.parametrize("options", [{"token": " "}, {"max_body_bytes": 0}])
def test_a_server_without_sense_is_not_built(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        build_app(cast("InferenceService", Recorder()), **options)
