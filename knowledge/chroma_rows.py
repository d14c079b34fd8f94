"""Rows in a Chroma collection, embedded or on a server: the same calls, our own numbers as ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from numpy.typing import NDArray

from .vectors import VectorMatch

if TYPE_CHECKING:
    import chromadb

_EFFORT = 200
"""Candidates the graph search keeps; twice the depth asked for, so that nothing near is missed."""

_BUILD_EFFORT = 100
"""Candidates kept while the graph is made: twice as many take twice as long and find no more."""

_ROWS_PER_WRITE = 1000


def collection_setup(n_rows: int) -> CreateCollectionConfiguration:
    """How a collection is set up that will hold this many rows.

    Chroma writes its graph when `sync_threshold` rows have come; the last one completes it.
    """
    n_persisted = max(2, n_rows)
    return {
        "hnsw": {
            "space": "cosine",
            "ef_construction": _BUILD_EFFORT,
            "ef_search": _EFFORT,
            "batch_size": min(_ROWS_PER_WRITE, n_persisted),
            "sync_threshold": n_persisted,
        }
    }


def add_rows(collection: chromadb.Collection, rows: range, vectors: NDArray[np.float32]) -> None:
    """Store the vectors of rows; those already there are replaced."""
    for start in range(rows.start, rows.stop, _ROWS_PER_WRITE):
        part = range(start, min(start + _ROWS_PER_WRITE, rows.stop))
        its = np.array(vectors[part.start : part.stop])
        collection.upsert(ids=[str(row) for row in part], embeddings=its)


def delete_rows(collection: chromadb.Collection, gone: Sequence[range]) -> None:
    """Forget the vectors of rows."""
    rows = [row for span in gone for row in span]
    for start in range(0, len(rows), _ROWS_PER_WRITE):
        collection.delete(ids=[str(row) for row in rows[start : start + _ROWS_PER_WRITE]])


def matches(
    collection: chromadb.Collection, vector: NDArray[np.float32], n_results: int
) -> list[VectorMatch]:
    """The nearest rows, best first."""
    found = collection.query(
        query_embeddings=vector[None, :], n_results=n_results, include=["distances"]
    )
    distances = (found["distances"] or [[]])[0]
    return [
        VectorMatch(int(row), 1.0 - float(distance))
        for row, distance in zip(found["ids"][0], distances, strict=True)
    ]
