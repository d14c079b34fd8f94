"""A backend that notes when each decode began and ended, around any other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference import Sampling
from inference.backends.base import Backend, Chunk, DecodeStatus, ModelInfo, Sampler, Vocabulary
from inference.request import SeqId, TokenId


@dataclass(frozen=True, slots=True, kw_only=True)
class Decode:
    """One call of the library; times in seconds of `time.perf_counter`."""

    n_rows: int
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


class EndlessVocabulary:
    """A vocabulary whose model never ends its turn, so that answers have the length asked for."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def tokenize(self, text: str, *, parse_special: bool) -> list[TokenId]:
        """See `Vocabulary.tokenize`."""
        return self._vocabulary.tokenize(text, parse_special=parse_special)

    def piece(self, token: TokenId) -> bytes:
        """See `Vocabulary.piece`."""
        return self._vocabulary.piece(token)

    def is_end(self, token: TokenId) -> bool:
        """Whatever the token is, there is more to come."""
        return False


class TimedBackend:
    """Satisfies `Backend` with another one.

    Where the library computes beside the CPU, a decode may return before it is done; then the time
    of reading its logits counts as the caller's.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._vocabulary = EndlessVocabulary(backend.vocabulary)
        self._decodes: list[Decode] = []

    def take(self) -> tuple[Decode, ...]:
        """The calls since the last time, in order. Only while nothing is computed."""
        taken, self._decodes = tuple(self._decodes), []
        return taken

    @property
    def info(self) -> ModelInfo:
        """See `Backend.info`."""
        return self._backend.info

    @property
    def vocabulary(self) -> Vocabulary:
        """The model's tokens, none of which ends an answer."""
        return self._vocabulary

    def decode(
        self, chunks: Sequence[Chunk], *, should_abort: Callable[[], bool] | None = None
    ) -> DecodeStatus:
        """Decode and note how long it took; see `Backend.decode`."""
        began = time.perf_counter()
        status = self._backend.decode(chunks, should_abort=should_abort)
        ended = time.perf_counter()
        n_rows = sum(len(chunk.tokens) for chunk in chunks)
        self._decodes.append(Decode(n_rows=n_rows, began=began, ended=ended))
        return status

    def sampler(self, sampling: Sampling, grammar: str | None) -> Sampler:
        """See `Backend.sampler`."""
        return self._backend.sampler(sampling, grammar)

    def share(self, source: SeqId, target: SeqId, *, start: int, stop: int) -> None:
        """See `Backend.share`."""
        self._backend.share(source, target, start=start, stop=stop)

    def truncate(self, seq_id: SeqId, n_tokens: int) -> None:
        """See `Backend.truncate`."""
        self._backend.truncate(seq_id, n_tokens)

    def n_tokens(self, seq_id: SeqId) -> int:
        """See `Backend.n_tokens`."""
        return self._backend.n_tokens(seq_id)

    def read_state(self, seq_id: SeqId) -> bytes:
        """See `Backend.read_state`."""
        return self._backend.read_state(seq_id)

    def write_state(self, seq_id: SeqId, state: bytes) -> bool:
        """See `Backend.write_state`."""
        return self._backend.write_state(seq_id, state)

    def set_threads(self, n_threads: int) -> None:
        """See `Backend.set_threads`."""
        self._backend.set_threads(n_threads)

    def reset(self) -> None:
        """See `Backend.reset`."""
        self._backend.reset()

    def close(self) -> None:
        """See `Backend.close`."""
        self._backend.close()
