"""The chunks of an index that is being made: copied from the one before, then changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .documents import Chunk, Document
from .entries import DocumentEntry
from .metadata_json import metadata_to_json
from .passages import TEXTS, VECTORS

_SCHEMA = """
CREATE TABLE documents (
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    revision TEXT NOT NULL,
    title TEXT NOT NULL,
    first_row INTEGER NOT NULL,
    n_chunks INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (source, path)
);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY,
    ordinal INTEGER NOT NULL,
    heading_path TEXT NOT NULL,
    first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL,
    digest BLOB NOT NULL,
    header TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX chunks_digest ON chunks (digest);
"""
_INSERT = "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def digest_of(text: str) -> bytes:
    """What tells one embedded text from another."""
    return hashlib.sha256(text.encode("utf-8")).digest()[:16]


class PassagesDraft:
    """Writes passages into a new folder. One thread at a time.

    Args:
        directory: Exists; holds nothing of them yet.
        base: Folder of the passages to go on from; None starts without any.
        n_rows: Rows in use there.
    """

    def __init__(self, directory: Path, base: Path | None, n_rows: int) -> None:
        self._directory = directory
        self._base = base
        self.first_fresh = n_rows
        self.n_rows = n_rows
        if base is not None:
            shutil.copyfile(base / TEXTS, directory / TEXTS)
        self._connection = sqlite3.connect(directory / TEXTS, check_same_thread=False)
        # NOTE: a draft that is not finished is thrown away, so nothing needs to be undone in it.
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        if base is None:
            self._connection.executescript(_SCHEMA)

    def forget(self, entries: Iterable[DocumentEntry]) -> None:
        """Empty the rows of documents."""
        for one in entries:
            span = (one.rows.start, one.rows.stop)
            self._connection.execute("DELETE FROM chunks WHERE row >= ? AND row < ?", span)
            self._connection.execute(
                "DELETE FROM documents WHERE source = ? AND path = ?", (one.source, one.path)
            )

    def put(self, document: Document, revision: str, chunks: Sequence[Chunk]) -> None:
        """Write a document's chunks into the rows after the last."""
        title = chunks[0].title if chunks else document.metadata.title or document.path
        known = json.dumps(metadata_to_json(document.metadata), ensure_ascii=False)
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.source, document.path, document.sha256, revision, title,
                self.n_rows, len(chunks), known,
            ),
        )  # fmt: skip
        rows = (_row(at, chunk) for at, chunk in enumerate(chunks, start=self.n_rows))
        self._connection.executemany(_INSERT, rows)
        self.n_rows += len(chunks)

    def fresh_digests(self) -> list[bytes]:
        """Digest of the embedded text of every row that was put, in order."""
        found = self._connection.execute(
            "SELECT digest FROM chunks WHERE row >= ? ORDER BY row", (self.first_fresh,)
        )
        return [digest for (digest,) in found]

    def texts(self, rows: Iterable[int]) -> list[str]:
        """The embedded texts of rows, in that order."""
        query = "SELECT header, text FROM chunks WHERE row = ?"
        found = (self._connection.execute(query, (row,)).fetchone() for row in rows)
        return [f"{header}\n{text}" for header, text in found]

    def fresh_texts(self) -> Iterator[str]:
        """The embedded text of every row that was put, in order."""
        found = self._connection.execute(
            "SELECT header, text FROM chunks WHERE row >= ? ORDER BY row", (self.first_fresh,)
        )
        return (f"{header}\n{text}" for header, text in found)

    def open_vectors(self, n_dimensions: int) -> NDArray[np.float32]:
        """The array of all vectors, those of the base filled in; what is written to it is kept."""
        file = self._directory / VECTORS
        empty = np.zeros((0, n_dimensions), dtype=np.float32)
        np.save(file, empty)
        if not self.n_rows:
            return empty
        vectors = np.lib.format.open_memmap(file, "w+", np.float32, (self.n_rows, n_dimensions))
        with file.open("r+b") as stream:  # a full disk is an error here, not a crash later
            os.posix_fallocate(stream.fileno(), 0, file.stat().st_size)
        if self._base is not None and self.first_fresh:
            vectors[: self.first_fresh] = np.load(self._base / VECTORS, mmap_mode="r")
        return vectors

    def finish(self) -> None:
        """Complete the files; call it once, last."""
        self._connection.commit()
        self._connection.close()

    def abandon(self) -> None:
        """Let go of the files, whatever state they are in."""
        with suppress(sqlite3.Error):
            self._connection.close()


def _row(row: int, chunk: Chunk) -> tuple[object, ...]:
    return (
        row,
        chunk.ordinal,
        json.dumps(chunk.heading_path, ensure_ascii=False),
        *chunk.lines,
        digest_of(chunk.embedded_text),
        chunk.header,
        chunk.text,
    )
