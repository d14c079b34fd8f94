"""Texts on their way through the encoder: small jobs first, several jobs in one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import structlog
from numpy.typing import NDArray

from .backends.base import EncoderBackend
from .errors import InferenceError, ModelUnavailableError
from .metrics import EngineMetrics
from .request import TokenId

Vectors: TypeAlias = NDArray[np.float32]

MAX_URGENT_TEXTS = 4
"""A job of so few texts is a question somebody asked, not a document that is indexed."""


@dataclass(slots=True, kw_only=True, eq=False)
class EmbedJob:
    """Texts to embed.

    Attributes:
        inputs: One token list per text, as the encoder's `tokenize` made them; at least one.
        on_done: Called once in the engine thread with the vectors or an error.
        is_abandoned: Set by the caller when nobody waits any more.
        rows: Vectors of the inputs [0, len(rows)).
    """

    inputs: Sequence[Sequence[TokenId]]
    on_done: Callable[[Vectors | Exception], None]
    is_abandoned: bool = False
    rows: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])

    @property
    def is_urgent(self) -> bool:
        """Whether somebody is likely to wait for it."""
        return len(self.inputs) <= MAX_URGENT_TEXTS


class EmbeddingQueue:
    """Embeds jobs batch by batch. Engine thread only.

    Args:
        encoder: Owned by the caller.
    """

    def __init__(self, encoder: EncoderBackend, metrics: EngineMetrics) -> None:
        self._encoder = encoder
        self._metrics = metrics
        self._jobs: list[EmbedJob] = []

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self._jobs

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits for the next job."""
        return bool(self._jobs) and self._jobs[0].is_urgent

    def add(self, job: EmbedJob) -> None:
        """Queue a job: before those that are not urgent if it is, else at the end."""
        n_urgent = sum(other.is_urgent for other in self._jobs)
        self._jobs.insert(n_urgent if job.is_urgent else len(self._jobs), job)

    def step(self) -> None:
        """Run the encoder once, on as many of the next inputs as fit into its batch."""
        self._jobs = [job for job in self._jobs if not job.is_abandoned]
        picked = self._pick()
        if not picked:
            return
        try:
            vectors = self._encoder.embed([job.inputs[index] for job, index in picked])
        except Exception as exc:  # noqa: BLE001 - the loop's boundary: end these jobs, go on
            structlog.get_logger().exception("embedding_failed", n_texts=len(picked))
            self._fail({id(job) for job, _ in picked}, exc)
            return
        self._metrics.texts_embedded(len(picked))
        for (job, _), vector in zip(picked, vectors, strict=True):
            job.rows.append(vector)
        self._finish()

    def abandon(self) -> None:
        """End every job with an error."""
        for job in self._jobs:
            job.on_done(ModelUnavailableError("the engine is stopped"))
        self._jobs.clear()

    def _pick(self) -> list[tuple[EmbedJob, int]]:
        """The next inputs, in order; at least one if there is any."""
        picked: list[tuple[EmbedJob, int]] = []
        n_tokens = 0
        for job in self._jobs:
            for index in range(len(job.rows), len(job.inputs)):
                n_tokens += len(job.inputs[index])
                is_full = len(picked) == self._encoder.n_seq_max
                if is_full or (picked and n_tokens > self._encoder.n_batch):
                    return picked
                picked.append((job, index))
        return picked

    def _finish(self) -> None:
        for job in [job for job in self._jobs if len(job.rows) == len(job.inputs)]:
            self._jobs.remove(job)
            job.on_done(np.stack(job.rows))

    def _fail(self, ids: set[int], error: Exception) -> None:
        failed = [job for job in self._jobs if id(job) in ids]
        self._jobs = [job for job in self._jobs if id(job) not in ids]
        for job in failed:
            job.on_done(InferenceError(f"the embedding model failed: {error}"))
