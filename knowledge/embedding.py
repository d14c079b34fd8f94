"""The seam to whatever turns text into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import EmbeddingError


class Embedder(Protocol):
    """Text in, unit vectors out."""

    @property
    def name(self) -> str:
        """Identity of the encoder (model and content hash); an index made by another is rebuilt.

        Like `n_dimensions` it is only asked for after an `embed` has returned.
        """
        ...

    @property
    def n_dimensions(self) -> int:
        """Length of a vector."""
        ...

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts.

        Returns:
            Array of shape (len(texts), n_dimensions), rows L2-normalised. Texts longer than the
            encoder's context are truncated.
        """
        ...


async def embed_checked(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed, and hold the embedder to its promise.

    Raises:
        EmbeddingError: The shape is wrong or a number is not finite.
    """
    vectors = np.asarray(await embedder.embed(texts), dtype=np.float32)
    if vectors.shape != (len(texts), embedder.n_dimensions):
        raise EmbeddingError(
            f"expected {len(texts)} vectors of {embedder.n_dimensions} numbers, "
            f"got an array of shape {vectors.shape}"
        )
    if not np.isfinite(vectors).all():
        raise EmbeddingError("a vector holds a number that is not finite")
    return vectors
