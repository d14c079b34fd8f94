"""The engine as asyncio code sees it: requests in, token events out.

Templates and tokenizing happen here, outside the engine thread; computing happens in `worker`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from .answers import AnswerBook
from .backends.base import Backend, EncoderBackend
from .chat_template import ChatTemplate
from .encoder_client import EncoderClient
from .errors import (
    GrammarError,
    InferenceError,
    ModelUnavailableError,
    PromptTooLongError,
    RequestEndedError,
)
from .intake import Handle, Purpose, eager_request, sequence_for, warming_request
from .live_requests import drain
from .metrics import EngineMetrics
from .outbox import Outbox
from .parts import EngineParts
from .request import (
    ChatMessage,
    Ended,
    Event,
    Fault,
    GenerateRequest,
    GenerationStats,
    Outcome,
)
from .service import EngineState
from .worker import Worker

_STOPPED = "the engine is stopped"


class Engine:
    """Generates text and embeds texts with local models, in one thread of its own.

    All methods belong to the event loop that called `start`. A model that cannot be loaded leaves
    the other one working.

    Args:
        load_generator: Builds the generating backend, in the engine thread; None: there is none.
        load_encoder: Likewise the embedding backend.
        max_queue: Most live requests; further ones are rejected.
        parts: How it schedules, and its optional parts.
        registry: Where metrics are registered; a private one by default.
    """

    def __init__(
        self,
        *,
        load_generator: Callable[[], Backend] | None,
        load_encoder: Callable[[], EncoderBackend] | None,
        max_queue: int = 64,
        parts: EngineParts | None = None,
        registry: CollectorRegistry | None = None,
    ) -> None:
        parts = parts or EngineParts()
        self._metrics = EngineMetrics(registry or CollectorRegistry(), parts.note_answer)
        self._answers = AnswerBook()
        self._worker = Worker(
            load_generator=load_generator,
            load_encoder=load_encoder,
            listener=self,
            metrics=self._metrics,
            parts=parts,
            answers=self._answers,
        )
        self._encoder = EncoderClient(self._worker.embed, self._in_loop)
        self._max_queue = max_queue
        self._loop: asyncio.AbstractEventLoop | None = None
        self._state = EngineState.LOADING
        self._failure = ""
        self._backend: Backend | None = None
        self._template: ChatTemplate | None = None
        self._settled = asyncio.Event()
        self._live: dict[str, Handle] = {}
        self._n_arrived = 0

    async def start(self) -> None:
        """Start the engine thread and return at once; loading goes on there.

        Raises:
            RuntimeError: The engine was started before.
        """
        if self._loop is not None:
            raise RuntimeError("an engine is started once")
        self._loop = asyncio.get_running_loop()
        self._worker.start()

    async def ready(self) -> None:
        """Wait until the generating model is loaded.

        Raises:
            ModelUnavailableError: It could not be loaded, or the engine is stopped.
        """
        await self._settled.wait()
        if self._state is not EngineState.READY:
            raise ModelUnavailableError(self._failure)

    async def encoder_ready(self) -> None:
        """Wait until the embedding model is loaded.

        Raises:
            ModelUnavailableError: It could not be loaded, or the engine is stopped.
        """
        await self._encoder.ready()

    @property
    def state(self) -> EngineState:
        """Whether the generating model can be used now."""
        return self._state

    @property
    def failure(self) -> str:
        """Why the generating model is not available; empty when it is, or is still loading."""
        return self._failure

    @property
    def model_name(self) -> str:
        """What the loaded generating model calls itself; empty when none is loaded."""
        return self._backend.info.description if self._backend is not None else ""

    @property
    def n_waiting(self) -> int:
        """Requests that wait or run: at most so many are ahead of a new one."""
        return sum(handle.purpose is Purpose.ANSWER for handle in self._live.values())

    @property
    def n_dimensions(self) -> int:
        """Length of an embedding vector.

        Raises:
            ModelUnavailableError: The embedding model is not loaded; see `encoder_ready`.
        """
        return self._encoder.loaded().n_dimensions

    @property
    def encoder_name(self) -> str:
        """Identity of the embedding model.

        Raises:
            ModelUnavailableError: The embedding model is not loaded; see `encoder_ready`.
        """
        return self._encoder.loaded().name

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        """Run a request and yield its events: `Started`, `TextDelta`s, exactly one `Ended`.

        A request that cannot run ends as REJECTED with a reason; nothing is raised for it. Closing
        or abandoning the iterator cancels the request.
        """
        async with aclosing(self._events(self._handle(request))) as events:
            async for event in events:
                yield event

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        """Run a request to its end and return its whole text."""
        return await drain(self.stream(request))

    def cancel(self, request_id: str) -> bool:
        """Ask for a live request to end as CANCELLED.

        Returns:
            Whether such a request was live.
        """
        handle = self._live.get(request_id)
        if handle is None:
            return False
        handle.is_cancelled = True
        handle.wake.set()
        if handle.is_submitted:
            self._worker.cancel(request_id)
        return True

    async def count_tokens(self, text: str) -> int:
        """Count the generating model's tokens in a text, special spellings taken as plain text.

        Raises:
            ModelUnavailableError: No generating model is loaded.
        """
        await self.ready()
        if self._backend is None:
            raise ModelUnavailableError(self._failure)
        tokenize = self._backend.vocabulary.tokenize
        return len(await asyncio.to_thread(tokenize, text, parse_special=False))

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; longer ones than the encoder's context are truncated.

        Returns:
            Shape (len(texts), n_dimensions), rows L2-normalised.

        Raises:
            ModelUnavailableError: The embedding model is not loaded, or the engine is stopped.
            InferenceError: The encoder failed.
        """
        return await self._encoder.embed(texts)

    async def warm(self, messages: tuple[ChatMessage, ...]) -> None:
        """Prefill a prompt's stable beginning in the background and pin it.

        Args:
            messages: The first messages of later requests, which go on with a user's message.

        Raises:
            ModelUnavailableError: No generating model is loaded.
            RequestEndedError: The messages cannot be prefilled.
        """
        await self.ready()
        handle = self._handle(warming_request(f"warm-{self._n_arrived}", messages))
        handle.purpose = Purpose.WARMING
        async with aclosing(self._events(handle)) as events:
            async for event in events:
                if isinstance(event, Ended) and event.outcome is not Outcome.FINISHED:
                    reason = event.reason or f"warming was {event.outcome.value}"
                    raise RequestEndedError(reason, event.fault)

    async def prefill(self, messages: tuple[ChatMessage, ...]) -> None:
        """Prefill what somebody may soon go on with; see `InferenceService.prefill`.

        Raises:
            ModelUnavailableError: No generating model is loaded.
        """
        await self.ready()
        handle = self._handle(eager_request(f"eager-{self._n_arrived}", messages))
        handle.purpose = Purpose.EAGER
        async with aclosing(self._events(handle)) as events:
            async for _ in events:
                pass

    def step_seconds(self) -> float:
        """How long the engine thread's step in progress has taken; 0 between steps."""
        return self._worker.step_seconds()

    async def stop(self) -> None:
        """End every request, then the thread. Idempotent; waits for the step in progress."""
        is_first = self._state is not EngineState.STOPPED
        self._state, self._failure, self._template = EngineState.STOPPED, _STOPPED, None
        self._encoder.settle(None, _STOPPED)
        self._wake_all()
        if self._loop is None:
            return
        if is_first:
            self._worker.stop()
        await asyncio.to_thread(self._worker.join)

    def generator_loaded(self, backend: Backend | None, failure: str) -> None:
        """Hear from the engine thread that loading the generating model is over."""
        template: ChatTemplate | None = None
        if backend is not None:
            try:
                template = ChatTemplate(backend.info, backend.vocabulary, self._answers)
            except InferenceError as exc:
                failure = str(exc)
        self._in_loop(lambda: self._settle(backend, template, failure))

    def encoder_loaded(self, encoder: EncoderBackend | None, failure: str) -> None:
        """Hear from the engine thread that loading the embedding model is over."""
        self._in_loop(lambda: self._settle_encoder(encoder, failure))

    def _settle(self, backend: Backend | None, template: ChatTemplate | None, failure: str) -> None:
        if self._state is EngineState.STOPPED:
            return
        self._backend, self._template, self._failure = backend, template, failure
        self._state = EngineState.FAILED if template is None else EngineState.READY
        self._wake_all()

    def _settle_encoder(self, encoder: EncoderBackend | None, failure: str) -> None:
        if self._state is not EngineState.STOPPED:
            self._encoder.settle(encoder, failure)

    def _wake_all(self) -> None:
        self._settled.set()
        for handle in self._live.values():
            handle.wake.set()

    def _in_loop(self, call: Callable[[], None]) -> None:
        """Run something in the event loop, from the engine thread."""
        if self._loop is None or self._loop.is_closed():
            return
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            return  # the loop was closed meanwhile: nobody is left to hear it

    def _handle(self, request: GenerateRequest) -> Handle:
        self._n_arrived += 1
        handle = Handle(request=request, order=self._n_arrived, submitted_mono=time.monotonic())
        if self._settled.is_set():
            handle.wake.set()
        return handle

    async def _events(self, handle: Handle) -> AsyncGenerator[Event, None]:
        """Run a handle's request; whoever stops iterating cancels it."""
        request_id = handle.request.request_id
        refusal = self._refusal(request_id)
        if refusal is not None:
            yield self._ended_early(handle, refusal)
            return
        self._live[request_id] = handle
        is_over = False
        try:
            outbox = Outbox(self._in_loop)
            ended = await self._submit(handle, outbox.put)
            if ended is not None:
                yield self._ended_early(handle, ended)
                return
            while not is_over:
                event = await outbox.get()
                is_over = isinstance(event, Ended)
                yield event
        finally:
            del self._live[request_id]
            if handle.is_submitted and not is_over:
                self._worker.cancel(request_id)

    def _refusal(self, request_id: str) -> Ended | None:
        """Why a request cannot even wait; None when it can."""
        if self._loop is None:
            return _rejected("the engine is not started", Fault.UNAVAILABLE)
        if self._state is EngineState.STOPPED:
            return _rejected(_STOPPED, Fault.UNAVAILABLE)
        if request_id in self._live:
            reason = f"a request with the id {request_id} is already live"
            return _rejected(reason, Fault.DUPLICATE_ID)
        if len(self._live) >= self._max_queue:
            reason = f"too many requests: {self._max_queue} are already waiting"
            return _rejected(reason, Fault.QUEUE_FULL)
        return None

    async def _submit(self, handle: Handle, emit: Callable[[Event], None]) -> Ended | None:
        """Tokenize and hand over to the engine thread; an end when it does not come to that."""
        try:
            await asyncio.wait_for(handle.wake.wait(), handle.request.deadline_s)
        except TimeoutError:
            reason = f"the deadline of {handle.request.deadline_s:g} s passed"
            return Ended(outcome=Outcome.CANCELLED, reason=reason, fault=Fault.DEADLINE)
        if self._is_off(handle):
            return Ended(outcome=Outcome.CANCELLED)
        if self._template is None or self._backend is None:
            return _rejected(self._failure, Fault.UNAVAILABLE)
        try:
            sequence = await asyncio.to_thread(
                sequence_for, handle, self._template, self._backend.info, emit
            )
        except PromptTooLongError as exc:
            stats = GenerationStats(n_prompt=exc.n_prompt)
            return replace(_rejected(str(exc), Fault.PROMPT_TOO_LONG), stats=stats)
        except ModelUnavailableError as exc:
            return _rejected(str(exc), Fault.UNAVAILABLE)
        except GrammarError as exc:
            return _rejected(str(exc), Fault.INVALID_GRAMMAR)
        except InferenceError as exc:
            return _rejected(str(exc), Fault.INVALID_MESSAGES)
        if self._is_off(handle):
            return Ended(outcome=Outcome.CANCELLED)
        handle.is_submitted = True
        self._worker.submit(sequence)
        return None

    def _is_off(self, handle: Handle) -> bool:
        return handle.is_cancelled or self._state is EngineState.STOPPED

    def _ended_early(self, handle: Handle, ended: Ended) -> Ended:
        """Account for a request that the engine thread never saw."""
        self._metrics.request_ended(handle.request.request_id, handle.request.priority, ended)
        return ended


def _rejected(reason: str, fault: Fault) -> Ended:
    return Ended(outcome=Outcome.REJECTED, reason=reason, fault=fault)
