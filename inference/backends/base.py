"""The seam to whatever computes: few methods, plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..request import Sampling, SeqId, TokenId


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What a loaded model is and what it can hold.

    Attributes:
        description: For people and metrics, for example "qwen2.5-coder-1.5b-instruct-q4_k_m".
        n_ctx: Cells of the KV cache, in tokens, shared by all sequences.
        n_ctx_seq: Longest single sequence, in tokens, <= n_ctx.
        n_batch: Most rows in one `decode`.
        n_seq_max: Sequence ids are 0 <= id < n_seq_max.
        n_threads: Threads it was opened with; `set_threads` takes 1 to this many.
        identity: Hash of everything that decides what a sequence's saved state means: weights,
            library build, KV types, rope settings. Empty: states must not be saved.
        can_share_prefixes: Whether `share` works at any position; if not, only from 0 to the
            source's very end.
        chat_template: The model's own Jinja template; None when it has none.
        bos: Token that must begin every prompt; None when the model wants none.
    """

    description: str
    n_ctx: int
    n_ctx_seq: int
    n_batch: int
    n_seq_max: int
    can_share_prefixes: bool
    chat_template: str | None
    n_threads: int = 1
    identity: str = ""
    bos: TokenId | None = None
    bos_text: str = ""
    eos_text: str = ""


class Vocabulary(Protocol):
    """Text to tokens and back. Immutable, may be used from any thread."""

    def tokenize(self, text: str, *, parse_special: bool) -> list[TokenId]:
        """Tokenize without adding anything.

        Args:
            parse_special: Whether the spelling of a special token becomes that token. Only ever
                true for a template's own parts, never for text that somebody wrote.
        """
        ...

    def piece(self, token: TokenId) -> bytes:
        """The bytes of one token, possibly part of a character; empty for control tokens."""
        ...

    def is_end(self, token: TokenId) -> bool:
        """Whether the model ends its turn with this token."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Consecutive tokens of one sequence, processed together.

    Attributes:
        start: Position of the first token; the chunk covers [start, start + len(tokens)).
        n_outputs: The logits of so many last tokens will be sampled from, <= len(tokens).
    """

    seq_id: SeqId
    start: int
    tokens: Sequence[TokenId]
    n_outputs: int


class DecodeStatus(Enum):
    """How a decode call went, if it did not fail."""

    DONE = "done"
    NO_ROOM = "no_room"
    """Too few free cells; memory is as it was before."""
    ABORTED = "aborted"
    """The caller wanted it to stop; memory may hold a part of the batch."""


class Sampler(Protocol):
    """One request's way of choosing tokens; remembers what it chose. Engine thread only."""

    def sample(self, row: int) -> TokenId:
        """Choose the token that follows a row of the last batch.

        Args:
            row: Index into the rows of the last `decode`; it must have asked for logits.

        Raises:
            GrammarError: The grammar allows no token here.
        """
        ...

    def close(self) -> None:
        """Free native memory; further calls are errors. Idempotent."""
        ...


class Backend(Protocol):
    """A generating model with its KV cache. Engine thread only, except `info` and `vocabulary`."""

    @property
    def info(self) -> ModelInfo:
        """What was loaded."""
        ...

    @property
    def vocabulary(self) -> Vocabulary:
        """The model's tokens."""
        ...

    def decode(
        self, chunks: Sequence[Chunk], *, should_abort: Callable[[], bool] | None = None
    ) -> DecodeStatus:
        """Process a batch, adding its tokens to memory.

        Rows are numbered through the chunks in order; at most `info.n_batch` in all.

        Args:
            should_abort: Asked every few milliseconds; once it says yes the batch is given up.

        Raises:
            DecodeError: The batch failed; see `is_memory_intact`.
        """
        ...

    def sampler(self, sampling: Sampling, grammar: str | None) -> Sampler:
        """Make a sampler.

        Raises:
            GrammarError: The grammar is invalid.
        """
        ...

    def share(self, source: SeqId, target: SeqId, *, start: int, stop: int) -> None:
        """Let `target` share the cells [start, stop) of `source`; copies no data.

        `target` holds exactly [0, start) or more; its own cells in [start, stop) are dropped.
        """
        ...

    def truncate(self, seq_id: SeqId, n_tokens: int) -> None:
        """Drop a sequence's cells from position `n_tokens` on; 0 drops them all."""
        ...

    def n_tokens(self, seq_id: SeqId) -> int:
        """How many tokens of a sequence memory holds, from position 0 on without holes."""
        ...

    def read_state(self, seq_id: SeqId) -> bytes:
        """Serialise a sequence's cells; means something only to a backend of equal identity."""
        ...

    def write_state(self, seq_id: SeqId, state: bytes) -> bool:
        """Restore cells into an empty sequence.

        The caller has verified that `state` is what `read_state` returned.

        Returns:
            Whether it worked; if not (no room, not understood), the sequence is empty.
        """
        ...

    def set_threads(self, n_threads: int) -> None:
        """Compute the next steps with so many threads, 1 <= n_threads <= info.n_threads."""
        ...

    def reset(self) -> None:
        """Build the context anew; all sequences are empty afterwards."""
        ...

    def close(self) -> None:
        """Free everything. Idempotent."""
        ...


class EncoderBackend(Protocol):
    """A model that turns text into one vector. Engine thread only, except `tokenize`."""

    @property
    def name(self) -> str:
        """Identity: model and content hash."""
        ...

    @property
    def n_dimensions(self) -> int:
        """Length of a vector."""
        ...

    @property
    def n_ctx(self) -> int:
        """Longest input in tokens, special tokens included."""
        ...

    @property
    def n_batch(self) -> int:
        """Most tokens in one `embed`, >= n_ctx."""
        ...

    @property
    def n_seq_max(self) -> int:
        """Most inputs in one `embed`."""
        ...

    def tokenize(self, text: str) -> list[TokenId]:
        """Tokenize with the encoder's special tokens, truncated to `n_ctx`. Any thread."""
        ...

    def embed(self, batch: Sequence[Sequence[TokenId]]) -> NDArray[np.float32]:
        """Embed inputs that `tokenize` returned.

        Returns:
            Shape (len(batch), n_dimensions), rows L2-normalised.

        Raises:
            DecodeError: The encoder failed.
        """
        ...

    def close(self) -> None:
        """Free everything. Idempotent."""
        ...
