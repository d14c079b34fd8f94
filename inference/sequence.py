"""One request's token stream while it is live. Engine thread only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .backends.base import Sampler
from .detokenize import TextAssembler
from .request import Event, GenerationStats, Priority, Sampling, SeqId, TokenId
from .speculation.drafter import Drafter


@dataclass(slots=True, kw_only=True, eq=False)
class Sequence:
    """A prompt and what was generated after it.

    Tokens [0, n_cells) are in memory, [n_cells, len(tokens)) are still to be decoded; when none is
    left, the next one is sampled. Prefill, decode and the repair after a preemption are therefore
    the same operation.

    Attributes:
        order: Rank of arrival.
        n_pinned: Leading prompt tokens to be pinned once they are in memory.
        max_tokens: Upper bound of generated tokens; 0 prefills only.
        deadline_mono: When it ends as cancelled; None: never.
        emit: Takes the request's events; must not block.
        tokens: Prompt, then generated tokens; begins as a copy of the prompt.
        draft: Guessed tokens to be verified with the next one.
        seq_id: Held while the sequence has cells or is about to get some.
        n_cached: Prompt tokens that came from the prefix cache when the request started.
        last_rows_mono: When it last had rows in a batch, or arrived.
        is_restored: Whether saved states were looked through for its prefix.
    """

    request_id: str
    order: int
    priority: Priority
    prompt: tuple[TokenId, ...]
    max_tokens: int
    sampling: Sampling
    grammar: str | None
    n_pinned: int
    assembler: TextAssembler
    emit: Callable[[Event], None]
    submitted_mono: float
    deadline_mono: float | None = None

    tokens: list[TokenId] = field(init=False)
    n_cells: int = 0
    draft: list[TokenId] = field(default_factory=list[TokenId])
    seq_id: SeqId | None = None
    sampler: Sampler | None = None
    drafter: Drafter | None = None
    is_restored: bool = False
    n_cached: int = 0
    n_output: int = 0
    n_drafted: int = 0
    n_accepted: int = 0
    last_rows_mono: float = field(init=False)
    started_mono: float | None = None
    first_mono: float | None = None
    last_mono: float | None = None

    def __post_init__(self) -> None:
        self.tokens = list(self.prompt)
        self.last_rows_mono = self.submitted_mono

    @property
    def n_pending(self) -> int:
        """Tokens that are known but not in memory yet."""
        return len(self.tokens) - self.n_cells

    @property
    def is_decoding(self) -> bool:
        """Whether it answers and has only its newest token to compute."""
        return self.n_output > 0 and self.n_pending == 1

    @property
    def output(self) -> tuple[TokenId, ...]:
        """What was generated so far."""
        return tuple(self.tokens[len(self.prompt) :])

    def note_token(self, now_mono: float) -> float | None:
        """Record that a token was produced; returns the seconds since the one before, if any."""
        before, self.last_mono = self.last_mono, now_mono
        if self.first_mono is None:
            self.first_mono = now_mono
        return None if before is None else now_mono - before

    def close(self) -> None:
        """Free the sampler and the drafter. Idempotent."""
        if self.sampler is not None:
            self.sampler.close()
        if self.drafter is not None:
            self.drafter.close()

    def stats(self) -> GenerationStats:
        """What the request cost so far."""
        queue_ms, ttft_ms, tpot_ms = 0.0, None, None
        if self.started_mono is not None:
            queue_ms = (self.started_mono - self.submitted_mono) * 1000
        if self.first_mono is not None:
            ttft_ms = (self.first_mono - self.submitted_mono) * 1000
        if self.first_mono is not None and self.last_mono is not None and self.n_output > 1:
            tpot_ms = (self.last_mono - self.first_mono) * 1000 / (self.n_output - 1)
        return GenerationStats(
            n_prompt=len(self.prompt),
            n_cached=self.n_cached,
            n_output=self.n_output,
            n_drafted=self.n_drafted,
            n_accepted=self.n_accepted,
            queue_ms=queue_ms,
            ttft_ms=ttft_ms,
            tpot_ms=tpot_ms,
        )
