"""What every request must satisfy before a handler sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from .errors import DeliveryError, PageError

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign hosts and origins: a web page elsewhere must not reach this server.

    The Host check stops DNS rebinding, the Origin check stops requests from other pages.
    """
    if not _is_own(request.host, request):
        return web.Response(status=421, text="this server answers to its loopback address only")
    origin = request.headers.get("Origin")
    is_page = request.path.startswith("/w/")
    if origin is None and is_page and request.method == "POST":
        return web.Response(status=403, text="the request names no origin")
    if origin is not None and not _is_own(origin.removeprefix("http://"), request):
        return web.Response(status=403, text="foreign origin")
    return await handler(request)


@web.middleware
async def page_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer the page with a sentence when something cannot be done."""
    try:
        return await handler(request)
    except (PageError, DeliveryError) as exc:
        return web.json_response({"ok": False, "error": str(exc)}, status=409)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers that keep the page from loading or sending anything elsewhere."""
    del request
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def _is_own(host: str, request: web.Request) -> bool:
    transport = request.transport
    port = transport.get_extra_info("sockname")[1] if transport is not None else None
    return host in {f"127.0.0.1:{port}", f"localhost:{port}"}
