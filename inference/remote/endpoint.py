"""Generation and embeddings by any endpoint that speaks the OpenAI wire format."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
import numpy as np
import structlog
from numpy.typing import NDArray

from ..live_requests import LiveRequests, Progress, Work, drain
from ..request import Ended, Event, Fault, GenerateRequest, Outcome
from .connection import Connection
from .errors import EndpointError, EndpointUnavailableError
from .retry import RetryPolicy
from .wire import Json, chat_body, parse_vectors

_T = TypeVar("_T")
_TINY = np.float32(1e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOptions:
    """An endpoint and how to speak to it.

    Attributes:
        url: Its base URL as OpenAI clients take it, for example "http://host:8000/v1".
        model: What it calls the model that generates.
        encoder: What it calls the model that embeds; empty: it has none.
        token: Sent as bearer token; empty: none. Never shown in messages.
        grammar_field: The field in which it takes a GBNF grammar: "grammar" for llama.cpp's
            server and this one, "guided_grammar" for vLLM. None: it takes none.
        may_omit_grammar: Run requests with a grammar without it where the endpoint takes none;
            otherwise they end as REJECTED. For callers that check the text themselves.
        connect_s: Longest time to connect, in seconds.
        read_s: Longest silence, in seconds; the prompt is processed in silence.
        retry: When to try again.
    """

    url: str
    model: str
    encoder: str = ""
    token: str = field(default="", repr=False)
    grammar_field: str | None = None
    may_omit_grammar: bool = False
    connect_s: float = 5.0
    read_s: float = 120.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"an endpoint's URL begins with http:// or https://, got {self.url!r}")


class RemoteEndpoint:
    """A generator on another host; also satisfies what a client of embeddings needs.

    Belongs to one event loop. Call `close` at the end.

    Args:
        options: Where it is.
        transport: Replaces the network in tests.
    """

    def __init__(
        self, options: EndpointOptions, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._options = options
        headers = {"authorization": f"Bearer {options.token}"} if options.token else {}
        self._client = httpx.AsyncClient(
            base_url=options.url.rstrip("/"),
            headers=headers,
            timeout=httpx.Timeout(options.read_s, connect=options.connect_s),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
            transport=transport,
        )
        self._connection = Connection(self._client, f"the endpoint {self._client.base_url.host}")
        self._live = LiveRequests()

    @property
    def model_name(self) -> str:
        """What the endpoint calls its model."""
        return self._options.model

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        """Run a request and yield its events; see `inference.service.Generator`.

        An attempt that fails in passing is repeated, if no text was shown. `Started` tells no
        token counts unless the endpoint is one of this project; the end has them.
        """
        async with aclosing(self._live.stream(request, self._work(request))) as events:
            async for event in events:
                yield event

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        """Run a request to its end and return its whole text."""
        return await drain(self.stream(request))

    def cancel(self, request_id: str) -> bool:
        """Close a live request's connection; False when there is none of that id."""
        return self._live.cancel(request_id)

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts.

        Returns:
            Shape (len(texts), n_dimensions), rows L2-normalised.

        Raises:
            EndpointUnavailableError: It cannot be reached, or embeds nothing.
            EndpointError: It refused, or answered something else.
        """
        if not self._options.encoder:
            raise EndpointUnavailableError("no embedding model is named for the endpoint")
        body: dict[str, Json] = {"model": self._options.encoder, "input": list(texts)}
        received = await self._patiently(
            lambda: self._connection.post("/embeddings", body), lambda: True
        )
        vectors = parse_vectors(received, len(texts))
        lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, np.maximum(lengths, _TINY), dtype=np.float32)

    async def close(self) -> None:
        """Cancel what is live and close every connection."""
        self._live.close()
        await self._client.aclose()

    def _work(self, request: GenerateRequest) -> Work:
        async def work(progress: Progress) -> Ended:
            options = self._options
            if request.grammar is not None and not (
                options.grammar_field or options.may_omit_grammar
            ):
                reason = f"the endpoint {self._client.base_url.host} takes no grammar"
                return Ended(outcome=Outcome.REJECTED, reason=reason, fault=Fault.UNAVAILABLE)
            return await self._generate(request, progress)

        return work

    async def _generate(self, request: GenerateRequest, progress: Progress) -> Ended:
        body = chat_body(
            request,
            model=self._options.model,
            grammar_field=self._options.grammar_field,
            is_opsbot=False,
        )
        try:
            return await self._patiently(
                lambda: self._connection.generate("/chat/completions", body, progress.emit),
                lambda: not progress.has_text,
            )
        except EndpointError as exc:
            return _lost(exc, progress) if progress.has_text else exc.as_end()

    async def _patiently(
        self, call: Callable[[], Awaitable[_T]], may_repeat: Callable[[], bool]
    ) -> _T:
        """Call until it works, the policy gives up, or it may not be repeated any more."""
        n_failed = 0
        while True:
            try:
                return await call()
            except EndpointError as exc:
                n_failed += 1
                chance = random.random()  # noqa: S311 - spreads clients, protects nothing
                delay_s = self._options.retry.delay_s(
                    n_failed, chance=chance, retry_after_s=exc.retry_after_s
                )
                if delay_s is None or not exc.can_retry or not may_repeat():
                    raise
                structlog.get_logger().info(
                    "endpoint_retry", reason=str(exc), n_failed=n_failed, delay_s=round(delay_s, 2)
                )
            await asyncio.sleep(delay_s)


def _lost(error: EndpointError, progress: Progress) -> Ended:
    """The end of a request that broke off after text had been shown."""
    return Ended(
        outcome=Outcome.FAILED,
        reason=f"the answer broke off: {error}",
        fault=Fault.LOST,
        stats=progress.stats(),
    )
