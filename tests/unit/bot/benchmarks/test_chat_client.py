from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.benchmarks.chat_client import ChatClient, Endpoint, Reply
from bot.benchmarks.errors import BenchmarkError
from bot.benchmarks.targets import base_url

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
QUESTION = [{"role": "user", "content": "why?"}]


def chunk(text: str | None = None, reason: str | None = None, **more: object) -> bytes:
    delta = {} if text is None else {"content": text}
    body = {"choices": [{"delta": delta, "finish_reason": reason}], **more}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
ROLE = b'data: {"choices": [{"delta": {"role": "assistant", "content": null}}]}\n\n'
USAGE = {"prompt_tokens": 40, "completion_tokens": 3}


def streaming(*pieces: bytes, pause_s: float = 0.0) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(pause_s)
        return response

    return handle


@asynccontextmanager
async def client_of(handler: Handler, *, token: str = "") -> AsyncGenerator[ChatClient]:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", handler)
    app.router.add_get("/v1/models", models)
    async with TestServer(app) as server:
        endpoint = Endpoint(name="tiny", url=str(server.make_url("")).rstrip("/"), token=token)
        async with ChatClient(endpoint) as client:
            yield client


async def models(request: web.Request) -> web.Response:
    return web.json_response({"data": [{"id": "tiny-1b"}]})


async def asked(handler: Handler) -> Reply:
    async with client_of(handler) as client:
        return await client.ask(QUESTION, 8)


async def test_the_first_text_and_not_the_first_chunk_ends_the_wait() -> None:
    pieces = ROLE, chunk("pool "), chunk("full"), chunk(reason="stop"), DONE
    reply = await asked(streaming(*pieces, pause_s=0.03))
    assert reply.text == "pool full"
    assert reply.is_answered
    assert 0.03 <= reply.ttft_s < reply.e2e_s
    assert reply.e2e_s >= 0.12


async def test_an_endpoint_s_own_counts_win_over_pieces_of_text() -> None:
    usage = chunk(usage=USAGE | {"prompt_tokens_details": {"cached_tokens": 30}})
    reply = await asked(streaming(chunk("a"), chunk(reason="length"), usage, DONE))
    assert (reply.n_prompt, reply.n_cached, reply.n_output) == (40, 30, 3)
    silent = await asked(streaming(chunk("a"), chunk("b"), chunk(reason="stop"), DONE))
    assert (silent.n_prompt, silent.n_cached, silent.n_output) == (None, None, 2)


async def test_our_own_server_tells_what_was_cached() -> None:
    started = {"started": {"n_prompt": 40, "n_cached": 25, "queue_ms": 0.5}}
    pieces = chunk("", opsbot=started), chunk("a"), chunk(reason="stop", usage=USAGE), DONE
    assert (await asked(streaming(*pieces))).n_cached == 25


async def test_an_answer_without_text_is_answered_when_it_ends() -> None:
    reply = await asked(streaming(ROLE, chunk(reason="stop"), DONE, pause_s=0.02))
    assert reply.is_answered
    assert reply.ttft_s == reply.e2e_s > 0


async def refuse(request: web.Request) -> web.Response:
    error = {"message": "64 requests wait already", "type": "x", "code": "queue_full"}
    return web.json_response({"error": error}, status=429)


async def break_off(request: web.Request) -> web.StreamResponse:
    response = await streaming(chunk("half an "))(request)
    assert request.transport is not None
    request.transport.abort()
    return response


ENDED = {"ended": {"outcome": "failed", "reason": "the grammar allows nothing"}}


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (refuse, "64 requests wait already"),
        (streaming(chunk("half"), chunk(" an")), "stopped in the middle"),
        (break_off, ""),
        (streaming(chunk("a"), b'data: {"error": {"message": "boom"}}\n\n', DONE), "boom"),
        (streaming(chunk("a"), chunk(reason="error", opsbot=ENDED), DONE), "grammar allows"),
        (streaming(chunk("a"), chunk(reason="cancelled"), DONE), "ended as cancelled"),
        (streaming(b"data: <html>\n\n", DONE), "something else"),
        (streaming(b"data: \xff\xfe\n\n", DONE), "UTF-8"),
    ],
)
async def test_whatever_goes_wrong_is_a_failure_and_no_answer(handler: Handler, said: str) -> None:
    reply = await asked(handler)
    assert not reply.is_answered
    assert said in reply.failure


async def test_a_client_goes_on_after_a_failure() -> None:
    answers = iter([refuse, streaming(chunk("fine"), chunk(reason="stop"), DONE)])

    async def handle(request: web.Request) -> web.StreamResponse:
        return await next(answers)(request)

    async with client_of(handle) as client:
        replies = [await client.ask(QUESTION, 4) for _ in range(2)]
    assert [reply.is_answered for reply in replies] == [False, True]


async def test_a_server_that_is_not_there_is_a_failure() -> None:
    async with ChatClient(Endpoint(name="gone", url="http://127.0.0.1:9")) as client:
        assert "connection failed" in (await client.ask(QUESTION, 4)).failure
        with pytest.raises(BenchmarkError, match="is no OpenAI-compatible server"):
            await client.describe()


async def test_what_is_asked_is_greedy_streamed_and_authorised() -> None:
    seen: list[tuple[str | None, dict[str, object]]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append((request.headers.get("Authorization"), await request.json()))
        return await streaming(chunk("a"), chunk(reason="stop"), DONE)(request)

    async with client_of(handle, token="s3") as client:
        await client.ask(QUESTION, 8)
        assert await client.describe() == "tiny-1b"
    ((authorization, body),) = seen
    assert authorization == "Bearer s3"
    assert body["temperature"] == 0
    assert body["max_tokens"] == 8
    assert body["messages"] == QUESTION
    assert body["stream_options"] == {"include_usage": True}


def test_a_base_url_may_be_written_with_or_without_version() -> None:
    for written in ("http://h:1", "http://h:1/", "http://h:1/v1", " http://h:1/v1/ "):
        assert base_url(written) == "http://h:1"
    for written in ("h:1", "ftp://h", "http://"):
        with pytest.raises(BenchmarkError, match="write http://host:port"):
            base_url(written)
