"""The vector index: an embedded Chroma collection that only ever sees our own embeddings."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.config import Settings
from chromadb.errors import ChromaError
from numpy.typing import NDArray

from .errors import IndexCorruptError

_DATABASE = "chroma.sqlite3"
_GRAPH_INDEX = "index_metadata.pickle"

_COLLECTION = "chunks"
_ROWS_PER_WRITE = 1000

_EFFORT = 200
"""Candidates the graph search keeps; twice the depth asked for, so that nothing near is missed."""


@dataclass(frozen=True, slots=True)
class VectorMatch:
    """A chunk's row number and the cosine similarity of its vector, in [-1, 1]."""

    row: int
    cosine: float


class VectorIndex:
    """Vectors of all chunks of one index, by row number. Read-only; safe to share by threads."""

    def __init__(self, client: Client, collection: chromadb.Collection, n_rows: int) -> None:
        self._client = client
        self._collection = collection
        self._n_rows = n_rows

    @staticmethod
    def write(directory: Path, vectors: NDArray[np.float32]) -> None:
        """Write a new index.

        Args:
            directory: An empty or missing folder.
            vectors: Shape (n_rows, n_dimensions), rows L2-normalised.
        """
        # Chroma writes its graph when this many rows have come; the last one completes it.
        n_persisted = max(2, len(vectors))
        client = _client(directory)
        try:
            # NOTE: without an embedding function Chroma would fetch a default model when it is
            # given text; it is never given any.
            collection = client.create_collection(
                _COLLECTION,
                embedding_function=None,
                configuration={
                    "hnsw": {
                        "space": "cosine",
                        "ef_construction": _EFFORT,
                        "ef_search": _EFFORT,
                        "batch_size": min(_ROWS_PER_WRITE, n_persisted),
                        "sync_threshold": n_persisted,
                    }
                },
            )
            for start in range(0, len(vectors), _ROWS_PER_WRITE):
                part = vectors[start : start + _ROWS_PER_WRITE]
                ids = [str(row) for row in range(start, start + len(part))]
                collection.add(ids=ids, embeddings=part)
        finally:
            client.close()

    @classmethod
    def open(cls, directory: Path, n_rows: int) -> VectorIndex:
        """Open a written index.

        Raises:
            IndexCorruptError: It is damaged, missing, or does not hold `n_rows` vectors.
        """
        _check_database(directory)
        with _translated(directory):
            client = _client(directory)
            try:
                collection = client.get_collection(_COLLECTION, embedding_function=None)
                n_stored = collection.count()
            except ChromaError:
                client.close()
                raise
        if n_stored != n_rows:
            client.close()
            raise IndexCorruptError(directory, f"{n_stored} of {n_rows} vectors")
        return cls(client, collection, n_rows)

    def search(
        self, vector: NDArray[np.float32], depth: int, rows: Sequence[int] | None = None
    ) -> list[VectorMatch]:
        """The nearest rows, best first.

        Args:
            vector: Shape (n_dimensions,), L2-normalised.
            depth: Most matches returned.
            rows: The only rows to consider; None considers all.

        Raises:
            IndexCorruptError: The files went bad since they were opened.
        """
        n_results = min(depth, self._n_rows if rows is None else len(rows))
        if n_results == 0:
            return []
        with _translated(Path()):
            found = self._collection.query(
                query_embeddings=vector[None, :],
                n_results=n_results,
                ids=None if rows is None else [str(row) for row in rows],
                include=["distances"],
            )
        distances = (found["distances"] or [[]])[0]
        return [
            VectorMatch(int(row), 1.0 - float(distance))
            for row, distance in zip(found["ids"][0], distances, strict=True)
        ]

    def read(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """Stored vectors of rows, in that order; shape (len(rows), n_dimensions), rows > 0."""
        with _translated(Path()):
            found = self._collection.get(ids=[str(row) for row in rows], include=["embeddings"])
        place = {int(row): at for at, row in enumerate(found["ids"])}
        stored = np.asarray(found["embeddings"], dtype=np.float32)
        return stored[[place[row] for row in rows]]

    def close(self) -> None:
        """Let go of the files. The index must not be used afterwards."""
        self._client.close()


def is_stable(file: Path) -> bool:
    """Whether opening and searching leave a file of a vector index as it was written.

    The database is touched by every client; a graph too small to be written is made anew.
    """
    return not file.name.startswith(_DATABASE) and (file.parent / _GRAPH_INDEX).is_file()


def _client(directory: Path) -> Client:
    settings = Settings(
        anonymized_telemetry=False, is_persistent=True, persist_directory=str(directory)
    )
    return Client(settings=settings)


@contextmanager
def _translated(directory: Path) -> Generator[None]:
    try:
        yield
    except ChromaError as exc:
        raise IndexCorruptError(directory, f"vector part: {exc}") from exc


def _check_database(directory: Path) -> None:
    """Look at the database before Chroma's native code does; it is less careful."""
    file = directory / _DATABASE
    if not file.is_file():
        raise IndexCorruptError(directory, "vector part is missing")
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as exc:
        raise IndexCorruptError(directory, f"vector part: {exc}") from exc
    if verdict != ("ok",):
        raise IndexCorruptError(directory, f"vector part: {verdict[0]}")
