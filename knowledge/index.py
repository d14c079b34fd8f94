"""One complete, immutable index on disk: a manifest, the chunks, and both search structures.

DIRECTORY/manifest.json    identity, documents, digests of the files below
          chunks.jsonl     one chunk a line; the line number is its row everywhere else
          lexical/         BM25 arrays
          vectors/         Chroma
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .documents import Chunk, Metadata, SkippedFile
from .errors import IndexCorruptError
from .lexical import LexicalIndex
from .terms import terms
from .vectors import VectorIndex, is_stable

FORMAT_VERSION = 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an index was made with; one made with another recipe is not comparable.

    Attributes:
        encoder: Name of the embedder.
        chunker: Version of the chunker.
    """

    encoder: str
    n_dimensions: int
    chunker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntry:
    """One indexed document, as the manifest remembers it."""

    source: str
    path: str
    sha256: str
    title: str
    n_chunks: int
    metadata: Metadata = field(default_factory=Metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an index says of itself.

    Attributes:
        built_at: Aware UTC.
        files: Digest of every file that reading does not change, by path under the index.
    """

    recipe: Recipe
    built_at: datetime
    documents: tuple[DocumentEntry, ...]
    skipped: tuple[SkippedFile, ...]
    n_chunks: int
    files: Mapping[str, str]


class Index:
    """An opened index."""

    def __init__(
        self,
        manifest: Manifest,
        chunks: tuple[Chunk, ...],
        lexical: LexicalIndex,
        vectors: VectorIndex,
    ) -> None:
        self.manifest = manifest
        self.chunks = chunks
        self.lexical = lexical
        self.vectors = vectors
        self._term_sets: dict[int, frozenset[str]] = {}
        self._metadata = {(one.source, one.path): one.metadata for one in manifest.documents}

    def metadata_of(self, row: int) -> Metadata:
        """What is known of the document a chunk belongs to."""
        chunk = self.chunks[row]
        return self._metadata[chunk.source, chunk.path]

    def terms_of(self, row: int) -> frozenset[str]:
        """The distinct terms of a chunk's text, remembered."""
        found = self._term_sets.get(row)
        if found is None:
            found = self._term_sets[row] = frozenset(terms(self.chunks[row].text))
        return found

    def close(self) -> None:
        """Let go of the files; to be called once, by the owner."""
        self.vectors.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything that goes into an index; `vectors` has one row per chunk."""

    recipe: Recipe
    documents: tuple[DocumentEntry, ...]
    skipped: tuple[SkippedFile, ...]
    chunks: tuple[Chunk, ...]
    vectors: NDArray[np.float32]


def write_index(directory: Path, contents: Contents) -> None:
    """Write a complete index into a new folder; the manifest comes last."""
    directory.mkdir(parents=True)
    with (directory / "chunks.jsonl").open("w", encoding="utf-8") as stream:
        for chunk in contents.chunks:
            stream.write(json.dumps(asdict(chunk), ensure_ascii=False) + "\n")
    LexicalIndex.build([chunk.embedded_text for chunk in contents.chunks]).save(
        directory / "lexical"
    )
    VectorIndex.write(directory / "vectors", contents.vectors)
    manifest = Manifest(
        recipe=contents.recipe,
        built_at=datetime.now(UTC),
        documents=contents.documents,
        skipped=contents.skipped,
        n_chunks=len(contents.chunks),
        files=_digests(directory),
    )
    with (directory / "manifest.json").open("w", encoding="utf-8") as stream:
        json.dump(_manifest_json(manifest), stream, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())


def open_index(directory: Path) -> Index:
    """Open an index after checking that it is what was written. Blocks on disk.

    Raises:
        IndexCorruptError: Anything is missing or damaged.
    """
    manifest = read_manifest(directory)
    try:
        if _digests(directory) != manifest.files:
            raise IndexCorruptError(directory, "files are missing or were changed")
        with (directory / "chunks.jsonl").open(encoding="utf-8") as stream:
            chunks = tuple(_chunk(json.loads(line)) for line in stream)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise IndexCorruptError(directory, f"chunks: {exc}") from exc
    lexical = LexicalIndex.load(directory / "lexical", manifest.n_chunks)
    vectors = VectorIndex.open(directory / "vectors", manifest.n_chunks)
    return Index(manifest, chunks, lexical, vectors)


def read_manifest(directory: Path) -> Manifest:
    """Read only what an index says of itself.

    Raises:
        IndexCorruptError: The manifest is missing, damaged or of another format.
    """
    try:
        fields = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        if fields["format"] != FORMAT_VERSION:
            raise IndexCorruptError(directory, f"format {fields['format']} is not known")
        return Manifest(
            recipe=Recipe(**fields["recipe"]),
            built_at=datetime.fromisoformat(fields["built_at"]),
            documents=tuple(_entry(entry) for entry in fields["documents"]),
            skipped=tuple(SkippedFile(**entry) for entry in fields["skipped"]),
            n_chunks=int(fields["n_chunks"]),
            files=dict(fields["files"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise IndexCorruptError(directory, f"manifest: {exc}") from exc


def _manifest_json(manifest: Manifest) -> dict[str, Any]:
    fields = asdict(manifest)
    documents = [
        {**entry, "metadata": _metadata_json(document.metadata)}
        for entry, document in zip(fields["documents"], manifest.documents, strict=True)
    ]
    return {
        "format": FORMAT_VERSION,
        **fields,
        "documents": documents,
        "built_at": manifest.built_at.isoformat(),
    }


def _metadata_json(metadata: Metadata) -> dict[str, Any]:
    """Only what is known, so that a manifest stays short."""
    fields = {name: value for name, value in asdict(metadata).items() if value}
    if metadata.updated_at is not None:
        fields["updated_at"] = metadata.updated_at.isoformat()
    if metadata.review_by is not None:
        fields["review_by"] = metadata.review_by.isoformat()
    if metadata.groups:
        fields["groups"] = sorted(metadata.groups)
    return fields


def _entry(fields: dict[str, Any]) -> DocumentEntry:
    known = dict(fields["metadata"])
    if "updated_at" in known:
        known["updated_at"] = datetime.fromisoformat(known["updated_at"])
    if "review_by" in known:
        known["review_by"] = date.fromisoformat(known["review_by"])
    if "groups" in known:
        known["groups"] = frozenset(known["groups"])
    entry: dict[str, Any] = {**fields, "metadata": Metadata(**known)}
    return DocumentEntry(**entry)


def _chunk(fields: dict[str, Any]) -> Chunk:
    first, last = fields["lines"]
    return Chunk(
        source=fields["source"],
        path=fields["path"],
        title=fields["title"],
        heading_path=tuple(fields["heading_path"]),
        ordinal=fields["ordinal"],
        lines=(first, last),
        text=fields["text"],
        sha256=fields["sha256"],
    )


def _digests(directory: Path) -> dict[str, str]:
    """SHA-256 of every file that reading leaves alone."""
    files: dict[str, str] = {}
    for file in sorted(directory.rglob("*")):
        in_vectors = "vectors" in file.relative_to(directory).parts
        if not file.is_file() or file.name == "manifest.json":
            continue
        if not in_vectors or is_stable(file):
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            files[file.relative_to(directory).as_posix()] = digest
    return files


def documents_of(chunks: Sequence[Chunk]) -> dict[tuple[str, str], tuple[Chunk, ...]]:
    """Chunks grouped by the identity of their document, in order."""
    groups: dict[tuple[str, str], list[Chunk]] = {}
    for chunk in chunks:
        groups.setdefault((chunk.source, chunk.path), []).append(chunk)
    return {identity: tuple(group) for identity, group in groups.items()}
