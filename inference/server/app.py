"""The web application: its routes and what surrounds them."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry

from ..service import InferenceService
from .about import about_routes
from .auth import bearer_token
from .completions import completion_routes
from .context import CONTEXT, ServerContext
from .embeddings import embedding_routes
from .errors import errors_as_json
from .own import own_routes

MAX_BODY_BYTES = 4 * 1024 * 1024


def build_app(
    service: InferenceService,
    *,
    token: str | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    registry: CollectorRegistry | None = None,
    step_seconds: Callable[[], float] = lambda: 0.0,
) -> web.Application:
    """Put a service behind HTTP; whoever runs the application owns the service.

    Serve it with `listening`: that is what makes a lost connection cancel its request.

    Args:
        token: Demanded from callers of everything but `/health`; None: nobody is asked.
        max_body_bytes: Larger requests are refused with status 413.
        registry: What `/metrics` shows; the one that the service writes to.
        step_seconds: How long the engine's step in progress has taken, for watchdogs.

    Raises:
        ValueError: The token is empty, or the limit is not positive.
    """
    if token is not None and not token.strip():
        raise ValueError("the token must not be empty")
    if max_body_bytes < 1:
        raise ValueError(f"max_body_bytes must be >= 1, got {max_body_bytes}")
    guards = [bearer_token(token)] if token is not None else []
    app = web.Application(middlewares=[errors_as_json, *guards], client_max_size=max_body_bytes)
    app[CONTEXT] = ServerContext(
        service=service, registry=registry or CollectorRegistry(), step_seconds=step_seconds
    )
    for routes in (completion_routes, embedding_routes, about_routes, own_routes):
        app.add_routes(routes)
    return app
