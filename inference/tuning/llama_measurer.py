"""Measures with the real library. Models stay loaded while two settings are compared."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..backends.base import Backend, Chunk, DecodeStatus
from ..backends.options import LlamaOptions
from ..errors import DecodeError
from ..models.inspect import ModelFacts
from ..request import SeqId, TokenId
from .measuring import Sample
from .tuned_settings import TunedSettings

_N_LOADED = 2
_PROMPT = (
    "An on-call engineer asks why checkout requests fail. The log shows: ERROR pool exhausted,"
    " 50 of 50 connections in use, oldest query 312 s. WARN retrying payment 4711. The last deploy"
    " was 20 minutes ago. In one paragraph, the most probable cause is"
)
_N_ANSWER = 16
_LOGIT_TOLERANCE = 0.02
"""Largest difference of a logit, relative to the range of all logits."""

_SEQ, _BASE = SeqId(0), SeqId(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What one sample computes.

    Attributes:
        n_cached: Cells in use before it starts.
        n_prefill: Tokens prefilled.
        n_decode: Tokens decoded one at a time.
    """

    n_cached: int
    n_prefill: int
    n_decode: int


class LogitsBackend(Backend, Protocol):
    """A backend whose logits can be looked at."""

    def logits(self, row: int) -> NDArray[np.float32]:
        """The logits of a row of the last batch, shape (n_vocab,); valid until the next decode."""
        ...


@dataclass(frozen=True, slots=True)
class _Answer:
    tokens: tuple[TokenId, ...]
    logits: NDArray[np.float32]


