"""HTTP calls to one endpoint, with every failure told in this project's words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import httpx

from ..generation_meter import GenerationMeter
from ..live_requests import Emit
from ..request import Ended, Fault, GenerationStats, Outcome, Started, TextDelta
from .errors import EndpointError, EndpointUnavailableError
from .retry import parse_retry_after
from .sse import SseParser
from .wire import Chunk, Json, Usage, parse_chunk, refusal

_OUTCOMES = {
    "stop": Outcome.FINISHED,
    "length": Outcome.LENGTH,
    "cancelled": Outcome.CANCELLED,
}
_DONE = "[DONE]"
_OK = 200
_MAX_ERROR_BYTES = 65_536


class Connection:
    """One endpoint behind an httpx client, which the caller owns.

    Args:
        client: With the endpoint's base URL, headers and timeouts.
        where: The endpoint in words, for messages; empty when its own words are enough.
    """

    def __init__(self, client: httpx.AsyncClient, where: str) -> None:
        self._client = client
        self._where = where

    async def get(
        self, path: str, *, timeout_s: float | None = None, any_status: bool = False
    ) -> bytes:
        """The body of a GET.

        Args:
            timeout_s: Instead of the client's, in seconds.
            any_status: Take the body whatever the status is.

        Raises:
            EndpointError: It cannot be reached, or the status is not 200.
        """
        timeout = httpx.USE_CLIENT_DEFAULT if timeout_s is None else httpx.Timeout(timeout_s)
        with _translated(self._where):
            response = await self._client.get(path, timeout=timeout)
        return response.content if any_status else self._body(response)

    async def post(self, path: str, body: Mapping[str, Json]) -> bytes:
        """The body of the answer to a POST.

        Raises:
            EndpointError: It cannot be reached, or the status is not 200.
        """
        with _translated(self._where):
            response = await self._client.post(path, json=body)
        return self._body(response)

    async def generate(self, path: str, body: Mapping[str, Json], emit: Emit) -> Ended:
        """Run a streamed completion; cancelling this closes the connection.

        Raises:
            EndpointError: It was refused, or did not come to its end.
        """
        reading = _Reading(emit)
        with _translated(self._where):
            async with self._answer(path, body) as response:
                parser = SseParser()
                async with aclosing(_pieces(response)) as pieces:
                    async for piece in pieces:
                        for data in parser.feed(piece):
                            if data == _DONE:
                                return reading.end()
                            reading.take(parse_chunk(data))
        return reading.end()

    @asynccontextmanager
    async def _answer(self, path: str, body: Mapping[str, Json]) -> AsyncGenerator[httpx.Response]:
        async with self._client.stream("POST", path, json=body) as response:
            if response.status_code != _OK:
                raise self._refusal(response, await _beginning(response))
            yield response

    def _body(self, response: httpx.Response) -> bytes:
        if response.status_code != _OK:
            raise self._refusal(response, response.content)
        return response.content

    def _refusal(self, response: httpx.Response, body: bytes) -> EndpointError:
        asked = parse_retry_after(response.headers.get("retry-after"), datetime.now(UTC))
        return refusal(response.status_code, body, retry_after_s=asked, where=self._where)


class _Reading:
    """What was understood of one streamed answer."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._meter = GenerationMeter()
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        self._ended: Ended | None = None

    def take(self, chunk: Chunk) -> None:
        self._usage = chunk.usage or self._usage
        self._finish_reason = chunk.finish_reason or self._finish_reason
        self._ended = chunk.opsbot.ended or self._ended
        if not self._meter.has_started:
            queue_ms = self._meter.elapsed_ms
            started = chunk.opsbot.started
            self._say(started or Started(n_prompt=0, n_cached=0, queue_ms=queue_ms))
        if chunk.text:
            self._say(TextDelta(text=chunk.text))

    def _say(self, event: Started | TextDelta) -> None:
        self._meter.hear(event)
        self._emit(event)

    def end(self) -> Ended:
        """How it ended.

        Raises:
            EndpointError: The endpoint did not say, so the answer may be incomplete.
        """
        if self._ended is not None:
            return self._ended
        if self._finish_reason is None:
            raise EndpointError(
                "the answer stopped in the middle", Fault.LOST, is_broken_connection=True
            )
        outcome = _OUTCOMES.get(self._finish_reason)
        if outcome is None:
            raise EndpointError(
                f"the endpoint ended with {self._finish_reason!r}, not with an answer",
                Fault.INTERNAL,
            )
        return Ended(outcome=outcome, stats=self._stats())

    def _stats(self) -> GenerationStats:
        if self._usage is None:
            return self._meter.stats()
        return replace(
            self._meter.stats(n_output=self._usage.completion_tokens),
            n_prompt=self._usage.prompt_tokens,
            n_cached=self._usage.n_cached,
        )


async def _pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body as it comes; closing this closes httpx's own generator at once."""
    pieces = response.aiter_bytes()
    try:
        async for piece in pieces:
            yield piece
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


async def _beginning(response: httpx.Response) -> bytes:
    body = b""
    async with aclosing(_pieces(response)) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) >= _MAX_ERROR_BYTES:
                break
    return body[:_MAX_ERROR_BYTES]


@contextmanager
def _translated(where: str) -> Generator[None, None, None]:
    where = where or "the engine's process"
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        reason = f"{where} cannot be reached: {str(exc) or 'no connection in time'}"
        raise EndpointUnavailableError(reason, is_broken_connection=True) from exc
    except httpx.TimeoutException as exc:
        raise EndpointUnavailableError(f"{where} did not answer in time") from exc
    except httpx.TransportError as exc:
        reason = f"the connection to {where} broke: {str(exc) or type(exc).__name__}"
        raise EndpointError(reason, Fault.LOST, is_broken_connection=True) from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise EndpointError(f"{where}: {exc}", Fault.INTERNAL) from exc
