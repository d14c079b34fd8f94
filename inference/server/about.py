"""What the server says about itself: /health, /metrics and /v1/models."""

from __future__ import annotations

import asyncio

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ..errors import ModelUnavailableError
from ..service import InferenceService
from .context import CONTEXT, ServerContext
from .errors import ApiError

about_routes = web.RouteTableDef()

_SETTLED_S = 0.01
"""What is known is said within this time; what takes longer still loads."""


@about_routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """The state of both models; status 200 as long as the server itself answers."""
    context = request.app[CONTEXT]
    service = context.service
    encoder = _encoder(service)
    return web.json_response(
        {
            "state": service.state.value,
            "failure": service.failure,
            "model": service.model_name,
            "n_waiting": service.n_waiting,
            "encoder": encoder,
            "encoder_failure": await _encoder_failure(service) if encoder is None else "",
            "step_s": context.step_seconds(),
        }
    )


@about_routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Everything that is counted, in Prometheus' text format."""
    body = generate_latest(request.app[CONTEXT].registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


@about_routes.get("/v1/models")
async def models(request: web.Request) -> web.Response:
    """The models that are loaded, the generating one first."""
    return web.json_response({"object": "list", "data": _models(request.app[CONTEXT])})


@about_routes.get("/v1/models/{name:.+}")
async def model(request: web.Request) -> web.Response:
    """One of the loaded models."""
    name = request.match_info["name"]
    found = next((each for each in _models(request.app[CONTEXT]) if each["id"] == name), None)
    if found is None:
        raise ApiError(404, f"no model {name!r} is loaded", code="model_not_found", param="model")
    return web.json_response(found)


def _models(context: ServerContext) -> list[dict[str, object]]:
    encoder = _encoder(context.service)
    names = [context.service.model_name, encoder["name"] if encoder is not None else ""]
    return [
        {"id": name, "object": "model", "created": context.started_at, "owned_by": "opsbot"}
        for name in names
        if name
    ]


def _encoder(service: InferenceService) -> dict[str, object] | None:
    """The embedding model; None when it is not loaded."""
    try:
        return {"name": service.encoder_name, "n_dimensions": service.n_dimensions}
    except ModelUnavailableError:
        return None


async def _encoder_failure(service: InferenceService) -> str:
    """Why there is no embedding model; empty while it loads."""
    waiting = asyncio.ensure_future(service.encoder_ready())
    await asyncio.wait({waiting}, timeout=_SETTLED_S)
    if not waiting.done():
        waiting.cancel()
        return ""
    failure = waiting.exception()
    return "" if failure is None else str(failure)
