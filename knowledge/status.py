"""What a knowledge base holds as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from .manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a knowledge base holds.

    Attributes:
        encoder: Name of the embedder the index was made with; empty when there is no index.
        built_at: Aware UTC, or None when there is no index.
        trouble: Why the stored index cannot be used; a sync repairs it. Empty when all is well.
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
