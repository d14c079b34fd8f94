"""What a knowledge base holds as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from .document_store import DocumentStore
from .errors import StoreError
from .manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a knowledge base holds.

    Attributes:
        encoder: Name of the embedder the index was made with; empty when there is no index.
        built_at: Aware UTC, or None when there is no index.
        trouble: Why the index or the stored documents cannot be used; a sync repairs them. Empty
            when all is well.
    """

    n_documents: int
    n_chunks: int
    n_skipped: int
    encoder: str
    built_at: datetime | None
    trouble: str

    @classmethod
    def of(cls, manifest: Manifest, n_skipped: int, trouble: str) -> Self:
        """The state of an index that can be searched."""
        return cls(
            n_documents=manifest.n_documents,
            n_chunks=manifest.n_chunks,
            n_skipped=n_skipped,
            encoder=manifest.recipe.encoder,
            built_at=manifest.built_at,
            trouble=trouble,
        )


def skipped_in(store: DocumentStore) -> tuple[int, str]:
    """How many files were skipped, and why that cannot be said; empty when it can. Blocks on disk."""
    try:
        return sum(len(one.skipped) for one in store.sources()), ""
    except StoreError as exc:
        return 0, str(exc)
