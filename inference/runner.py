"""Advances live sequences, one batch at a time. Engine thread only; knows no thread itself."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from .backends.base import Backend, Chunk, DecodeStatus
from .errors import DecodeError, GrammarError
from .kv_memory import KvMemory
from .metrics import EngineMetrics
from .request import Ended, Outcome, SeqId, Started, TextDelta, TokenId
from .scheduler import next_to_preempt, next_to_run
from .sequence import Sequence

MAX_CHUNK_TOKENS = 128
"""Most prompt tokens processed before cancellations and embeddings get a turn."""

_MAX_FAILURES_IN_A_ROW = 2


class Runner:
    """Runs sequences to their end. Every sequence that was submitted ends exactly once.

    Args:
        backend: Owned by the caller.
        metrics: Told about every request that ended.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        backend: Backend,
        metrics: EngineMetrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend = backend
        self._metrics = metrics
        self._clock = clock
        self._memory = KvMemory(backend)
        self._live: dict[str, Sequence] = {}
        self._n_chunk = min(MAX_CHUNK_TOKENS, backend.info.n_batch)
        self._n_failures = 0
        self._running: Sequence | None = None

    @property
    def memory(self) -> KvMemory:
        """Where sequence ids and cells are."""
        return self._memory

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self._live

    def submit(self, sequence: Sequence) -> None:
        """Accept a sequence; its request id is unique among live ones."""
        self._live[sequence.request_id] = sequence
        self._metrics.live_requests(len(self._live))

    def cancel(self, request_id: str) -> None:
        """End a live request as cancelled; unknown ids are ignored."""
        sequence = self._live.get(request_id)
        if sequence is not None:
            self._end(sequence, Outcome.CANCELLED)

    def cancel_all(self) -> None:
        """End every live request as cancelled."""
        for request_id in tuple(self._live):
            self.cancel(request_id)

    def step(self) -> None:
        """Process one batch of the sequence whose turn it is.

        Raises:
            ValueError: Nothing is live.
            ModelUnavailableError: The context was lost and could not be rebuilt.
        """
        sequence = next_to_run(tuple(self._live.values()))
        self._running = sequence
        try:
            self._advance(sequence)
        except GrammarError as exc:
            self._end(sequence, Outcome.FAILED, str(exc))
        except DecodeError as exc:
            self._recover(sequence, exc)

    def abandon(self, reason: str) -> None:
        """End every live request as failed without touching the backend, which is unusable."""
        for sequence in tuple(self._live.values()):
            sequence.seq_id = None
            self._end(sequence, Outcome.FAILED, reason)

    def fail_running(self, reason: str) -> None:
        """End the sequence of the last step after an unforeseen error, trusting none of its state."""
        sequence = self._running
        if sequence is not None and sequence.request_id in self._live:
            self._forget_cells(sequence)
            self._end(sequence, Outcome.FAILED, reason)

    def _advance(self, sequence: Sequence) -> None:
        seq_id = sequence.seq_id if sequence.seq_id is not None else self._admit(sequence)
        if seq_id is None:
            return
        tokens = sequence.tokens[sequence.n_cells : sequence.n_cells + self._n_chunk]
        wants_token = len(tokens) == sequence.n_pending and sequence.max_tokens > 0
        chunk = Chunk(
            seq_id=seq_id, start=sequence.n_cells, tokens=tokens, n_outputs=int(wants_token)
        )
        if self._backend.decode([chunk]) is DecodeStatus.NO_ROOM:
            self._make_room(sequence)
            return
        self._n_failures = 0
        sequence.n_cells += len(tokens)
        self._pin(sequence, seq_id)
        if wants_token:
            self._take_token(sequence, row=len(tokens) - 1)
        elif sequence.n_pending == 0:
            self._end(sequence, Outcome.FINISHED)

    def _admit(self, sequence: Sequence) -> SeqId | None:
        """Give a waiting sequence an id, a sampler and whatever prefix is already in memory."""
        if sequence.sampler is None and sequence.max_tokens > 0:
            try:
                sequence.sampler = self._backend.sampler(sequence.sampling, sequence.grammar)
            except GrammarError as exc:
                self._end(sequence, Outcome.REJECTED, str(exc))
                return None
        acquired = self._memory.acquire(sequence.tokens)
        if acquired is None:
            self._make_room(sequence)
            return None
        sequence.seq_id, sequence.n_cells = acquired
        if sequence.started_mono is None:
            sequence.started_mono = self._clock()
            sequence.n_cached = sequence.n_cells
            stats = sequence.stats()
            sequence.emit(
                Started(n_prompt=stats.n_prompt, n_cached=stats.n_cached, queue_ms=stats.queue_ms)
            )
        return sequence.seq_id

    def _pin(self, sequence: Sequence, seq_id: SeqId) -> None:
        if sequence.is_pinned or not 0 < sequence.n_pinned <= sequence.n_cells:
            return
        self._memory.pin(seq_id, sequence.tokens[: sequence.n_pinned])
        sequence.is_pinned = True

    def _take_token(self, sequence: Sequence, row: int) -> None:
        if sequence.sampler is None:
            raise GrammarError("the sequence has no sampler")
        token = sequence.sampler.sample(row)
        sequence.note_token(self._clock())
        if self._backend.vocabulary.is_end(token):
            self._end(sequence, Outcome.FINISHED)
            return
        sequence.tokens.append(token)
        sequence.n_output += 1
        self._show(sequence, token)
        if sequence.assembler.is_stopped:
            self._end(sequence, Outcome.FINISHED)
        elif sequence.n_output >= sequence.max_tokens or self._is_full(sequence):
            self._end(sequence, Outcome.LENGTH)

    def _show(self, sequence: Sequence, token: TokenId) -> None:
        text = sequence.assembler.push(self._backend.vocabulary.piece(token))
        if text:
            sequence.emit(TextDelta(text=text))

    def _is_full(self, sequence: Sequence) -> bool:
        return len(sequence.tokens) >= self._backend.info.n_ctx_seq

    def _make_room(self, sequence: Sequence) -> None:
        """Free cells or an id for a sequence that could not go on; it tries again next step."""
        if self._memory.evict():
            return
        victim = next_to_preempt(tuple(self._live.values()), sequence)
        if victim is not None:
            self._preempt(victim)
            return
        n_needed, n_ctx = len(sequence.tokens), self._backend.info.n_ctx
        reason = f"{n_needed} tokens do not fit into the model's memory of {n_ctx} tokens"
        self._end(sequence, Outcome.FAILED, reason)

    def _preempt(self, victim: Sequence) -> None:
        """Take a sequence's cells; it decodes its tokens again when its turn comes back."""
        structlog.get_logger().info(
            "sequence_preempted", request_id=victim.request_id, n_cells=victim.n_cells
        )
        self._forget_cells(victim)

    def _forget_cells(self, sequence: Sequence) -> None:
        if sequence.seq_id is not None:
            self._memory.drop(sequence.seq_id)
        sequence.seq_id, sequence.n_cells = None, 0

    def _recover(self, sequence: Sequence, error: DecodeError) -> None:
        """End the failed sequence, whose cells may be half written; spare the others."""
        structlog.get_logger().error(
            "decode_failed",
            request_id=sequence.request_id,
            code=error.code,
            is_memory_intact=error.is_memory_intact,
            n_cells=sequence.n_cells,
        )
        self._forget_cells(sequence)
        self._end(sequence, Outcome.FAILED, "the model could not process the prompt")
        self._n_failures += 1
        if self._n_failures >= _MAX_FAILURES_IN_A_ROW:
            self._rebuild()

    def _rebuild(self) -> None:
        structlog.get_logger().warning("context_rebuilt", n_failures=self._n_failures)
        self._n_failures = 0
        self._backend.reset()
        self._memory.reset()
        for sequence in self._live.values():
            sequence.seq_id, sequence.n_cells = None, 0

    def _end(self, sequence: Sequence, outcome: Outcome, reason: str = "") -> None:
        del self._live[sequence.request_id]
        if sequence.sampler is not None:
            sequence.sampler.close()
        if outcome in (Outcome.FINISHED, Outcome.LENGTH):
            rest = sequence.assembler.finish()
            if rest:
                sequence.emit(TextDelta(text=rest))
        if sequence.seq_id is not None:
            self._memory.keep(sequence.seq_id, sequence.tokens[: sequence.n_cells])
            sequence.seq_id = None
        ended = Ended(outcome=outcome, reason=reason, stats=sequence.stats())
        self._metrics.live_requests(len(self._live))
        self._metrics.request_ended(sequence.request_id, sequence.priority, ended)
        sequence.emit(ended)
