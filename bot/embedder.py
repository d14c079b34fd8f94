"""The engine as the knowledge base's embedder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference import Engine, InferenceError
from knowledge import EmbeddingError


class EngineEmbedder:
    """Implements `knowledge.Embedder`; `name` and `n_dimensions` are known after one `embed`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        """Identity of the encoder (model and content hash)."""
        return self._engine.encoder_name

    @property
    def n_dimensions(self) -> int:
        """Length of a vector."""
        return self._engine.n_dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts, waiting for the encoder to be loaded.

        Raises:
            EmbeddingError: The encoder is not available or failed.
        """
        try:
            return await self._engine.embed(texts)
        except InferenceError as exc:
            raise EmbeddingError(str(exc)) from exc
