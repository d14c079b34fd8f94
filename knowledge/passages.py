"""The chunks of one index on disk: their texts and places in SQLite, their vectors in one array.

A chunk's row is its number everywhere in an index. The rows of a document follow one another; rows
of documents that are gone stay empty until the whole index is made anew.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .documents import Chunk
from .entries import DocumentEntry
from .errors import IndexCorruptError
from .metadata_json import metadata_from_json
from .postings import mapped

TEXTS = "passages.sqlite3"
VECTORS = "vectors.npy"

_N_REMEMBERED = 2048
_PER_QUERY = 500


class Passages:
    """Opened chunks, read from disk as they are needed. Read-only; safe to share by threads."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        documents: tuple[DocumentEntry, ...],
        vectors: NDArray[np.float32],
    ) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._remembered: OrderedDict[int, Chunk] = OrderedDict()
        self.documents = documents
        self.vectors = vectors
        self.document_of_row = _document_of_row(documents, len(vectors))

    @classmethod
    def open(cls, directory: Path) -> Passages:
        """Open written passages.

        Raises:
            IndexCorruptError: They are missing or damaged.
        """
        try:
            vectors: NDArray[np.float32] = mapped(directory / VECTORS)
            connection = sqlite3.connect(
                f"{(directory / TEXTS).absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                check_same_thread=False,
            )
        except (OSError, ValueError, EOFError, sqlite3.Error) as exc:
            raise IndexCorruptError(directory, f"passages: {exc}") from exc
        try:
            return cls(connection, _documents(connection), vectors)
        except (ValueError, TypeError, IndexError, sqlite3.Error) as exc:
            connection.close()
            raise IndexCorruptError(directory, f"passages: {exc}") from exc

    def __len__(self) -> int:
        """How many rows there are, the empty ones included."""
        return len(self.vectors)

    def __getitem__(self, row: int) -> Chunk:
        """The chunk in a row.

        Raises:
            IndexError: The row is empty.
        """
        with self._lock:
            found = self._remembered.get(row)
            if found is None:
                found = self._remembered[row] = self._read(row)
            self._remembered.move_to_end(row)
            if len(self._remembered) > _N_REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    def _read(self, row: int) -> Chunk:
        entry = self.entry_of(row)
        found = self._connection.execute(
            "SELECT ordinal, heading_path, first_line, last_line, text FROM chunks WHERE row = ?",
            (row,),
        ).fetchone()
        if found is None:
            raise IndexError(row)
        ordinal, heading_path, first, last, text = found
        return Chunk(
            source=entry.source,
            path=entry.path,
            title=entry.title,
            heading_path=tuple(json.loads(heading_path)),
            ordinal=ordinal,
            lines=(first, last),
            text=text,
            sha256=entry.sha256,
        )

    def entry_of(self, row: int) -> DocumentEntry:
        """The document a row belongs to.

        Raises:
            IndexError: The row is empty.
        """
        number = int(self.document_of_row[row])
        if number < 0:
            raise IndexError(row)
        return self.documents[number]

    def rows_of_texts(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """A row for each embedded text, by its digest; texts that no row has are left out."""
        found: dict[bytes, int] = {}
        with self._lock:
            for start in range(0, len(digests), _PER_QUERY):
                part = digests[start : start + _PER_QUERY]
                marks = ",".join("?" * len(part))
                query = f"SELECT digest, row FROM chunks WHERE digest IN ({marks})"  # noqa: S608
                found.update(self._connection.execute(query, part).fetchall())
        return found

    def close(self) -> None:
        """Let go of the files. The passages must not be used afterwards."""
        with self._lock:
            self._connection.close()


def _documents(connection: sqlite3.Connection) -> tuple[DocumentEntry, ...]:
    found: Iterator[tuple[str, str, str, str, str, int, int, str]] = connection.execute(
        "SELECT source, path, sha256, revision, title, first_row, n_chunks, metadata "
        "FROM documents ORDER BY source, path"
    )
    return tuple(
        DocumentEntry(
            source=source,
            path=path,
            sha256=sha256,
            revision=revision,
            title=title,
            first_row=first_row,
            n_chunks=n_chunks,
            metadata=metadata_from_json(json.loads(metadata)),
        )
        for source, path, sha256, revision, title, first_row, n_chunks, metadata in found
    )


def _document_of_row(documents: Sequence[DocumentEntry], n_rows: int) -> NDArray[np.int32]:
    """The number of each row's document; -1 for an empty row."""
    numbers = np.full(n_rows, -1, dtype=np.int32)
    for number, one in enumerate(documents):
        if one.rows.stop > n_rows:
            raise IndexError(one.rows.stop)
        numbers[one.rows.start : one.rows.stop] = number
    return numbers
