"""The engine thread: the only thread that computes. Everything reaches it through its inbox."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

import structlog

from .answers import AnswerBook
from .backends.base import Backend, EncoderBackend
from .embedding_queue import EmbeddingQueue, EmbedJob
from .errors import ModelUnavailableError
from .metrics import EngineMetrics
from .parts import EngineParts, Machinery, assemble
from .request import Ended, Fault, Outcome, Priority
from .runner import Runner
from .sequence import Sequence as LiveSequence

M = TypeVar("M", Backend, EncoderBackend)

_QUIET_S = 1.0
_BULK_EMBEDDING_S = 0.5
"""Documents that are indexed get a batch so often, however many answers are read meanwhile."""
"""States are saved when nothing was computed for so long."""


class Listener(Protocol):
    """Hears from the engine thread; must return at once."""

    def generator_loaded(self, backend: Backend | None, failure: str) -> None:
        """Loading is over; without a backend, `failure` says why."""
        ...

    def encoder_loaded(self, encoder: EncoderBackend | None, failure: str) -> None:
        """Loading is over; without an encoder, `failure` says why."""
        ...


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
    never compute at the same time. A step nobody waits for is given up when somebody comes.
    """

    def __init__(
        self,
        *,
        load_generator: Callable[[], Backend] | None,
        load_encoder: Callable[[], EncoderBackend] | None,
        listener: Listener,
        metrics: EngineMetrics,
        parts: EngineParts,
        answers: AnswerBook,
    ) -> None:
        self._load_generator = load_generator
        self._load_encoder = load_encoder
        self._listener = listener
        self._metrics = metrics
        self._parts = parts
        self._answers = answers
        self._machinery: Machinery | None = None
        self._urgent = threading.Event()
        self._step_began: float | None = None
        self._next_chore_s: float | None = None
        self._last_step_mono = -_QUIET_S
        self._last_embedding_mono = -_BULK_EMBEDDING_S
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inference-engine", daemon=True)
        self._embeddings: EmbeddingQueue | None = None
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
        if sequence.priority is Priority.INTERACTIVE:
            self._urgent.set()

    def embed(self, job: EmbedJob) -> None:
        """Queue texts; `on_done` is called exactly once unless the job is abandoned."""
        self._inbox.put(job)
        if job.is_urgent:
            self._urgent.set()

    def cancel(self, request_id: str) -> None:
        """Ask for a request to end as cancelled before its next step."""
        self._inbox.put(_Cancel(request_id))

    def stop(self) -> None:
        """Ask the thread to end every request and itself."""
        self._inbox.put(_Stop())
        self._urgent.set()

    def step_seconds(self) -> float:
        """How long the step in progress has taken so far; 0 between steps. Any thread."""
        began = self._step_began
        return 0.0 if began is None else time.monotonic() - began

    def join(self) -> None:
        """Wait for the thread; blocks for the rest of a step, or of loading."""
        self._thread.join()

    def _run(self) -> None:
        self._encoder, failure = _load(self._load_encoder, "no embedding model is configured")
        if self._encoder is not None:
            self._embeddings = EmbeddingQueue(self._encoder, self._metrics)
        self._listener.encoder_loaded(self._encoder, failure)
        backend, self._failure = _load(self._load_generator, "no model is configured")
        if backend is not None:
            backend = self._assembled(backend)
        self._listener.generator_loaded(backend, self._failure)
        try:
            while not self._is_stopping:
                self._turn()
        except Exception:  # noqa: BLE001 - nobody may wait for a thread that is gone
            structlog.get_logger().exception("engine_thread_failed")
            self._failure = "the engine's thread failed"
            self._listener.generator_loaded(None, self._failure)
        finally:
            self._finish()
            if self._machinery is not None:
                self._close(self._machinery)
            if backend is not None:
                backend.close()
            if self._encoder is not None:
                self._encoder.close()

    def _assembled(self, backend: Backend) -> Backend | None:
        """Put the engine together; what cannot be used is closed again."""
        try:
            self._machinery = assemble(self._parts, backend, self._metrics, self._answers)
        except Exception as exc:  # noqa: BLE001 - as a model that cannot be loaded
            structlog.get_logger().exception("engine_not_assembled")
            self._failure = str(exc) or type(exc).__name__
            backend.close()
            return None
        self._runner = self._machinery.runner
        return backend

    def _close(self, machinery: Machinery) -> None:
        try:
            machinery.close()
        except Exception:  # noqa: BLE001 - the models must be freed in any case
            structlog.get_logger().exception("engine_parts_not_closed")

    def _turn(self) -> None:
        """Take what is in the inbox, then compute one batch of each kind of work."""
        embeddings, runner = self._embeddings, self._runner
        is_idle = (embeddings is None or embeddings.is_idle) and (runner is None or runner.is_idle)
        self._receive(is_waiting=is_idle)
        if self._is_stopping:
            return
        if embeddings is not None and self._is_embedding_due(embeddings):
            embeddings.step()
            self._last_embedding_mono = time.monotonic()
        if self._runner is not None and not self._runner.is_idle:
            self._step(self._runner)
        if self._machinery is not None and self._runner is not None and self._runner.is_idle:
            self._tidy(self._runner, self._machinery)

    def _is_embedding_due(self, embeddings: EmbeddingQueue) -> bool:
        """Documents wait while an answer is read, but never for long."""
        if embeddings.is_idle or embeddings.is_urgent:
            return not embeddings.is_idle
        has_waited = time.monotonic() - self._last_embedding_mono >= _BULK_EMBEDDING_S
        return has_waited or self._runner is None or not self._runner.is_awaited

    def _tidy(self, runner: Runner, machinery: Machinery) -> None:
        """What there is to do when nothing is."""
        try:
            runner.verify()
            now = time.monotonic()
            # NOTE: writing takes a core; between two requests of a busy minute it would be felt.
            remaining_s = self._last_step_mono + _QUIET_S - now
            self._next_chore_s = remaining_s if remaining_s > 0 else machinery.save_some(now)
        except ModelUnavailableError as exc:
            self._lose_model(runner, exc.reason)
        except Exception:  # noqa: BLE001 - a chore must never end the engine
            structlog.get_logger().exception("engine_chore_failed")
            self._next_chore_s = None

    def _lose_model(self, runner: Runner, reason: str) -> None:
        structlog.get_logger().error("model_lost", reason=reason)
        self._runner, self._failure = None, reason
        self._listener.generator_loaded(None, reason)
        runner.abandon(reason)

    def _step(self, runner: Runner) -> None:
        self._step_began = time.monotonic()
        try:
            runner.step(should_abort=self._urgent.is_set)
        except ModelUnavailableError as exc:
            self._lose_model(runner, exc.reason)
        except Exception:  # noqa: BLE001 - the loop's boundary: end the request, go on
            structlog.get_logger().exception("engine_step_failed")
            runner.fail_running("the engine failed while working on this request")
        finally:
            self._step_began = None
            self._last_step_mono = time.monotonic()

    def _receive(self, *, is_waiting: bool) -> None:
        self._urgent.clear()
        try:
            message = self._inbox.get(block=is_waiting, timeout=self._next_chore_s)
            while True:
                self._accept(message)
                message = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _accept(self, message: _Message) -> None:
        match message:
            case EmbedJob():
                if self._embeddings is not None:
                    self._embeddings.add(message)
                else:
                    message.on_done(ModelUnavailableError("no embedding model is loaded"))
            case _Cancel():
                self._cancel(message.request_id)
            case _Stop():
                self._is_stopping = True
            case LiveSequence():
                if self._runner is not None:
                    self._runner.submit(message)
                else:
                    self._reject(message)

    def _cancel(self, request_id: str) -> None:
        try:
            if self._runner is not None:
                self._runner.cancel(request_id)
        except Exception:  # noqa: BLE001 - the request has ended; its cells are verified when idle
            structlog.get_logger().exception("cells_not_given_back", request_id=request_id)

    def _reject(self, sequence: LiveSequence) -> None:
        ended = Ended(outcome=Outcome.REJECTED, reason=self._failure, fault=Fault.UNAVAILABLE)
        self._metrics.request_ended(sequence.request_id, sequence.priority, ended)
        sequence.emit(ended)

    def _finish(self) -> None:
        """End whatever is left, including what reached the inbox after the stop."""
        self._receive(is_waiting=False)
        if self._runner is not None:
            self._runner.cancel_all()
        if self._embeddings is not None:
            self._embeddings.abandon()


def _load(load: Callable[[], M] | None, missing: str) -> tuple[M | None, str]:
    if load is None:
        return None, missing
    try:
        return load(), ""
    except Exception as exc:  # noqa: BLE001 - a model that cannot be loaded must not end the thread
        structlog.get_logger().warning("model_not_loaded", error=str(exc), kind=type(exc).__name__)
        return None, str(exc) or type(exc).__name__
