"""An embedder without a model: terms hashed into a vector. It knows words, not meaning.

Deterministic, so tests can use the real index with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .terms import terms


class HashEmbedder:
    """Implements `Embedder`: texts that share terms are similar."""

    def __init__(self, n_dimensions: int = 256) -> None:
        self._n_dimensions = n_dimensions

    @property
    def name(self) -> str:
        """Changes with the length of the vectors."""
        return f"hash-{self._n_dimensions}"

    @property
    def n_dimensions(self) -> int:
        """Length of a vector."""
        return self._n_dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; one without terms gets the first unit vector."""
        vectors = np.zeros((len(texts), self._n_dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                digest = hashlib.sha256(term.encode()).digest()
                place = int.from_bytes(digest[:4], "big") % self._n_dimensions
                vectors[row, place] += 1.0 if digest[4] % 2 else -1.0
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / norms).astype(np.float32)
