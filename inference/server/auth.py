"""The bearer token."""

from __future__ import annotations

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from .errors import ApiError

OPEN_PATHS = frozenset({"/health"})


def bearer_token(token: str) -> Middleware:
    """Refuse requests without the token, except for `/health`; compares in constant time."""
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in OPEN_PATHS:
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected):
                message = "a valid token is needed: send 'Authorization: Bearer <token>'"
                raise ApiError(401, message, code="invalid_token")
        return await handler(request)

    return check
