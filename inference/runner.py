"""Advances live sequences, one batch at a time. Engine thread only; knows no thread itself.

`scheduler` decides, `kv_memory` keeps the books, the backend computes; here a plan becomes rows and
rows become tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from .admission import Admission
from .answers import AnswerBook
from .backends.base import Backend, Chunk, DecodeStatus
from .errors import DecodeError, GrammarError, InferenceError
from .kv_memory import KvMemory
from .metrics import EngineMetrics
from .next_token import continue_text
from .request import Ended, Fault, Outcome, Priority, SeqId, TextDelta, TokenId
from .scheduler import (
    DEFAULT_CHUNK,
    Job,
    SchedulerOptions,
    Share,
    effective_classes,
    next_to_preempt,
    plan_batch,
)
from .sequence import Sequence

_MAX_FAILURES_IN_A_ROW = 2


class Pace(Protocol):
    """Chooses the number of threads from how long steps take."""

    @property
    def slowdown(self) -> float:
        """How many times longer than on a quiet machine steps took lately."""
        ...

    def threads_for(self, n_rows: int) -> int:
        """Threads for a step of so many rows."""
        ...

    def observe(self, *, n_rows: int, n_cells: int, seconds: float, now: float) -> None:
        """Hear about a step."""
        ...


class Runner:
    """Runs sequences to their end. Every sequence that was submitted ends exactly once.

    Args:
        backend: Owned by the caller.
        metrics: Told about every step and every request that ended.
        options: How batches are filled.
        answers: Where finished answers' tokens are kept for the next turn.
        admission: Decides who gets a sequence; made by default.
        pace: Adapts the threads; None: they stay as they are.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        backend: Backend,
        metrics: EngineMetrics,
        *,
        options: SchedulerOptions | None = None,
        answers: AnswerBook | None = None,
        admission: Admission | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        n_batch = backend.info.n_batch
        self._backend = backend
        self._metrics = metrics
        self._options = options or SchedulerOptions(
            n_batch=n_batch, n_chunk=min(DEFAULT_CHUNK, n_batch)
        )
        self._answers = answers or AnswerBook()
        self._admission = admission or Admission(backend, KvMemory(backend))
        self._memory = self._admission.memory
        self._pace = pace
        self._clock = clock
        self._live: dict[int, Sequence] = {}
        self._keys: dict[str, int] = {}
        self._batch: tuple[int, ...] = ()
        self._suspects: set[int] = set()
        self._n_failures, self._was_rebuilt_for_room = 0, False
        self._n_threads = backend.info.n_threads
        self._metrics.threads(self._n_threads)

    @property
    def memory(self) -> KvMemory:
        """Where sequence ids and cells are."""
        return self._memory

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self._live

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for an answer."""
        return any(s.priority is Priority.INTERACTIVE for s in self._live.values())

    @property
    def n_threads(self) -> int:
        """Threads of the last step."""
        return self._n_threads

    def submit(self, sequence: Sequence) -> None:
        """Accept a sequence; its request id and its order are unique among live ones."""
        self._live[sequence.order] = sequence
        self._keys[sequence.request_id] = sequence.order
        self._metrics.live_requests(len(self._live))

    def cancel(self, request_id: str) -> None:
        """End a live request as cancelled; unknown ids are ignored."""
        key = self._keys.get(request_id)
        if key is not None:
            self._end(self._live[key], Outcome.CANCELLED)

    def cancel_all(self) -> None:
        """End every live request as cancelled."""
        for sequence in tuple(self._live.values()):
            self._end(sequence, Outcome.CANCELLED)

    def step(self, *, should_abort: Callable[[], bool] | None = None) -> None:
        """Compute one batch.

        Args:
            should_abort: Whether somebody came who must not wait for the rest of this step; asked
                only while nobody waits for what the step computes.

        Raises:
            ModelUnavailableError: The context was lost and could not be rebuilt.
        """
        now = self._clock()
        self._batch = tuple(self._live)
        self._expire(now)
        for sequence, fault, reason in self._admission.admit(self._live, self._options, now):
            self._end(sequence, Outcome.REJECTED, reason, fault)
        jobs = {job.key: job for job in self._admission.jobs(self._live, now)}
        if not jobs:
            return
        shares = self._with_room(plan_batch(tuple(jobs.values()), self._options), jobs)
        if self._suspects:
            shares = _one_suspect(shares, self._suspects)
        if shares:
            classes = effective_classes(tuple(jobs.values()), self._options)
            is_awaited = any(classes[share.key] is Priority.INTERACTIVE for share in shares)
            self._compute(shares, None if is_awaited else should_abort)

    def verify(self) -> None:
        """Compare the books with memory while nothing runs; what does not agree is forgotten."""
        if self._live:
            return
        self._show_cells()
        try:
            self._memory.check()
        except ValueError as exc:
            structlog.get_logger().error("kv_memory_inconsistent", reason=str(exc))
            self._rebuild()

    def abandon(self, reason: str) -> None:
        """End every live request as failed without touching the backend, which is unusable."""
        for sequence in tuple(self._live.values()):
            sequence.seq_id = None
            self._end(sequence, Outcome.FAILED, reason, Fault.UNAVAILABLE)

    def fail_running(self, reason: str) -> None:
        """End the sequences of the last step after an unforeseen error, trusting none of them."""
        for key in self._batch:
            sequence = self._live.get(key)
            if sequence is not None:
                self._forget_cells(sequence)
                self._end(sequence, Outcome.FAILED, reason, Fault.INTERNAL)

    def _expire(self, now: float) -> None:
        for sequence in tuple(self._live.values()):
            if sequence.deadline_mono is not None and now >= sequence.deadline_mono:
                n_seconds = sequence.deadline_mono - sequence.submitted_mono
                reason = f"the deadline of {n_seconds:g} s passed"
                self._end(sequence, Outcome.CANCELLED, reason, Fault.DEADLINE)

    def _with_room(self, shares: tuple[Share, ...], jobs: dict[int, Job]) -> tuple[Share, ...]:
        """Free cells for a plan: first drafts go, then cached prefixes, then the last in rank."""
        if not self._memory.make_room(sum(share.n_rows + share.n_draft for share in shares)):
            shares = tuple(Share(key=share.key, n_rows=share.n_rows) for share in shares)
        while shares and not self._memory.make_room(sum(share.n_rows for share in shares)):
            first = min((jobs[share.key] for share in shares), key=lambda j: (j.priority, j.key))
            victim = next_to_preempt(jobs.values(), first)
            if victim is None and any(
                job.n_cells for job in jobs.values() if job.is_admitted and job.key != first.key
            ):
                victim = first  # better ones hold the cells; it comes back when they are done
            if victim is None:
                self._end_without_room(self._live[first.key])
                return ()
            self._preempt(self._live[victim.key])
            del jobs[victim.key]
            shares = tuple(share for share in shares if share.key != victim.key)
        return shares

    def _compute(self, shares: tuple[Share, ...], should_abort: Callable[[], bool] | None) -> None:
        self._batch = tuple(share.key for share in shares)
        work = [(self._live[share.key], self._chunk(share)) for share in shares]
        n_rows = sum(len(chunk.tokens) for _, chunk in work)
        self._set_threads(n_rows)
        began = self._clock()
        try:
            status = self._backend.decode([c for _, c in work], should_abort=should_abort)
        except DecodeError as exc:
            self._recover(work, exc)
            return
        now = self._clock()
        if status is not DecodeStatus.DONE:
            self._take_back(work, status)
            return
        self._n_failures, self._was_rebuilt_for_room = 0, False
        self._suspects.difference_update(self._batch)
        self._note_step(n_rows, now - began, now)
        row = 0
        for sequence, chunk in work:
            self._advance(sequence, chunk, row, now)
            row += len(chunk.tokens)

    def _chunk(self, share: Share) -> Chunk:
        sequence = self._live[share.key]
        if sequence.seq_id is None:
            raise InferenceError(f"request {sequence.request_id} has rows but no sequence")
        stop = sequence.n_cells + share.n_rows
        tokens = sequence.tokens[sequence.n_cells : stop]
        del sequence.draft[share.n_draft :]
        wants_token = share.n_rows == sequence.n_pending and sequence.max_tokens > 0
        return Chunk(
            seq_id=sequence.seq_id,
            start=sequence.n_cells,
            tokens=[*tokens, *sequence.draft],
            n_outputs=1 + len(sequence.draft) if wants_token else 0,
        )

    def _advance(self, sequence: Sequence, chunk: Chunk, row: int, now: float) -> None:
        """Take what the step gave to one sequence."""
        draft, sequence.draft = sequence.draft, []
        n_known = len(chunk.tokens) - len(draft)
        sequence.n_cells += n_known
        sequence.last_rows_mono = now
        self._memory.advance(chunk.seq_id, sequence.n_cells + len(draft))
        if sequence.n_output == 0:
            self._publish(sequence, chunk.seq_id)
        if chunk.n_outputs:
            self._sample(sequence, draft, row + n_known - 1)
        elif sequence.n_pending == 0:
            self._end(sequence, Outcome.FINISHED)

    def _sample(self, sequence: Sequence, draft: list[TokenId], row: int) -> None:
        try:
            taken = continue_text(sequence, draft, row, self._backend, self._clock)
        except GrammarError as exc:
            self._drop_draft(sequence, len(draft))
            self._end(sequence, Outcome.FAILED, str(exc), Fault.INVALID_GRAMMAR)
            return
        for seconds in taken.gaps_s:
            self._metrics.token_after(seconds)
        if taken.text:
            sequence.emit(TextDelta(text=taken.text))
        sequence.n_cells += taken.n_accepted
        self._drop_draft(sequence, len(draft) - taken.n_accepted)
        if taken.outcome is not None:
            self._end(sequence, taken.outcome)

    def _drop_draft(self, sequence: Sequence, n_wrong: int) -> None:
        if sequence.seq_id is not None and n_wrong:
            self._backend.truncate(sequence.seq_id, sequence.n_cells)
            self._memory.advance(sequence.seq_id, sequence.n_cells)

    def _publish(self, sequence: Sequence, seq_id: SeqId) -> None:
        """Let others share a prompt as it is computed, and pin its beginning."""
        self._memory.publish(seq_id, sequence.tokens[: sequence.n_cells])
        if 0 < sequence.n_pinned <= sequence.n_cells:
            self._memory.pin(sequence.tokens[: sequence.n_pinned])
            sequence.n_pinned = 0

    def _note_step(self, n_rows: int, seconds: float, now: float) -> None:
        self._metrics.step(n_rows=n_rows, n_batch=self._options.n_batch, seconds=seconds)
        n_cells = self._show_cells()
        if self._pace is None:
            return
        self._pace.observe(n_rows=n_rows, n_cells=n_cells, seconds=seconds, now=now)
        self._metrics.slowdown(self._pace.slowdown)

    def _set_threads(self, n_rows: int) -> None:
        if self._pace is None:
            return
        n_threads = self._pace.threads_for(n_rows)
        if n_threads != self._n_threads:
            self._backend.set_threads(n_threads)
            self._n_threads = n_threads
            self._metrics.threads(n_threads)

    def _show_cells(self) -> int:
        """Bring the gauges up to date; returns the cells of running sequences."""
        counts = self._memory.counts()
        self._metrics.cells(free=counts.free, cached=counts.cached, running=counts.running)
        if (offload := self._memory.offload) is not None:
            self._metrics.offloaded(len(offload), offload.n_bytes)
        return counts.running

    def _end_without_room(self, sequence: Sequence) -> None:
        """Nobody is left to take cells from: an answer in progress is as long as it can be."""
        if sequence.n_output:
            self._end(sequence, Outcome.LENGTH)
        else:
            self._fail_without_room(sequence)

    def _fail_without_room(self, sequence: Sequence) -> None:
        n_needed, n_ctx = len(sequence.tokens), self._backend.info.n_ctx
        reason = f"{n_needed} tokens do not fit into the model's memory of {n_ctx} tokens"
        self._end(sequence, Outcome.FAILED, reason, Fault.PROMPT_TOO_LONG)

    def _preempt(self, victim: Sequence) -> None:
        """Take a sequence's id; what it computed stays cached for as long as there is room."""
        structlog.get_logger().info(
            "sequence_preempted", request_id=victim.request_id, n_cells=victim.n_cells
        )
        self._metrics.preempted()
        if victim.seq_id is not None:
            self._memory.release(victim.seq_id, victim.tokens[: victim.n_cells])
        victim.seq_id, victim.n_cells = None, 0

    def _forget_cells(self, sequence: Sequence) -> None:
        if sequence.seq_id is not None:
            self._memory.drop(sequence.seq_id)
        sequence.seq_id, sequence.n_cells = None, 0

    def _take_back(self, work: list[tuple[Sequence, Chunk]], status: DecodeStatus) -> None:
        """Undo a step that was given up or found no room; it is planned anew."""
        for sequence, chunk in work:
            sequence.draft = []
            self._backend.truncate(chunk.seq_id, chunk.start)
            if self._backend.n_tokens(chunk.seq_id) != chunk.start:
                self._forget_cells(sequence)
        if status is DecodeStatus.ABORTED:
            self._metrics.step_aborted()
        elif not self._memory.evict(self._options.n_batch):
            # NOTE: the books promised room; memory knows better.
            last = max((sequence for sequence, _ in work), key=lambda s: (s.priority, s.order))
            if len(work) > 1:
                self._preempt(last)
            elif self._was_rebuilt_for_room:
                self._fail_without_room(last)
            else:
                self._was_rebuilt_for_room = True
                self._rebuild()

    def _recover(self, work: list[tuple[Sequence, Chunk]], error: DecodeError) -> None:
        """Find out which sequence a failed batch failed for; spare the others."""
        structlog.get_logger().error(
            "decode_failed",
            request_ids=[sequence.request_id for sequence, _ in work],
            code=error.code,
            is_memory_intact=error.is_memory_intact,
        )
        for sequence, chunk in work:
            sequence.draft = []
            self._backend.truncate(chunk.seq_id, chunk.start)
            if self._backend.n_tokens(chunk.seq_id) != chunk.start:
                self._forget_cells(sequence)
        if len(work) > 1:
            self._suspects.update(self._batch)
            return
        sequence = work[0][0]
        self._forget_cells(sequence)
        reason = "the model could not process the prompt"
        self._end(sequence, Outcome.FAILED, reason, Fault.INTERNAL)
        self._n_failures += 1
        if self._n_failures >= _MAX_FAILURES_IN_A_ROW:
            self._rebuild()

    def _rebuild(self) -> None:
        structlog.get_logger().warning("context_rebuilt", n_failures=self._n_failures)
        self._n_failures = 0
        self._backend.reset()
        self._memory.reset()
        if self._n_threads != self._backend.info.n_threads:
            self._backend.set_threads(self._n_threads)
        for sequence in self._live.values():
            sequence.seq_id, sequence.n_cells = None, 0

    def _end(
        self, sequence: Sequence, outcome: Outcome, reason: str = "", fault: Fault | None = None
    ) -> None:
        del self._live[sequence.order]
        del self._keys[sequence.request_id]
        self._suspects.discard(sequence.order)
        sequence.close()
        if outcome in (Outcome.FINISHED, Outcome.LENGTH):
            rest = sequence.assembler.finish()
            if rest:
                sequence.emit(TextDelta(text=rest))
            self._remember(sequence)
        try:
            if sequence.seq_id is not None:
                self._memory.release(sequence.seq_id, sequence.tokens[: sequence.n_cells])
        finally:
            sequence.seq_id = None
            ended = Ended(outcome=outcome, reason=reason, fault=fault, stats=sequence.stats())
            self._metrics.live_requests(len(self._live))
            self._metrics.request_ended(sequence.request_id, sequence.priority, ended)
            sequence.emit(ended)

    def _remember(self, sequence: Sequence) -> None:
        """Keep the answer's tokens; one cut at a stop string is not what they spell."""
        if not sequence.assembler.is_stopped:
            vocabulary = self._backend.vocabulary
            text = b"".join(vocabulary.piece(token) for token in sequence.output)
            self._answers.remember(text, sequence.output)


def _one_suspect(shares: tuple[Share, ...], suspects: set[int]) -> tuple[Share, ...]:
    """After a failed batch its sequences run one by one, until each has succeeded or failed."""
    alone = next((share for share in shares if share.key in suspects), None)
    return shares if alone is None else (alone,)
