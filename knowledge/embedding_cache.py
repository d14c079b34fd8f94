"""Vectors of an index that is being made, kept so that a sync which is killed can go on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import StoreError

_FILE = "embeddings.sqlite3"
_PER_QUERY = 500
_KEEP_EVERY_S = 0.5
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    encoder TEXT NOT NULL, digest BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (encoder, digest)
)
"""


class EmbeddingCache:
    """One SQLite file in the knowledge directory. Blocks on disk.

    It can always be made anew, so one that is damaged is thrown away.
    """

    def __init__(self, directory: Path) -> None:
        self._file = directory / _FILE

    def find(self, encoder: str, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Vectors of texts by their digest; unknown texts are left out."""
        if not self._file.exists():
            return {}
        found: dict[bytes, NDArray[np.float32]] = {}
        with self._opened() as rows:
            for start in range(0, len(digests), _PER_QUERY):
                part = digests[start : start + _PER_QUERY]
                marks = ",".join("?" * len(part))
                query = (
                    f"SELECT digest, vector FROM vectors WHERE encoder = ? AND digest IN ({marks})"  # noqa: S608
                )
                for digest, vector in rows.execute(query, (encoder, *part)):
                    found[digest] = np.frombuffer(vector, dtype=np.float32)
        return found

    def keep(self, encoder: str, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Remember vectors; when it returns, they survive the end of this process."""
        with self._opened() as rows:
            its = ((encoder, digest, vector.tobytes()) for digest, vector in vectors.items())
            rows.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", its)

    def clear(self) -> None:
        """Forget everything: an index holds it now."""
        for ending in ("", "-wal", "-shm", "-journal"):
            self._file.with_name(self._file.name + ending).unlink(missing_ok=True)

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        """A connection; what it wrote is committed at the end.

        Raises:
            StoreError: The file cannot be read or written.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connected()) as connection, connection:
                yield connection
        except (sqlite3.Error, OSError) as exc:
            if _is_damaged(exc):
                self.clear()
            raise StoreError(self._file, str(exc)) from exc

    def _connected(self) -> sqlite3.Connection:
        try:
            return _prepared(self._file)
        except sqlite3.DatabaseError as exc:
            if not _is_damaged(exc):
                raise
            self.clear()
            return _prepared(self._file)


class Keeping:
    """Puts vectors into the cache now and then, as each time costs a write to the disk."""

    def __init__(self, cache: EmbeddingCache, encoder: str) -> None:
        self._cache = cache
        self._encoder = encoder
        self._pending: dict[bytes, NDArray[np.float32]] = {}
        self._kept_mono = time.monotonic()

    def add(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Remember vectors; those of a slow encoder at once, so that they survive this process."""
        self._pending.update(vectors)
        if time.monotonic() - self._kept_mono >= _KEEP_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Remember what is left."""
        if self._pending:
            self._cache.keep(self._encoder, self._pending)
        self._pending.clear()
        self._kept_mono = time.monotonic()


def _is_damaged(exc: Exception) -> bool:
    """Whether SQLite complains about the file itself, not about the disk or a lock."""
    return type(exc) is sqlite3.DatabaseError


def _prepared(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
