"""Vectors in an embedded Chroma: a folder of its own in every index."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.config import Settings
from chromadb.errors import ChromaError
from numpy.typing import NDArray

from .chroma_rows import add_rows, collection_setup, delete_rows, matches
from .errors import IndexCorruptError, VectorsError
from .vectors import VectorChange, VectorMatch

FOLDER = "vectors"

_DATABASE = "chroma.sqlite3"
_GRAPH_INDEX = "index_metadata.pickle"
_COLLECTION = "chunks"


class EmbeddedChroma:
    """Keeps vectors beside everything else of an index."""

    def build(self, directory: Path, vectors: NDArray[np.float32], rows: Sequence[range]) -> str:
        """See `VectorHome.build`."""
        with _writing(directory / FOLDER) as client:
            # NOTE: without an embedding function Chroma would fetch a default model when it is
            # given text; it is never given any.
            collection = client.create_collection(
                _COLLECTION,
                embedding_function=None,
                configuration=collection_setup(sum(len(span) for span in rows)),
            )
            for span in rows:
                add_rows(collection, span, vectors)
        return ""

    def patch(self, directory: Path, base: Path, name: str, change: VectorChange) -> str:
        """See `VectorHome.patch`; what is changed goes into a copy."""
        shutil.copytree(base / FOLDER, directory / FOLDER)
        with _writing(directory / FOLDER) as client:
            collection = client.get_collection(_COLLECTION, embedding_function=None)
            delete_rows(collection, change.gone)
            add_rows(collection, change.fresh, change.vectors)
        return ""

    def open(self, directory: Path, name: str, n_chunks: int) -> _OpenedChroma:
        """See `VectorHome.open`."""
        folder = directory / FOLDER
        _check_database(folder)
        with _translated(folder):
            client = _client(folder)
            try:
                collection = client.get_collection(_COLLECTION, embedding_function=None)
                n_stored = collection.count()
            except ChromaError:
                client.close()
                raise
        if n_stored != n_chunks:
            client.close()
            raise IndexCorruptError(folder, f"{n_stored} of {n_chunks} vectors")
        return _OpenedChroma(client, collection, n_chunks)

    def settle(self, name: str, gone: Sequence[range]) -> None:
        """See `VectorHome.settle`; the folders of other indices go with them."""


class _OpenedChroma:
    """See `VectorSearch`."""

    def __init__(self, client: Client, collection: chromadb.Collection, n_rows: int) -> None:
        self._client = client
        self._collection = collection
        self._n_rows = n_rows

    def search(self, vector: NDArray[np.float32], depth: int) -> list[VectorMatch]:
        n_results = min(depth, self._n_rows)
        if n_results == 0:
            return []
        try:
            return matches(self._collection, vector, n_results)
        except ChromaError as exc:
            raise VectorsError(f"the vector index cannot be searched: {exc}") from exc

    def close(self) -> None:
        self._client.close()


def stable_files(directory: Path) -> Iterable[Path]:
    """The files of an index that opening and searching leave as they were written.

    Chroma's database is touched by every client; a graph too small to be written is made anew.
    """
    for file in sorted(directory.rglob("*")):
        in_chroma = FOLDER in file.relative_to(directory).parts
        if file.is_file() and (not in_chroma or (file.parent / _GRAPH_INDEX).is_file()):
            yield file


def _client(directory: Path) -> Client:
    settings = Settings(
        anonymized_telemetry=False, is_persistent=True, persist_directory=str(directory)
    )
    return Client(settings=settings)


@contextmanager
def _writing(directory: Path) -> Generator[Client]:
    """A client for writing.

    Raises:
        VectorsError: Chroma refuses, for example because the disk is full.
    """
    try:
        with closing(_client(directory)) as client:
            yield client
    except ChromaError as exc:
        raise VectorsError(f"the vector index cannot be written: {exc}") from exc


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
