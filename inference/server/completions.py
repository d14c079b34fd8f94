"""POST /v1/chat/completions and POST /v1/completions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from ..request import Ended, Event, GenerateRequest, Outcome, Started, TextDelta
from .body import read_as
from .context import CONTEXT
from .errors import of_end
from .generation import chat_request, completion_request
from .replies import Kind, Reply
from .sse import EventStream, open_stream
from .wire import ChatBody, CompletionBody, GenerationBody

completion_routes = web.RouteTableDef()

_WITHOUT_ANSWER = (Outcome.FAILED, Outcome.REJECTED)


@completion_routes.post("/v1/chat/completions")
async def chat(request: web.Request) -> web.StreamResponse:
    """Answer a conversation."""
    body = await read_as(request, ChatBody)
    return await _answer(request, body, await chat_request(body), "chat")


@completion_routes.post("/v1/completions")
async def complete(request: web.Request) -> web.StreamResponse:
    """Answer a prompt."""
    body = await read_as(request, CompletionBody)
    return await _answer(request, body, await completion_request(body), "text")


async def _answer(
    request: web.Request, body: GenerationBody, generation: GenerateRequest, kind: Kind
) -> web.StreamResponse:
    """Run a request; when this is cancelled, because the client is gone, so is the request."""
    headers = {"x-request-id": generation.request_id}
    service = request.app[CONTEXT].service
    async with aclosing(service.stream(generation)) as events:
        first = await anext(events)
        if isinstance(first, Ended) and first.fault is not None:
            raise of_end(first, None)
        # NOTE: only now the model is loaded and has its name.
        reply = Reply(request_id=generation.request_id, model=service.model_name, kind=kind)
        if not body.is_streamed:
            return web.json_response(await _whole(first, events, reply), headers=headers)
        stream = await open_stream(request, headers)
        await _relay(first, events, reply, stream, with_usage=body.wants_usage)
        return stream.response


async def _relay(
    first: Event,
    events: AsyncGenerator[Event, None],
    reply: Reply,
    stream: EventStream,
    *,
    with_usage: bool,
) -> None:
    await stream.send(reply.opening(first if isinstance(first, Started) else None))
    async for event in _all(first, events):
        if isinstance(event, TextDelta):
            await stream.send(reply.delta(event.text))
        elif isinstance(event, Ended):
            closing = reply.closing(event, with_usage=with_usage)
            if _is_without_answer(event):
                closing |= of_end(event, None).body()
            await stream.send(closing)
    await stream.finish()


async def _whole(
    first: Event, events: AsyncGenerator[Event, None], reply: Reply
) -> dict[str, object]:
    """Drain a request into one document.

    Raises:
        ApiError: It failed; nobody is shown half an answer without a word that it is one.
    """
    started: Started | None = None
    text: list[str] = []
    ended = Ended(outcome=Outcome.FAILED, reason="the request ended without an end")
    async for event in _all(first, events):
        if isinstance(event, Started):
            started = event
        elif isinstance(event, TextDelta):
            text.append(event.text)
        else:
            ended = event
    if _is_without_answer(ended):
        raise of_end(ended, started)
    return reply.whole("".join(text), started, ended)


def _is_without_answer(ended: Ended) -> bool:
    return ended.outcome in _WITHOUT_ANSWER or ended.fault is not None


async def _all(first: Event, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    yield first
    async for event in events:
        yield event
