"""An encoder that computes with fewer threads while other programs want the cores.

Its threads meet at barriers as a generator's do: on two cores with a neighbour on each, one thread
embeds several times as many texts as two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .backends.base import EncoderBackend
from .pace import PhasePace
from .request import TokenId


class ThreadedEncoder(EncoderBackend, Protocol):
    """An encoder whose threads can be changed between two batches."""

    @property
    def n_threads(self) -> int:
        """Most threads."""
        ...

    def set_threads(self, n_threads: int) -> None:
        """Compute the next batches with so many threads, 1 <= n_threads <= self.n_threads."""
        ...


class PacedEncoder:
    """The encoder inside, with its threads adapted by how long batches take; see `ThreadController`.

    Args:
        encoder: Owned by this one.
        clock: Monotonic seconds.
    """

    def __init__(
        self, encoder: ThreadedEncoder, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._encoder = encoder
        self._clock = clock
        self._pace = PhasePace(encoder.n_threads)
        self._n_threads = encoder.n_threads

    @property
    def name(self) -> str:
        """See `EncoderBackend`."""
        return self._encoder.name

    @property
    def n_dimensions(self) -> int:
        """See `EncoderBackend`."""
        return self._encoder.n_dimensions

    @property
    def n_ctx(self) -> int:
        """See `EncoderBackend`."""
        return self._encoder.n_ctx

    @property
    def n_batch(self) -> int:
        """See `EncoderBackend`."""
        return self._encoder.n_batch

    @property
    def n_seq_max(self) -> int:
        """See `EncoderBackend`."""
        return self._encoder.n_seq_max

    def tokenize(self, text: str) -> list[TokenId]:
        """See `EncoderBackend`."""
        return self._encoder.tokenize(text)

    def embed(self, batch: Sequence[Sequence[TokenId]]) -> NDArray[np.float32]:
        """See `EncoderBackend`; a batch that fails teaches nothing."""
        n_rows = sum(map(len, batch))
        n_threads = self._pace.threads_for(n_rows)
        if n_threads != self._n_threads:
            self._encoder.set_threads(n_threads)
            self._n_threads = n_threads
        began = self._clock()
        vectors = self._encoder.embed(batch)
        now = self._clock()
        self._pace.observe(n_rows=n_rows, n_cells=0, seconds=now - began, now=now)
        return vectors

    def close(self) -> None:
        """See `EncoderBackend`."""
        self._encoder.close()
