"""Who gets a sequence of its own, and what everybody looks like to the scheduler.

A request is admitted when there are cells for its prompt and the beginning of its answer. One whose
prompt begins with what another is computing right now waits until that part is there: the same
prefix is computed once, however many ask for it at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from .backends.base import Backend
from .errors import GrammarError
from .kv_memory import KvMemory
from .radix_node import n_common_prefix
from .request import Fault, Priority, Started, TokenId
from .scheduler import (
    Job,
    SchedulerOptions,
    effective_classes,
    in_prefill_order,
    next_to_preempt,
)
from .sequence import Sequence
from .speculation.drafter import Drafter

_MAX_RUNNING = 32
_MIN_SHARED_TOKENS = 16
_ANSWER_RESERVE_TOKENS = 64
_MAX_DRAFT_TOKENS = 16

Refusal = tuple[Sequence, Fault, str]


class SavedStates(Protocol):
    """Prefixes that were computed before this process began."""

    def restore(self, tokens: list[TokenId], memory: KvMemory) -> None:
        """Bring back the saved prefix of a prompt, if it is longer than what memory knows."""
        ...


class Admission:
    """Gives sequence ids, samplers and shared prefixes to waiting requests. Engine thread only.

    Args:
        backend: Owned by the caller.
        memory: Where ids and cells are.
        max_running: Most requests in progress at once; a better one may still come on top.
        make_drafter: Makes what guesses tokens ahead for a request; None: nothing is guessed.
        states: Prefixes saved earlier.
    """

    def __init__(
        self,
        backend: Backend,
        memory: KvMemory,
        *,
        max_running: int = _MAX_RUNNING,
        make_drafter: Callable[[Sequence], Drafter | None] | None = None,
        states: SavedStates | None = None,
    ) -> None:
        self._backend = backend
        self._memory = memory
        self._max_running = min(max_running, backend.info.n_seq_max)
        self._make_drafter = make_drafter
        self._states = states

    @property
    def memory(self) -> KvMemory:
        """Where sequence ids and cells are."""
        return self._memory

    def admit(
        self, live: Mapping[int, Sequence], options: SchedulerOptions, now: float
    ) -> list[Refusal]:
        """Admit whoever can be, in the order in which they will be prefilled.

        Returns:
            Requests that can never run, with the reason.
        """
        if all(sequence.seq_id is not None for sequence in live.values()):
            return []
        jobs = self._plain_jobs(live, now)
        classes = effective_classes(jobs, options)
        waiting = in_prefill_order((job for job in jobs if not job.is_admitted), classes, options)
        victims = {job.key: job for job in jobs if job.is_admitted}
        refused: list[Refusal] = []
        for job in waiting:
            sequence = live[job.key]
            if job.priority is Priority.EAGER and self._is_anybody_waiting(live):
                break
            if self._blocker(sequence, live) is not None:
                continue
            refusal = self._prepared(sequence)
            if refusal is not None:
                refused.append(refusal)
            elif not self._start(sequence, live, victims, job, now):
                break
        return refused

    def jobs(self, live: Mapping[int, Sequence], now: float) -> list[Job]:
        """Everybody as the scheduler sees them, with drafts where they would be used."""
        admitted = [sequence for sequence in live.values() if sequence.seq_id is not None]
        if admitted and all(sequence.is_decoding for sequence in admitted):
            for sequence in admitted:
                self._draft(sequence, _MAX_DRAFT_TOKENS // len(admitted))
        return self._plain_jobs(live, now)

    def _plain_jobs(self, live: Mapping[int, Sequence], now: float) -> list[Job]:
        return [
            Job(
                key=key,
                priority=sequence.priority,
                n_rows=self._n_rows(sequence),
                is_decoding=sequence.is_decoding,
                n_draft=len(sequence.draft),
                waited_s=now - sequence.last_rows_mono,
                is_admitted=sequence.seq_id is not None,
                blocked_by=self._blocker(sequence, live),
                n_cells=sequence.n_cells,
            )
            for key, sequence in live.items()
        ]

    def _n_rows(self, sequence: Sequence) -> int:
        if sequence.seq_id is not None:
            return sequence.n_pending
        return len(sequence.tokens) - self._memory.n_reusable(sequence.tokens)

    def _blocker(self, sequence: Sequence, live: Mapping[int, Sequence]) -> int | None:
        """Who is computing the longest part of this waiting request's prompt."""
        if sequence.seq_id is not None or not self._backend.info.can_share_prefixes:
            return None
        n_needed = self._memory.n_reusable(sequence.tokens) + _MIN_SHARED_TOKENS
        best: tuple[int, int] | None = None
        for key, other in live.items():
            if other.seq_id is None or other.n_cells >= len(other.prompt):
                continue
            n_common = n_common_prefix(other.tokens, sequence.tokens[:-1])
            if n_common >= n_needed and n_common > other.n_cells:
                best = max(best or (0, 0), (n_common, key))
        return best[1] if best is not None else None

    def _prepared(self, sequence: Sequence) -> Refusal | None:
        try:
            return self._prepare(sequence)
        except Exception:  # noqa: BLE001 - whatever is wrong with one request ends only that one
            structlog.get_logger().exception("request_not_prepared", request_id=sequence.request_id)
            return sequence, Fault.INTERNAL, "the engine failed while preparing this request"

    def _prepare(self, sequence: Sequence) -> Refusal | None:
        """Make the sampler and look for states that can be restored."""
        if sequence.sampler is None and sequence.max_tokens > 0:
            try:
                sequence.sampler = self._backend.sampler(sequence.sampling, sequence.grammar)
            except GrammarError as exc:
                return sequence, Fault.INVALID_GRAMMAR, str(exc)
            # NOTE: a wrong guess is taken back by truncating, which not every memory can.
            if self._make_drafter is not None and self._backend.info.can_share_prefixes:
                sequence.drafter = self._make_drafter(sequence)
        self._memory.recall(sequence.tokens)
        if self._states is not None and not sequence.is_restored:
            sequence.is_restored = True
            self._states.restore(sequence.tokens, self._memory)
        return None

    def _start(
        self,
        sequence: Sequence,
        live: Mapping[int, Sequence],
        victims: dict[int, Job],
        job: Job,
        now: float,
    ) -> bool:
        """Give a request its id and cells; False when it has to wait.

        Args:
            victims: Who may still have to make room; whoever is counted on is taken out.
        """
        if self._memory.tree.running and not self._has_room(sequence, live):
            victim = next_to_preempt(victims.values(), job)
            if victim is None:
                return False
            del victims[victim.key]
        acquired = self._memory.acquire(sequence.tokens)
        if acquired is None:
            return False
        sequence.seq_id, sequence.n_cells = acquired
        if sequence.started_mono is None:
            self._announce(sequence, now)
        return True

    def _has_room(self, sequence: Sequence, live: Mapping[int, Sequence]) -> bool:
        """Whether its prompt fits beside what the prompts of others have yet to take."""
        n_new = len(sequence.tokens) - self._memory.n_known(sequence.tokens)
        reserve = min(sequence.max_tokens, _ANSWER_RESERVE_TOKENS)
        n_promised = sum(
            other.n_pending
            for other in live.values()
            if other.seq_id is not None and not other.is_decoding
        )
        is_below = len(self._memory.tree.running) < self._max_running
        return is_below and n_new + reserve + n_promised <= self._memory.n_available

    def _announce(self, sequence: Sequence, now: float) -> None:
        sequence.started_mono = now
        sequence.n_cached = sequence.n_cells
        stats = sequence.stats()
        sequence.emit(
            Started(n_prompt=stats.n_prompt, n_cached=stats.n_cached, queue_ms=stats.queue_ms)
        )

    def _draft(self, sequence: Sequence, n_most: int) -> None:
        n_left = min(
            sequence.max_tokens - sequence.n_output,
            self._backend.info.n_ctx_seq - len(sequence.tokens),
        )
        n_max = min(n_most, n_left - 1)
        sequence.draft = []
        if sequence.drafter is None or n_max <= 0:
            return
        try:
            sequence.draft = sequence.drafter.propose(sequence.tokens, n_max)[:n_max]
        except Exception:  # noqa: BLE001 - an answer goes on without guesses
            structlog.get_logger().exception("drafter_failed", request_id=sequence.request_id)
            sequence.drafter = None

    def _is_anybody_waiting(self, live: Mapping[int, Sequence]) -> bool:
        return any(sequence.priority is not Priority.EAGER for sequence in live.values())
