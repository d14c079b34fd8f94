"""The examples' embeddings on disk, so that a start does not compute them again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class VectorFile:
    """One file per set of texts and encoder.

    Args:
        folder: Where the file is; made when needed.
        encoder: Identity of the encoder, so that vectors of another are not used.
        texts: What the vectors stand for.
    """

    def __init__(self, folder: Path, encoder: str, texts: Sequence[str]) -> None:
        content = "\0".join((encoder, *texts))
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        self._path = folder / f"router-{digest}.npy"
        self._n_texts = len(texts)

    def read(self) -> NDArray[np.float32] | None:
        """The vectors, shape (n_texts, n_dimensions), or None when there are none to use."""
        try:
            loaded: NDArray[np.float32] = np.load(self._path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return loaded if loaded.ndim == 2 and len(loaded) == self._n_texts else None

    def write(self, vectors: NDArray[np.float32]) -> None:
        """Keep the vectors; readers see all of them or none.

        Raises:
            OSError: The folder cannot be written.
        """
        buffer = io.BytesIO()
        np.save(buffer, vectors, allow_pickle=False)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(buffer.getvalue())
        fresh.replace(self._path)
