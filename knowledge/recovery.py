"""When the stored documents are damaged or gone: save what can be saved, lose nothing silently."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

import structlog

from .document_store import DocumentStore, document_of_row, revision_of
from .documents import Document, Format
from .entries import DocumentEntry
from .index import Index, salvage
from .manifest import Recipe
from .passages import Passages
from .plan import is_comparable

_FROM_INDEX = "the stored documents were damaged; these were recovered from the index, sync again"


def is_lost(store: DocumentStore, index: Index | None) -> bool:
    """Whether the store knows nothing of what the index holds."""
    return index is not None and bool(index.documents) and store.is_new()


def recover(store: DocumentStore, index: Index | None) -> None:
    """Set a damaged store aside and fill a new one from it, then from the index. Blocks on disk.

    A document recovered from the index has its passages as text, and no digest: the next sync of
    its source reads it anew.

    Raises:
        StoreError: The new store cannot be written either.
    """
    damaged = store.set_aside()
    saved = list(_readable(damaged)) if damaged is not None else []
    store.add(saved, "recovered")
    known = {(one.source, one.path) for one in saved}
    documents = index.documents if index is not None else ()
    lost = [one for one in documents if (one.source, one.path) not in known]
    for source, entries in groupby(lost, lambda one: one.source):
        its = [_rebuilt(one, index) for one in entries if index is not None]
        store.add(its, "recovered")
        store.note_trouble(source, "recovered", _FROM_INDEX)
    structlog.get_logger().warning(
        "knowledge_documents_recovered",
        damaged_file=str(damaged or ""),
        n_from_file=len(saved),
        n_from_index=len(lost),
    )


def salvaged(folders: Iterable[Path], recipe: Recipe) -> list[Passages]:
    """What is left of unusable indices and has vectors of this encoder; to be closed after use."""
    found: list[Passages] = []
    for one in map(salvage, folders):
        if one is not None and is_comparable(one[0].recipe, recipe):
            found.append(one[1])
        elif one is not None:
            one[1].close()
    return found


def _readable(file: Path) -> Iterator[Document]:
    """The documents in a damaged file that are certainly what was stored."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        for number in _numbers(connection):
            try:
                row = connection.execute(
                    "SELECT source, path, sha256, format, text, metadata, revision "
                    "FROM documents WHERE id = ?",
                    (number,),
                ).fetchone()
                document = document_of_row(row[:6])
            except (sqlite3.Error, ValueError, TypeError):
                continue
            if revision_of(document) == row[6]:
                yield document


def _numbers(connection: sqlite3.Connection) -> range:
    try:
        (last,) = connection.execute("SELECT max(id) FROM documents").fetchone()
    except sqlite3.Error:
        return range(0)
    return range(1, (last or 0) + 1)


def _rebuilt(entry: DocumentEntry, index: Index) -> Document:
    return Document(
        source=entry.source,
        path=entry.path,
        text="\n\n".join(index.chunks[row].text for row in entry.rows),
        format=Format.MARKDOWN,
        sha256="",
        metadata=entry.metadata,
    )
