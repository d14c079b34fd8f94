"""An engine in another process, used as if it were here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from ..errors import InferenceError, ModelUnavailableError
from ..live_requests import LiveRequests, Progress, drain
from ..remote.connection import Connection
from ..remote.errors import EndpointError
from ..remote.wire import Json, chat_body, parse_vectors
from ..request import ChatMessage, Ended, Event, Fault, GenerateRequest, Outcome
from ..service import EngineState
from .health import EncoderFacts
from .host import Host
from .neighbour import Neighbour
from .status import Status

_T = TypeVar("_T")
_Messages = tuple[ChatMessage, ...]
_N_ATTEMPTS = 2
_METRICS_TIMEOUT_S = 3.0
_MAX_TEXTS = 256


class _TokenCount(BaseModel):
    n_tokens: int


class EngineProcess:
    """Satisfies `inference.service.InferenceService` by an engine that a host provides.

    When the other process dies, requests that have shown no text are sent once more to the next
    one, the others end as FAILED; what was warmed is warmed again. Belongs to one event loop.

    Args:
        host: Supervises a process, or borrows another bot's.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._live = LiveRequests()
        self._warmed: dict[_Messages, None] = {}
        self._warming: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the host and return at once; loading goes on in the other process.

        Raises:
            AttachError: The engine to borrow cannot be used.
        """
        await self._host.start()
        self._warming = asyncio.create_task(self._keep_warm())

    async def stop(self) -> None:
        """Cancel every request and stop the host. Idempotent."""
        self._live.close()
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait({self._warming})
        await self._host.stop()

    @property
    def state(self) -> EngineState:
        """Whether the generating model can be used now; LOADING while the process restarts."""
        return self._status.state

    @property
    def failure(self) -> str:
        """Why the generating model is not available; empty when it is, or is still loading."""
        return self._status.failure

    @property
    def model_name(self) -> str:
        """What the loaded generating model calls itself; empty when none is loaded."""
        return self._status.model

    @property
    def n_waiting(self) -> int:
        """Requests that wait or run: at most so many are ahead of a new one."""
        return max(len(self._live), self._status.n_waiting)

    @property
    def n_dimensions(self) -> int:
        """Length of an embedding vector; raises `ModelUnavailableError` before it is known."""
        return self._encoder().n_dimensions

    @property
    def encoder_name(self) -> str:
        """Identity of the embedding model; raises `ModelUnavailableError` before it is known."""
        return self._encoder().name

    async def ready(self) -> None:
        """Wait until the generating model is loaded; raises `ModelUnavailableError`."""
        status = await self._host.board.wait_for(lambda s: s.state is not EngineState.LOADING)
        if status.state is not EngineState.READY:
            raise ModelUnavailableError(status.failure)

    async def encoder_ready(self) -> None:
        """Wait until the embedding model is loaded; raises `ModelUnavailableError`."""
        # An engine loads its encoder first: once the generator is settled, so is the encoder.
        await self._host.board.wait_for(
            lambda s: s.encoder is not None or s.state is not EngineState.LOADING
        )
        self._encoder()

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        """Run a request and yield its events; see `inference.service.Generator`."""

        async def work(progress: Progress) -> Ended:
            return await self._generate(request, progress)

        async with aclosing(self._live.stream(request, work)) as events:
            async for event in events:
                yield event

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        """Run a request to its end and return its whole text."""
        return await drain(self.stream(request))

    def cancel(self, request_id: str) -> bool:
        """Let a live request end as CANCELLED; False when there is none of that id."""
        return self._live.cancel(request_id)

    async def count_tokens(self, text: str) -> int:
        """Count the generating model's tokens in a text, special spellings taken as plain text.

        Raises:
            ModelUnavailableError: No generating model is loaded.
            InferenceError: The process died twice meanwhile.
        """
        body = await self._call(lambda c: c.post("/opsbot/v1/tokens", {"text": text}))
        try:
            return _TokenCount.model_validate_json(body).n_tokens
        except ValidationError as exc:
            raise InferenceError("the engine's process did not answer with a count") from exc

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; longer ones than the encoder's context are truncated.

        Returns:
            Shape (len(texts), n_dimensions), rows L2-normalised.

        Raises:
            ModelUnavailableError: The embedding model is not loaded.
            InferenceError: The encoder failed.
        """
        await self.encoder_ready()
        if not texts:
            return np.zeros((0, self.n_dimensions), dtype=np.float32)
        parts = [texts[n : n + _MAX_TEXTS] for n in range(0, len(texts), _MAX_TEXTS)]
        return np.concatenate([await self._embed_part(part) for part in parts])

    async def _embed_part(self, texts: Sequence[str]) -> NDArray[np.float32]:
        asked: dict[str, Json] = {"input": list(texts), "encoding_format": "base64"}
        body = await self._call(lambda c: c.post("/v1/embeddings", asked))
        return parse_vectors(body, len(texts))

    async def warm(self, messages: _Messages) -> None:
        """Prefill a prompt's stable beginning in the background and pin it, after crashes again.

        Raises:
            ModelUnavailableError: No generating model is loaded.
            InferenceError: The messages cannot be prefilled.
        """
        await self._call(lambda c: c.post("/opsbot/v1/warm", _as_json(messages)))
        self._warmed[messages] = None

    async def prefill(self, messages: _Messages) -> None:
        """Prefill a conversation that somebody may soon go on with; may be dropped silently.

        Raises:
            ModelUnavailableError: No generating model is loaded.
        """
        await self._call(lambda c: c.post("/opsbot/v1/prefill", _as_json(messages)))

    async def metrics(self) -> bytes:
        """The other process's metrics in Prometheus's text format; empty when it is away."""
        link = self._status.link
        if link is None:
            return b""
        try:
            return await link.connection.get("/metrics", timeout_s=_METRICS_TIMEOUT_S)
        except EndpointError:
            return b""

    @property
    def _status(self) -> Status:
        return self._host.board.status

    def _encoder(self) -> EncoderFacts:
        status = self._status
        if status.encoder is None:
            raise ModelUnavailableError(
                status.encoder_failure or status.failure or "the embedding model is still loading"
            )
        return status.encoder

    async def _generate(self, request: GenerateRequest, progress: Progress) -> Ended:
        begun_mono = time.monotonic()
        reason = ""
        for _ in range(_N_ATTEMPTS):
            try:
                link = await self._host.board.up()
            except ModelUnavailableError as exc:
                return _ended(Outcome.REJECTED, str(exc), Fault.UNAVAILABLE, progress)
            body = _body(request, time.monotonic() - begun_mono)
            try:
                return await link.connection.generate("/v1/chat/completions", body, progress.emit)
            except EndpointError as exc:
                if not exc.is_broken_connection:
                    return _refused(exc, progress)
                if progress.has_text:
                    reason = "the engine's process ended in the middle of the answer; ask again"
                    return _ended(Outcome.FAILED, reason, Fault.LOST, progress)
            structlog.get_logger().warning("request_lost", request_id=request.request_id)
            await link.settle()
        reason = "the engine's process ended twice while it worked on this; it was given up"
        return _ended(Outcome.FAILED, reason, Fault.LOST, progress)

    async def _call(self, call: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Do something in the other process, once more if that dies meanwhile."""
        n_left = _N_ATTEMPTS
        while True:
            link = await self._host.board.up()
            n_left -= 1
            try:
                return await call(link.connection)
            except EndpointError as exc:
                if exc.fault is Fault.UNAVAILABLE and not exc.is_broken_connection:
                    raise ModelUnavailableError(str(exc)) from exc
                if not exc.is_broken_connection or n_left == 0:
                    raise
            await link.settle()

    async def _keep_warm(self) -> None:
        """After every restart, warm again what was warm."""
        n_seen = 0
        while True:
            status = await self._host.board.wait_for(_ready_after(n_seen))
            if status.link is None:
                continue
            n_seen = status.link.number
            if n_seen > 1:
                await self._warm_again(status.link.connection)

    async def _warm_again(self, connection: Connection) -> None:
        for messages in tuple(self._warmed):
            try:
                await connection.post("/opsbot/v1/warm", _as_json(messages))
            except EndpointError as exc:
                structlog.get_logger().warning("not_warmed", reason=str(exc))
                return


async def attach(socket: Path, *, model: str | None = None) -> EngineProcess:
    """Borrow the engine of another bot of the same user; started, to be stopped by the caller.

    Args:
        socket: Where it serves.
        model: What its generating model must call itself; None: any.

    Raises:
        AttachError: It belongs to others, does not answer, or has another model.
    """
    engine = EngineProcess(Neighbour(socket, model=model))
    await engine.start()
    return engine


def _ready_after(n_seen: int) -> Callable[[Status], bool]:
    """Whether a run later than `n_seen` has its model loaded."""

    def is_ready(status: Status) -> bool:
        is_new = status.link is not None and status.link.number > n_seen
        return is_new and status.state is EngineState.READY

    return is_ready


def _body(request: GenerateRequest, waited_s: float) -> dict[str, Json]:
    if request.deadline_s is not None:
        request = replace(request, deadline_s=max(0.001, request.deadline_s - waited_s))
    return chat_body(request, model="local", grammar_field="grammar", is_opsbot=True)


def _as_json(messages: _Messages) -> dict[str, Json]:
    return {"messages": [{"role": m.role.value, "content": m.content} for m in messages]}


def _refused(error: EndpointError, progress: Progress) -> Ended:
    if error.ended is not None or not progress.has_text:
        return error.as_end()
    return _ended(Outcome.FAILED, str(error), error.fault, progress)


def _ended(outcome: Outcome, reason: str, fault: Fault, progress: Progress) -> Ended:
    return Ended(outcome=outcome, reason=reason, fault=fault, stats=progress.stats())
