"""A streaming chat client that takes the time, and tells a failure from an answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from types import TracebackType
from typing import Self

import aiohttp

from inference import InferenceError
from inference.remote.sse import SseParser
from inference.remote.wire import Chunk, Usage, parse_chunk, refusal

from .errors import BenchmarkError
from .ops_load import Message

_DONE = "[DONE]"
_OK = 200
_ANSWERED = frozenset({"stop", "length"})
_CONNECT_S = 10.0
_SILENCE_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How one request went.

    Attributes:
        text: What was answered, also when it broke off.
        failure: Why it was not answered; empty when it was. Times of a failure mean nothing.
        n_prompt: Prompt tokens; None when the endpoint does not say.
        n_cached: How many of them came from a prefix cache; None likewise.
        n_output: Output tokens, by the endpoint's count, else pieces of text.
        ttft_s: Seconds from sending the request to the first text. An answer without any text had
            its first token, the end, when it ended.
        e2e_s: Seconds from sending the request to the end of the answer.
    """

    text: str = ""
    failure: str = ""
    n_prompt: int | None = None
    n_cached: int | None = None
    n_output: int = 0
    ttft_s: float = 0.0
    e2e_s: float = 0.0

    @property
    def is_answered(self) -> bool:
        """Whether it counts."""
        return not self.failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible server.

    Attributes:
        name: What tables call it.
        url: Base URL without `/v1`.
        token: Bearer token; empty: none is sent.
        model: Name sent with every request.
    """

    name: str
    url: str
    token: str = ""
    model: str = "default"


class ChatClient:
    """Asks one endpoint; an async context manager.

    Every request has a connection of its own, as those of independent people have.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        headers = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S
            ),
            headers=headers,
        )

    @property
    def name(self) -> str:
        """What tables call the endpoint."""
        return self.endpoint.name

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self._session.close()

    async def ask(self, messages: Sequence[Message], n_output: int) -> Reply:
        """Ask for a greedy completion; whatever goes wrong becomes the reply's `failure`."""
        reading = _Reading()
        try:
            await self._stream(self._body(messages, n_output), reading)
        except TimeoutError:
            return reading.failed(f"nothing came for {_SILENCE_S:g} s")
        except (aiohttp.ClientError, OSError) as exc:
            return reading.failed(f"the connection failed: {exc}")
        except InferenceError as exc:
            return reading.failed(str(exc))
        return reading.reply()

    async def describe(self) -> str:
        """The endpoint's first model, as it calls it but for a folder; checks that it answers.

        Raises:
            BenchmarkError: It does not.
        """
        url = f"{self.endpoint.url}/v1/models"
        try:
            async with self._session.get(url) as response:
                response.raise_for_status()
                models = (await response.json())["data"]
                name = str(models[0]["id"])
                return PurePath(name).name if name.startswith("/") else name
        except (aiohttp.ClientError, OSError, KeyError, IndexError, TypeError, ValueError) as exc:
            reason = f"{self.endpoint.url} is no OpenAI-compatible server: {exc}"
            raise BenchmarkError(reason) from exc

    def _body(self, messages: Sequence[Message], n_output: int) -> dict[str, object]:
        return {
            "model": self.endpoint.model,
            "messages": list(messages),
            "max_tokens": n_output,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    async def _stream(self, body: dict[str, object], reading: _Reading) -> None:
        url = f"{self.endpoint.url}/v1/chat/completions"
        async with self._session.post(url, json=body) as response:
            if response.status != _OK:
                raise refusal(response.status, await response.read(), where="the server")
            parser = SseParser()
            async for piece in response.content.iter_any():
                for data in parser.feed(piece):
                    if data == _DONE:
                        reading.end()
                    else:
                        reading.take(parse_chunk(data))


class _Reading:
    """What came of one answer so far."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._first: float | None = None
        self._ended: float | None = None
        self._pieces: list[str] = []
        self._reason: str | None = None
        self._usage: Usage | None = None
        self._n_cached: int | None = None
        self._failure = ""

    def take(self, chunk: Chunk) -> None:
        if chunk.text:
            if self._first is None:
                self._first = time.perf_counter()
            self._pieces.append(chunk.text)
        self._reason = self._reason or chunk.finish_reason
        self._usage = chunk.usage or self._usage
        if chunk.opsbot.started is not None:
            self._n_cached = chunk.opsbot.started.n_cached
        if chunk.opsbot.ended is not None:
            self._failure = chunk.opsbot.ended.reason

    def end(self) -> None:
        self._ended = time.perf_counter()

    def reply(self) -> Reply:
        if self._ended is None:
            return self.failed("the answer stopped in the middle")
        if self._reason not in _ANSWERED:
            return self.failed(self._failure or f"the answer ended as {self._reason}")
        return self._told(ended=self._ended)

    def failed(self, failure: str) -> Reply:
        return self._told(ended=time.perf_counter(), failure=failure)

    def _told(self, *, ended: float, failure: str = "") -> Reply:
        usage = self._usage
        return Reply(
            text="".join(self._pieces),
            failure=failure,
            n_prompt=usage.prompt_tokens if usage else None,
            n_cached=self._cached(usage),
            n_output=usage.completion_tokens if usage else len(self._pieces),
            ttft_s=(self._first or ended) - self._began,
            e2e_s=ended - self._began,
        )

    def _cached(self, usage: Usage | None) -> int | None:
        if self._n_cached is not None or usage is None or usage.prompt_tokens_details is None:
            return self._n_cached
        return usage.prompt_tokens_details.cached_tokens
