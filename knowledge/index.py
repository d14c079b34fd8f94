"""One complete, immutable index on disk: a manifest, the passages, and both search structures.

DIRECTORY/manifest.json       identity and checksums of the files below
          passages.sqlite3    documents and chunks; a chunk's row is its number everywhere else
          vectors.npy         one row a chunk
          lexical/            postings
          vectors/            Chroma, unless a server keeps it
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import structlog
from numpy.typing import NDArray

from .access import Reader
from .chroma_embedded import FOLDER as VECTOR_FOLDER
from .documents import Chunk, Metadata
from .entries import DocumentEntry
from .errors import IndexCorruptError, VectorsError
from .lexical import LexicalIndex
from .manifest import Manifest, check, read_manifest
from .passages import TEXTS, VECTORS, Passages
from .terms import terms
from .vectors import VectorHome, VectorMatch, VectorSearch, exact
from .widening import Place

if TYPE_CHECKING:
    from .retriever import SearchFilter

LEXICAL_FOLDER = "lexical"

_N_READERS = 64
_N_TERM_SETS = 4096

_FEW_ROWS = 50_000
"""Up to this many chunks, looking at every one is as fast as the graph, and misses nothing."""

_MANY = 0.3
"""From this share of allowed rows on, looking deeper and leaving out the others is cheaper."""


class Index:
    """An opened index.

    Attributes:
        chunks: By row; only the rows in use.
        trouble: Why it should be made anew although it can be searched; empty when all is well.
        vector_trouble: Why the last search looked at every vector itself; empty when it did not.
    """

    def __init__(
        self,
        directory: Path,
        manifest: Manifest,
        passages: Passages,
        lexical: LexicalIndex,
        vectors: VectorSearch | None,
        trouble: str = "",
    ) -> None:
        self.directory = directory
        self.manifest = manifest
        self.chunks = passages
        self.lexical = lexical
        self.trouble = trouble
        self.vector_trouble = ""
        self._vectors = vectors
        self._used = passages.document_of_row >= 0
        self._entry_at = {(one.source, one.path): one for one in passages.documents}
        self._allowed = lru_cache(_N_READERS)(self._rows_allowed)
        self.terms_of = lru_cache(_N_TERM_SETS)(self._terms_of)

    @property
    def documents(self) -> tuple[DocumentEntry, ...]:
        """Every document, by source and path."""
        return self.chunks.documents

    def metadata_of(self, row: int) -> Metadata:
        """What is known of the document a chunk belongs to."""
        return self.chunks.entry_of(row).metadata

    def rows_allowed(self, only: SearchFilter, reader: Reader) -> NDArray[np.bool_] | None:
        """Rows that may be found, remembered for each reader; None when all may.

        Returns:
            Shape (n_rows,), not to be changed.
        """
        return self._allowed(only, reader)

    def _rows_allowed(self, only: SearchFilter, reader: Reader) -> NDArray[np.bool_] | None:
        documents = np.fromiter(
            (only.allows(one) and reader.may_read(one.metadata.groups) for one in self.documents),
            dtype=np.bool_,
            count=len(self.documents),
        )
        if documents.all():
            return None
        # The number of an empty row is -1, which is the place appended here.
        return np.append(documents, False)[self.chunks.document_of_row]

    def _terms_of(self, row: int) -> frozenset[str]:
        """The distinct terms of a chunk's text, remembered."""
        return frozenset(terms(self.chunks[row].text))

    def nearest(
        self, vector: NDArray[np.float32], depth: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[VectorMatch]:
        """The nearest chunks, best first; exact when the vector index cannot be searched.

        Args:
            vector: Shape (n_dimensions,), L2-normalised.
            depth: Most matches returned.
            allowed: Shape (n_rows,); False hides a row. None allows all.
        """
        rows = self._used if allowed is None else allowed
        wanted = min(depth, int(np.count_nonzero(rows)))
        found = self._from_graph(vector, wanted, rows) if wanted else []
        if len(found) < wanted:
            return exact(self.chunks.vectors, vector, depth, rows)
        return found

    def _from_graph(
        self, vector: NDArray[np.float32], wanted: int, rows: NDArray[np.bool_]
    ) -> list[VectorMatch]:
        """Matches from the vector index; fewer than wanted when it is not fit for these rows."""
        share = np.count_nonzero(rows) / max(1, self.manifest.n_chunks)
        is_small = self.manifest.n_chunks <= _FEW_ROWS
        if self._vectors is None or is_small or share < _MANY:
            return []
        try:
            found = self._vectors.search(vector, wanted if share == 1 else int(wanted * 2 / share))
        except VectorsError as exc:
            if not self.vector_trouble:
                structlog.get_logger().warning("searching_vectors_one_by_one", reason=str(exc))
            self.vector_trouble = str(exc)
            return []
        self.vector_trouble = ""
        return [one for one in found if one.row < len(rows) and rows[one.row]][:wanted]

    def chunk_at(self, place: Place) -> Chunk | None:
        """The chunk at a place of a document, None where there is none."""
        source, path, ordinal = place
        entry = self._entry_at.get((source, path))
        if entry is None or not 0 <= ordinal < entry.n_chunks:
            return None
        return self.chunks[entry.rows[ordinal]]

    def close(self) -> None:
        """Let go of the files; to be called once, by the owner."""
        self.chunks.close()
        if self._vectors is not None:
            self._vectors.close()


def open_index(directory: Path, home: VectorHome) -> Index:
    """Open an index after checking that it is what was written. Blocks on disk.

    When only the part with the graph of vectors is bad, the index can be searched and says so.

    Raises:
        IndexCorruptError: Anything else is missing or damaged.
    """
    manifest = read_manifest(directory)
    graph = [name for name in manifest.files if name.startswith(f"{VECTOR_FOLDER}/")]
    check(directory, manifest, manifest.files.keys() - set(graph))
    lexical = LexicalIndex.load(directory / LEXICAL_FOLDER, manifest.n_rows)
    passages = _open_passages(directory, manifest)
    try:
        check(directory, manifest, graph)
        vectors = home.open(directory, manifest.vectors, manifest.n_chunks)
    except IndexCorruptError as exc:
        return Index(directory, manifest, passages, lexical, None, exc.reason)
    return Index(directory, manifest, passages, lexical, vectors)


def _open_passages(directory: Path, manifest: Manifest) -> Passages:
    passages = Passages.open(directory)
    expected = (manifest.n_documents, manifest.n_rows, manifest.recipe.n_dimensions)
    if (len(passages.documents), *passages.vectors.shape) != expected:
        passages.close()
        raise IndexCorruptError(directory, "passages do not fit the manifest")
    return passages


def salvage(directory: Path) -> tuple[Manifest, Passages] | None:
    """The passages of an index whose other parts are bad, for their vectors; None: also bad."""
    try:
        manifest = read_manifest(directory)
        check(directory, manifest, (TEXTS, VECTORS))
        return manifest, _open_passages(directory, manifest)
    except (IndexCorruptError, KeyError):
        return None