class LlamaMeasurer:
    """Runs a model with the settings to be measured. Not thread-safe.

    Args:
        open_backend: Loads the model.
        facts: Of the model, for estimates of memory.
        base: Options that are not tuned; `n_ctx` is what the engine will run with.
        workload: What a sample computes.
        most_threads: Most threads that will be asked for.
        clock: Seconds.
    """

    def __init__(
        self,
        open_backend: Callable[[LlamaOptions], LogitsBackend],
        facts: ModelFacts,
        base: LlamaOptions,
        workload: Workload,
        *,
        most_threads: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._open_backend = open_backend
        self._facts = facts
        self._base = base
        self._workload = workload
        self._most_threads = most_threads
        self._clock = clock
        self._loaded: OrderedDict[LlamaOptions, LogitsBackend] = OrderedDict()
        self._answers: dict[LlamaOptions, _Answer] = {}

    def sample(self, settings: TunedSettings) -> Sample:
        """See `Measurer`: prefill by chunks after what is cached, then decode."""
        backend, work = self._ready(settings), self._workload
        self._fill(backend, work.n_cached)
        prefill_s = self._prefill(backend, work.n_cached, work.n_prefill, settings.n_chunk)
        position = work.n_cached + work.n_prefill
        begin = self._clock()
        for index in range(work.n_decode):
            _decode(backend, position + index, _tokens(position + index, 1))
        return Sample(
            prefill_token_s=prefill_s / work.n_prefill,
            decode_token_s=(self._clock() - begin) / work.n_decode,
        )

    def step_s(self, settings: TunedSettings, *, n_rows: int, n_cells: int) -> float:
        """See `Measurer`: the rows follow one another in one sequence, like a draft's."""
        backend = self._ready(settings)
        self._fill(backend, n_cells)
        begin = self._clock()
        _decode(backend, n_cells, _tokens(n_cells, n_rows), n_outputs=n_rows)
        return self._clock() - begin

    def memory_bytes(self, settings: TunedSettings) -> int:
        """See `Measurer`: weights, keys and values, working buffers for logits and activations."""
        facts = self._facts
        memory = facts.memory(self._base.n_ctx)
        kv_bytes = memory.kv_bytes * settings.kv_type.bytes_per_value / 2
        n_floats = settings.n_ubatch * (facts.n_vocab + 40 * facts.n_embd)
        return int(memory.weights_bytes + kv_bytes + 4 * n_floats)

    def has_equal_output(self, settings: TunedSettings, reference: TunedSettings) -> bool:
        """See `Measurer`; the text is compared over a few greedily chosen tokens."""
        one, other = self._answer(settings), self._answer(reference)
        if one.tokens == other.tokens:
            return True
        spread = float(other.logits.max() - other.logits.min())
        difference = float(np.abs(one.logits - other.logits).max())
        return one.tokens[:1] == other.tokens[:1] and difference <= _LOGIT_TOLERANCE * spread

    def close(self) -> None:
        """Free every model. Idempotent."""
        while self._loaded:
            self._loaded.popitem()[1].close()

    def _ready(self, settings: TunedSettings) -> LogitsBackend:
        options = self._options(settings)
        backend = self._loaded.get(options)
        if backend is None:
            while len(self._loaded) >= _N_LOADED:
                self._loaded.popitem(last=False)[1].close()
            backend = self._loaded[options] = self._open_backend(options)
            _decode(backend, 0, _tokens(0, 2))
        self._loaded.move_to_end(options)
        backend.set_threads(settings.n_threads)
        return backend

    def _options(self, settings: TunedSettings) -> LlamaOptions:
        """Settings that differ only in threads share a model; the context holds one sample."""
        work = self._workload
        n_ctx = work.n_cached + work.n_prefill + work.n_decode + settings.n_ubatch
        options = settings.options(self._base)
        n_ctx = -(-n_ctx // 256) * 256
        return replace(options, n_ctx=n_ctx, n_seq_max=4, n_threads=self._most_threads)

    def _fill(self, backend: Backend, n_cells: int) -> None:
        """Have exactly so many cells in use; what was computed for an earlier sample is shared."""
        backend.truncate(_SEQ, 0)
        n_have = backend.n_tokens(_BASE)
        if n_have < n_cells:
            self._prefill(backend, n_have, n_cells - n_have, backend.info.n_batch, seq_id=_BASE)
        elif n_have > n_cells:
            backend.truncate(_BASE, n_cells)
        if n_cells:
            backend.share(_BASE, _SEQ, start=0, stop=n_cells)

    def _prefill(
        self, backend: Backend, start: int, n_tokens: int, n_chunk: int, seq_id: SeqId = _SEQ
    ) -> float:
        begin = self._clock()
        stop = start + n_tokens
        for position in range(start, stop, n_chunk):
            tokens = _tokens(position, min(n_chunk, stop - position))
            _decode(backend, position, tokens, seq_id=seq_id)
        return self._clock() - begin

    def _answer(self, settings: TunedSettings) -> _Answer:
        options = self._options(settings)
        if options not in self._answers:
            self._answers[options] = _write(self._ready(settings))
        return self._answers[options]


def _write(backend: LogitsBackend) -> _Answer:
    """Continue the fixed prompt greedily; keeps the logits that follow the prompt."""
    backend.truncate(_SEQ, 0)
    prompt = backend.vocabulary.tokenize(_PROMPT, parse_special=False)
    _decode(backend, 0, prompt)
    logits = backend.logits(len(prompt) - 1).copy()
    first, written = logits, list[TokenId]()
    for index in range(_N_ANSWER):
        written.append(TokenId(int(logits.argmax())))
        if index < _N_ANSWER - 1:
            _decode(backend, len(prompt) + index, written[-1:])
            logits = backend.logits(0).copy()
    return _Answer(tuple(written), first)


def _decode(
    backend: Backend,
    start: int,
    tokens: Sequence[TokenId],
    *,
    seq_id: SeqId = _SEQ,
    n_outputs: int = 1,
) -> None:
    chunk = Chunk(seq_id=seq_id, start=start, tokens=tokens, n_outputs=n_outputs)
    if backend.decode([chunk]) is not DecodeStatus.DONE:
        raise DecodeError(1, is_memory_intact=True)


def _tokens(start: int, n_tokens: int) -> list[TokenId]:
    """Tokens that depend on nothing but their positions; what they mean does not matter."""
    return [TokenId(100 + position * 37 % 400) for position in range(start, start + n_tokens)]
