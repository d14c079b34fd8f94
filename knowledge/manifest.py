"""What an index says of itself, and whether its files are still those that were written."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from .errors import IndexCorruptError

FORMAT_VERSION = 4

_FILE = "manifest.json"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an index was made with; one made with another recipe is made anew.

    Attributes:
        encoder: Name of the embedder.
        chunker: Version of the chunker.
        terms: Version of the rules that cut texts into terms.
    """

    encoder: str
    n_dimensions: int
    chunker: str
    terms: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an index says of itself.

    Attributes:
        built_at: Aware UTC.
        n_rows: Rows in use or emptied; see `passages.py`.
        n_patched: Rows changed since the index was last made as a whole.
        vectors: Name under which its vectors are kept; see `vectors.VectorHome`.
        files: Size and checksum of every file that reading does not change, by path.
    """

    recipe: Recipe
    built_at: datetime
    n_documents: int
    n_chunks: int
    n_rows: int
    n_patched: int
    vectors: str
    files: Mapping[str, str]


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write it; it comes last, so an index without one is not complete."""
    fields = {"format": FORMAT_VERSION, **asdict(manifest)}
    fields["built_at"] = manifest.built_at.isoformat()
    with (directory / _FILE).open("w", encoding="utf-8") as stream:
        json.dump(fields, stream, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())


def read_manifest(directory: Path) -> Manifest:
    """Read only what an index says of itself.

    Raises:
        IndexCorruptError: The manifest is missing, damaged or of another format.
    """
    try:
        fields = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        if fields.pop("format") != FORMAT_VERSION:
            raise IndexCorruptError(directory, "it was made by another version")
        recipe, built_at = Recipe(**fields.pop("recipe")), fields.pop("built_at")
        return Manifest(recipe=recipe, built_at=datetime.fromisoformat(built_at), **fields)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise IndexCorruptError(directory, f"manifest: {exc}") from exc


def checksums(directory: Path, files: Iterable[Path]) -> dict[str, str]:
    """Size and checksum of files, by their path under `directory`; against accidents only."""
    return {
        file.relative_to(directory).as_posix(): _checksum(file)
        for file in files
        if file.name != _FILE
    }


def check(directory: Path, manifest: Manifest, names: Iterable[str]) -> None:
    """Compare files with what was written.

    Raises:
        IndexCorruptError: One is missing or was changed; it is named.
    """
    for name in names:
        try:
            found = _checksum(directory / name)
        except OSError as exc:
            raise IndexCorruptError(directory, f"{name} is missing") from exc
        if found != manifest.files[name]:
            raise IndexCorruptError(directory, f"{name} was changed")


def _checksum(file: Path) -> str:
    value, n_bytes = 0, 0
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            value = zlib.crc32(block, value)
            n_bytes += len(block)
    return f"{n_bytes}-{value:08x}"
