"""What OpenAI's API has no words for: filling the prefix cache, counting tokens, cancelling."""

from __future__ import annotations

from aiohttp import web

from .body import read_as
from .context import CONTEXT
from .wire import CancelBody, MessagesBody, TokensBody

own_routes = web.RouteTableDef()


@own_routes.post("/opsbot/v1/warm")
async def warm(request: web.Request) -> web.Response:
    """Prefill and pin the first messages of later requests; answers when it is done."""
    body = await read_as(request, MessagesBody)
    await request.app[CONTEXT].service.warm(tuple(each.as_chat() for each in body.messages))
    return web.json_response({})


@own_routes.post("/opsbot/v1/prefill")
async def prefill(request: web.Request) -> web.Response:
    """Prefill a conversation that may go on, when nothing else is to do."""
    body = await read_as(request, MessagesBody)
    await request.app[CONTEXT].service.prefill(tuple(each.as_chat() for each in body.messages))
    return web.json_response({})


@own_routes.post("/opsbot/v1/tokens")
async def count_tokens(request: web.Request) -> web.Response:
    """Count the generating model's tokens in a text."""
    body = await read_as(request, TokensBody)
    return web.json_response(
        {"n_tokens": await request.app[CONTEXT].service.count_tokens(body.text)}
    )


@own_routes.post("/opsbot/v1/cancel")
async def cancel(request: web.Request) -> web.Response:
    """Ask for a live request to end."""
    body = await read_as(request, CancelBody)
    return web.json_response({"was_live": request.app[CONTEXT].service.cancel(body.request_id)})
