"""Server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web

WRITE_TIMEOUT_S = 60.0
"""A client that reads nothing for so long is taken for gone."""

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}


class EventStream:
    """An answer in progress; every event leaves at once."""

    def __init__(self, response: web.StreamResponse) -> None:
        self._response = response

    @property
    def response(self) -> web.StreamResponse:
        """What the handler returns in the end."""
        return self._response

    async def send(self, event: Mapping[str, object]) -> None:
        """Write one event.

        Raises:
            ConnectionError: The client is gone, or has stopped to read.
        """
        await self._write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n")

    async def finish(self) -> None:
        """Write the mark that ends a stream, and end the body."""
        await self._write("data: [DONE]\n\n")
        await self._response.write_eof()

    async def _write(self, text: str) -> None:
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._response.write(text.encode())
        except TimeoutError as exc:
            raise ConnectionResetError("the client does not read") from exc


async def open_stream(request: web.Request, headers: Mapping[str, str]) -> EventStream:
    """Begin an answer of events; from here on its status is 200."""
    response = web.StreamResponse(headers={**_HEADERS, **headers})
    await response.prepare(request)
    return EventStream(response)
