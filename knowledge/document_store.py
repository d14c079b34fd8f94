"""Every document's text as it was last read, by source; what is searched is derived from it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .documents import Document, Format, Metadata, SkippedFile
from .errors import StoreError
from .metadata_json import metadata_from_json, metadata_to_json

_FILE = "documents.sqlite3"
_VERSION = 1
_BUSY_S = 30.0
_SCHEMA = """
CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    setup TEXT NOT NULL,
    synced_at TEXT,
    trouble TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    format TEXT NOT NULL,
    text TEXT NOT NULL,
    metadata TEXT NOT NULL,
    revision TEXT NOT NULL,
    UNIQUE (source, path)
);
CREATE TABLE skipped (
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (source, path)
) WITHOUT ROWID;
"""
_SELECT_ONE = """
SELECT source, path, sha256, format, text, metadata FROM documents WHERE source = ? AND path = ?
"""
_SELECT_METADATA = "SELECT metadata FROM documents WHERE source = ? AND path = ?"
_USED = 1
_PUT = """
INSERT INTO documents (source, path, sha256, format, text, metadata, revision)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source, path) DO UPDATE SET
    sha256 = excluded.sha256, format = excluded.format, text = excluded.text,
    metadata = excluded.metadata, revision = excluded.revision
WHERE revision <> excluded.revision
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSource:
    """What is remembered of a source.

    Attributes:
        setup: Digest of how it was set up when it was last read.
        synced_at: When it was last read without trouble, aware UTC.
        trouble: Why it could not be read the last time; empty when it could.
    """

    name: str
    kind: str
    setup: str
    synced_at: datetime | None
    trouble: str
    n_documents: int
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A stored document without its text.

    Attributes:
        revision: Digest of everything that is stored of it.
    """

    source: str
    path: str
    sha256: str
    revision: str


def revision_of(document: Document) -> str:
    """Digest of everything that is stored of a document."""
    known = json.dumps(metadata_to_json(document.metadata), sort_keys=True)
    parts = (document.sha256, document.format.value, known, document.text)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class DocumentStore:
    """One SQLite file in the knowledge directory. Blocks on disk; safe to share by threads."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / _FILE

    def known(self, source: str) -> dict[str, str]:
        """The sha256 of every stored document of a source, by path."""
        with self._reading() as rows:
            found = rows.execute("SELECT path, sha256 FROM documents WHERE source = ?", (source,))
            return dict(found.fetchall())

    def setup_of(self, source: str) -> str | None:
        """Digest of how a source was set up when it was last read; None: it never was."""
        with self._reading() as rows:
            found = rows.execute("SELECT setup FROM sources WHERE name = ?", (source,)).fetchone()
            return None if found is None else found[0]

    def stored(self) -> tuple[StoredKey, ...]:
        """Every stored document, in the order of source and path."""
        with self._reading() as rows:
            found = rows.execute(
                "SELECT source, path, sha256, revision FROM documents ORDER BY source, path"
            )
            return tuple(
                StoredKey(source=source, path=path, sha256=sha256, revision=revision)
                for source, path, sha256, revision in found
            )

    def documents(self, identities: Iterable[tuple[str, str]]) -> Iterator[Document]:
        """Stored documents in the order asked for; unknown ones are left out."""
        with self._reading() as rows:
            for source, path in identities:
                row = rows.execute(_SELECT_ONE, (source, path)).fetchone()
                if row is not None:
                    yield document_of_row(row)

    def document(self, source: str, path: str) -> Document | None:
        """One stored document, or None."""
        return next(self.documents([(source, path)]), None)

    def groups_of(
        self, identities: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], frozenset[str]] | None:
        """Who may read documents now; those that are not stored are left out.

        Returns:
            None when nothing was ever stored here, so that nothing can be said.
        """
        found: dict[tuple[str, str], frozenset[str]] = {}
        with self._reading() as rows:
            if _is_new(rows):
                return None
            for identity in identities:
                row = rows.execute(_SELECT_METADATA, identity).fetchone()
                if row is not None:
                    found[identity] = metadata_from_json(json.loads(row[0])).groups
        return found

    def is_new(self) -> bool:
        """Whether nothing was ever stored here; it is not new when all of it was removed."""
        with self._reading() as rows:
            return _is_new(rows)

    def metadata(self) -> tuple[tuple[str, str, Metadata], ...]:
        """Source, path and metadata of every stored document, without its text."""
        with self._reading() as rows:
            found = rows.execute(
                "SELECT source, path, metadata FROM documents ORDER BY source, path"
            ).fetchall()
        return tuple(
            (source, path, metadata_from_json(json.loads(known))) for source, path, known in found
        )

    def sources(self) -> tuple[StoredSource, ...]:
        """Every source that was ever read and not removed, by name."""
        with self._reading() as rows:
            counts = dict(
                rows.execute("SELECT source, count(*) FROM documents GROUP BY source").fetchall()
            )
            skipped: dict[str, list[SkippedFile]] = {}
            for source, path, reason in rows.execute("SELECT source, path, reason FROM skipped"):
                skipped.setdefault(source, []).append(SkippedFile(path=path, reason=reason))
            found = rows.execute(
                "SELECT name, kind, setup, synced_at, trouble FROM sources ORDER BY name"
            ).fetchall()
        return tuple(
            StoredSource(
                name=name,
                kind=kind,
                setup=setup,
                synced_at=datetime.fromisoformat(synced_at) if synced_at else None,
                trouble=trouble,
                n_documents=counts.get(name, 0),
                skipped=tuple(skipped.get(name, ())),
            )
            for name, kind, setup, synced_at, trouble in found
        )

    def replace(
        self,
        source: str,
        kind: str,
        *,
        setup: str,
        changed: Iterable[Document],
        kept: Iterable[str],
        skipped: Iterable[SkippedFile],
    ) -> None:
        """Make a source hold these documents and no others, all at once.

        Args:
            changed: Documents to store; iterated while the change is under way.
            kept: Paths of stored documents that stay as they are.
        """
        with self._writing() as rows:
            rows.execute("CREATE TEMP TABLE seen (path TEXT PRIMARY KEY) WITHOUT ROWID")
            for document in changed:
                _put(rows, document)
                rows.execute("INSERT OR IGNORE INTO seen VALUES (?)", (document.path,))
            rows.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((path,) for path in kept))
            rows.execute(
                "DELETE FROM documents WHERE source = ? AND path NOT IN (SELECT path FROM seen)",
                (source,),
            )
            rows.execute("DROP TABLE seen")
            rows.execute("DELETE FROM skipped WHERE source = ?", (source,))
            rows.executemany(
                "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?)",
                ((source, one.path, one.reason) for one in skipped),
            )
            _note_source(rows, source, kind, setup, datetime.now(UTC).isoformat())

    def add(self, documents: Iterable[Document], kind: str) -> None:
        """Store documents beside what their sources hold; one of the same identity is replaced."""
        with self._writing() as rows:
            for source in {document.source: None for document in _put_all(rows, documents)}:
                _note_source(rows, source, kind, "", datetime.now(UTC).isoformat())

    def note_trouble(self, source: str, kind: str, trouble: str) -> None:
        """Remember that a source could not be read; what is stored of it stays."""
        with self._writing() as rows:
            rows.execute(
                "INSERT INTO sources VALUES (?, ?, '', NULL, ?) "
                "ON CONFLICT (name) DO UPDATE SET trouble = excluded.trouble",
                (source, kind, trouble),
            )

    def remove(self, source: str, path: str | None) -> int:
        """Forget a source, or one document of it.

        Returns:
            How many documents are gone.
        """
        with self._writing() as rows:
            if path is not None:
                gone = rows.execute(
                    "DELETE FROM documents WHERE source = ? AND path = ?", (source, path)
                )
                return gone.rowcount
            gone = rows.execute("DELETE FROM documents WHERE source = ?", (source,))
            rows.execute("DELETE FROM skipped WHERE source = ?", (source,))
            rows.execute("DELETE FROM sources WHERE name = ?", (source,))
            return gone.rowcount

    def check(self) -> None:
        """Look through the whole file.

        Raises:
            StoreError: It is damaged.
        """
        with self._reading() as rows:
            (verdict,) = rows.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)

    def set_aside(self) -> Path | None:
        """Rename the file, so that the next use begins a new one; None when there is none.

        Returns:
            Where it is now.
        """
        if not self._file.exists():
            return None
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        place = self._file.with_name(f"{self._file.name}.damaged-{stamp}")
        for ending in ("-wal", "-shm", ""):
            part = self._file.with_name(self._file.name + ending)
            if part.exists():
                part.rename(f"{place}{ending}")
        return place

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with self._connected() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"PRAGMA application_id = {_USED}")
            yield connection
            connection.commit()

    @contextmanager
    def _connected(self) -> Generator[sqlite3.Connection]:
        """A connection of its own; what is not committed in it never happened.

        Raises:
            StoreError: The file is damaged, of a newer version, or cannot be written.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(
                sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None)
            ) as connection:
                _prepare(connection)
                yield connection
        except (sqlite3.Error, OSError) as exc:
            is_damaged = type(exc) is sqlite3.DatabaseError
            raise StoreError(self._file, str(exc), is_damaged=is_damaged) from exc


def _prepare(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == _VERSION:
        return
    if version > _VERSION:
        raise sqlite3.NotSupportedError(
            f"it is of version {version}, which is newer than this program"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in _SCHEMA.strip().split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.commit()


def _is_new(rows: sqlite3.Connection) -> bool:
    # NOTE: files of earlier versions have no mark, yet name the sources they hold.
    (mark,) = rows.execute("PRAGMA application_id").fetchone()
    return mark != _USED and rows.execute("SELECT 1 FROM sources LIMIT 1").fetchone() is None


def _put_all(rows: sqlite3.Connection, documents: Iterable[Document]) -> Generator[Document]:
    for document in documents:
        _put(rows, document)
        yield document


def _put(rows: sqlite3.Connection, document: Document) -> None:
    known = json.dumps(metadata_to_json(document.metadata), ensure_ascii=False, sort_keys=True)
    rows.execute(
        _PUT,
        (
            document.source, document.path, document.sha256, document.format.value,
            document.text, known, revision_of(document),
        ),
    )  # fmt: skip


def _note_source(
    rows: sqlite3.Connection, source: str, kind: str, setup: str, synced_at: str
) -> None:
    rows.execute(
        "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, '')", (source, kind, setup, synced_at)
    )


def document_of_row(row: tuple[str, str, str, str, str, str]) -> Document:
    """A document from its columns.

    Raises:
        ValueError, TypeError: They are none.
    """
    source, path, sha256, format_, text, known = row
    fields: Mapping[str, object] = json.loads(known)
    return Document(
        source=source,
        path=path,
        text=text,
        format=Format(format_),
        sha256=sha256,
        metadata=metadata_from_json(fields),
    )
