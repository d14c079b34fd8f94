"""What a knowledge base holds as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
