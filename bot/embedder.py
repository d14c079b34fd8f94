"""The engine's encoder as the knowledge base wants it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from inference import InferenceError, InferenceService
from knowledge.errors import EmbeddingError


class EngineEmbedder:
    """The engine's encoder as the knowledge base wants it; waits until it is loaded."""

    def __init__(self, engine: InferenceService) -> None:
        """Embed with a started engine."""
        self._engine = engine

    @property
    def name(self) -> str:
        """See `knowledge.embedding.Embedder`.

        Raises:
            EmbeddingError: The encoder is not loaded.
        """
        with _as_embedding_error():
            return self._engine.encoder_name

    @property
    def n_dimensions(self) -> int:
        """See `knowledge.embedding.Embedder`.

        Raises:
            EmbeddingError: The encoder is not loaded.
        """
        with _as_embedding_error():
            return self._engine.n_dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `knowledge.embedding.Embedder`.

        Raises:
            EmbeddingError: There is no encoder, or it failed.
        """
        with _as_embedding_error():
            await self._engine.encoder_ready()
            return await self._engine.embed(texts)


@contextmanager
def _as_embedding_error() -> Generator[None, None, None]:
    try:
        yield
    except InferenceError as exc:
        raise EmbeddingError(str(exc)) from exc
