"""What an index remembers of a document beside its chunks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .documents import Metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntry:
    """One indexed document.

    Attributes:
        revision: See `document_store.revision_of`.
        first_row: Its chunks are this row and the `n_chunks - 1` after it, in their order.
    """

    source: str
    path: str
    sha256: str
    revision: str
    title: str
    first_row: int
    n_chunks: int
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def rows(self) -> range:
        """The rows of its chunks."""
        return range(self.first_row, self.first_row + self.n_chunks)
