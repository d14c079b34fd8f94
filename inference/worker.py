"""The engine thread: the only thread that computes. Everything reaches it through its inbox."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from .backends.base import Backend, EncoderBackend
from .errors import InferenceError, ModelUnavailableError
from .metrics import EngineMetrics
from .request import Ended, Outcome, TokenId
from .runner import Runner
from .sequence import Sequence as LiveSequence

Vectors: TypeAlias = NDArray[np.float32]
M = TypeVar("M", Backend, EncoderBackend)


class Listener(Protocol):
    """Hears from the engine thread; must return at once."""

    def generator_loaded(self, backend: Backend | None, failure: str) -> None:
        """Loading is over; without a backend, `failure` says why."""
        ...

    def encoder_loaded(self, encoder: EncoderBackend | None, failure: str) -> None:
        """Loading is over; without an encoder, `failure` says why."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class EmbedJob:
    """Texts to embed.

    Attributes:
        inputs: One token list per text, as the encoder's `tokenize` made them.
        on_done: Called once in the engine thread with the vectors or an error.
        is_abandoned: Set by the caller when nobody waits any more.
        batches: Vectors of the inputs [0, n_done).
    """

    inputs: Sequence[Sequence[TokenId]]
    on_done: Callable[[Vectors | Exception], None]
    is_abandoned: bool = False
    n_done: int = 0
    batches: list[Vectors] = field(default_factory=list[Vectors])


@dataclass(frozen=True, slots=True)
class _Cancel:
    request_id: str


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


_Message: TypeAlias = LiveSequence | EmbedJob | _Cancel | _Stop


class Worker:
    """Loads the models and computes until it is stopped.

    Between two steps of a generation it takes messages and runs at most one encoder batch, so
    neither embeddings nor cancellations wait for an answer to be finished, and the two models
    never compute at the same time.
    """

    def __init__(
        self,
        *,
        load_generator: Callable[[], Backend] | None,
        load_encoder: Callable[[], EncoderBackend] | None,
        listener: Listener,
        metrics: EngineMetrics,
    ) -> None:
        self._load_generator = load_generator
        self._load_encoder = load_encoder
        self._listener = listener
        self._metrics = metrics
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inference-engine", daemon=True)
        self._jobs: deque[EmbedJob] = deque()
        self._runner: Runner | None = None
        self._encoder: EncoderBackend | None = None
        self._failure = ""
        self._is_stopping = False

    def start(self) -> None:
        """Start the thread; loading happens there."""
        self._thread.start()

    def submit(self, sequence: LiveSequence) -> None:
        """Queue a request; it ends exactly once, through its `emit`."""
        self._inbox.put(sequence)

    def embed(self, job: EmbedJob) -> None:
        """Queue texts; `on_done` is called exactly once unless the job is abandoned."""
        self._inbox.put(job)

    def cancel(self, request_id: str) -> None:
        """Ask for a request to end as cancelled before its next step."""
        self._inbox.put(_Cancel(request_id))

    def stop(self) -> None:
        """Ask the thread to end every request and itself."""
        self._inbox.put(_Stop())

    def join(self) -> None:
        """Wait for the thread; blocks for the rest of a step, or of loading."""
        self._thread.join()

    def _run(self) -> None:
        self._encoder, failure = _load(self._load_encoder, "no embedding model is configured")
        self._listener.encoder_loaded(self._encoder, failure)
        backend, self._failure = _load(self._load_generator, "no model is configured")
        if backend is not None:
            self._runner = Runner(backend, self._metrics)
        self._listener.generator_loaded(backend, self._failure)
        try:
            while not self._is_stopping:
                self._turn()
        finally:
            self._finish()
            if backend is not None:
                backend.close()
            if self._encoder is not None:
                self._encoder.close()

    def _turn(self) -> None:
        """Take what is in the inbox, then compute one batch of each kind of work."""
        has_work = bool(self._jobs) or (self._runner is not None and not self._runner.is_idle)
        self._receive(is_waiting=not has_work)
        if self._is_stopping:
            return
        if self._encoder is not None and self._jobs:
            self._embed_batch(self._jobs[0], self._encoder)
        if self._runner is not None and not self._runner.is_idle:
            self._step(self._runner)

    def _step(self, runner: Runner) -> None:
        try:
            runner.step()
        except ModelUnavailableError as exc:
            structlog.get_logger().exception("model_lost")
            self._runner, self._failure = None, exc.reason
            self._listener.generator_loaded(None, exc.reason)
            runner.abandon(exc.reason)
        except Exception:  # noqa: BLE001 - the loop's boundary: end the request, go on
            structlog.get_logger().exception("engine_step_failed")
            runner.fail_running("the engine failed while working on this request")

    def _receive(self, *, is_waiting: bool) -> None:
        try:
            message = self._inbox.get(block=is_waiting)
            while True:
                self._accept(message)
                message = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _accept(self, message: _Message) -> None:
        match message:
            case EmbedJob():
                if self._encoder is not None:
                    self._jobs.append(message)
                else:
                    message.on_done(ModelUnavailableError("no embedding model is loaded"))
            case _Cancel():
                if self._runner is not None:
                    self._runner.cancel(message.request_id)
            case _Stop():
                self._is_stopping = True
            case LiveSequence():
                if self._runner is not None:
                    self._runner.submit(message)
                else:
                    self._reject(message)

    def _reject(self, sequence: LiveSequence) -> None:
        ended = Ended(outcome=Outcome.REJECTED, reason=self._failure)
        self._metrics.request_ended(sequence.request_id, sequence.priority, ended)
        sequence.emit(ended)

    def _embed_batch(self, job: EmbedJob, encoder: EncoderBackend) -> None:
        """Embed as many of a job's next inputs as one encoder call takes."""
        if job.is_abandoned:
            self._jobs.popleft()
            return
        stop = _batch_end(job, encoder)
        try:
            job.batches.append(encoder.embed(job.inputs[job.n_done : stop]))
        except Exception as exc:  # noqa: BLE001 - the loop's boundary: end the job, go on
            structlog.get_logger().exception("embedding_failed", n_texts=len(job.inputs))
            self._jobs.popleft()
            job.on_done(InferenceError(f"the embedding model failed: {exc}"))
            return
        self._metrics.texts_embedded(stop - job.n_done)
        job.n_done = stop
        if stop == len(job.inputs):
            self._jobs.popleft()
            job.on_done(np.concatenate(job.batches))

    def _finish(self) -> None:
        """End whatever is left, including what reached the inbox after the stop."""
        self._receive(is_waiting=False)
        if self._runner is not None:
            self._runner.cancel_all()
        for job in self._jobs:
            job.on_done(ModelUnavailableError("the engine is stopped"))
        self._jobs.clear()


def _load(load: Callable[[], M] | None, missing: str) -> tuple[M | None, str]:
    if load is None:
        return None, missing
    try:
        return load(), ""
    except Exception as exc:  # noqa: BLE001 - a model that cannot be loaded must not end the thread
        structlog.get_logger().warning("model_not_loaded", error=str(exc), kind=type(exc).__name__)
        return None, str(exc) or type(exc).__name__


def _batch_end(job: EmbedJob, encoder: EncoderBackend) -> int:
    """The end of the next batch [n_done, end); at least one input."""
    n_tokens = 0
    last = min(len(job.inputs), job.n_done + encoder.n_seq_max)
    for index in range(job.n_done, last):
        n_tokens += len(job.inputs[index])
        if n_tokens > encoder.n_batch and index > job.n_done:
            return index
    return last
