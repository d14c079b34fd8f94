"""Where the vectors of an index are searched: one narrow seam, and the exact search itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class VectorMatch:
    """A chunk's row number and the cosine similarity of its vector, in [-1, 1]."""

    row: int
    cosine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorChange:
    """How the vectors of an index differ from those of the one before.

    Attributes:
        vectors: Shape (n_rows, n_dimensions), L2-normalised; rows that are empty mean nothing.
        gone: Rows that became empty.
        fresh: Rows that were added after the last one.
    """

    vectors: NDArray[np.float32]
    gone: tuple[range, ...]
    fresh: range


class VectorSearch(Protocol):
    """The vectors of one index, opened for searching; safe to share by threads."""

    def search(self, vector: NDArray[np.float32], depth: int) -> list[VectorMatch]:
        """The nearest rows, best first; may hold rows that the index does not use.

        Args:
            vector: Shape (n_dimensions,), L2-normalised.
            depth: Most matches returned.

        Raises:
            VectorsError: It cannot be searched now.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections. The search must not be used afterwards."""
        ...


class VectorHome(Protocol):
    """Keeps the vectors of indices, each in its folder or under its name."""

    def build(self, directory: Path, vectors: NDArray[np.float32], rows: Sequence[range]) -> str:
        """Keep the vectors of a new index.

        Args:
            directory: The folder of the index.
            rows: The rows in use.

        Returns:
            The name under which they are kept; empty when `directory` says it all.

        Raises:
            VectorsError: They could not be kept.
        """
        ...

    def patch(self, directory: Path, base: Path, name: str, change: VectorChange) -> str:
        """Keep the vectors of a new index, going on from those of another, which stays usable.

        Args:
            base: The folder of that index.
            name: Under which its vectors are kept.
        """
        ...

    def open(self, directory: Path, name: str, n_chunks: int) -> VectorSearch:
        """Open what is kept.

        Args:
            n_chunks: How many vectors it must hold at least.

        Raises:
            IndexCorruptError: It is damaged or missing.
        """
        ...

    def settle(self, name: str, gone: Sequence[range]) -> None:
        """Clean up after an index became the current one: nobody opens the others any more."""
        ...


def exact(
    vectors: NDArray[np.float32],
    vector: NDArray[np.float32],
    depth: int,
    allowed: NDArray[np.bool_],
) -> list[VectorMatch]:
    """The nearest of the allowed rows, best first, by looking at every one."""
    rows = np.flatnonzero(allowed)
    if not len(rows):
        return []
    is_most = 5 * len(rows) > len(allowed)
    cosines = _cosines(vectors, vector)[rows] if is_most else _cosines(vectors[rows], vector)
    if len(rows) > depth:
        best = np.argpartition(-cosines, depth - 1)[:depth]
        rows, cosines = rows[best], cosines[best]
    order = np.argsort(-cosines, kind="stable")
    return [VectorMatch(int(rows[at]), float(cosines[at])) for at in order]


def _cosines(vectors: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    # NOTE: not `@`: above some thousand rows that starts several threads, which wait for one
    # another for a hundred times longer than the sums take where other programs want the cores.
    return np.einsum("ij,j->i", vectors, vector)
