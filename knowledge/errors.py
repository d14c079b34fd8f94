"""Errors of this package.

KnowledgeError
├── SourceError          a source as a whole cannot be read
├── SyncBusyError        another sync of the same directory is running
├── UnusableDocumentError one document cannot be made text of; the others can
├── EmbeddingError       the embedder returned something unusable
├── StoreError           the stored documents cannot be read or written
├── WriteError           the next index cannot be written, such as on a full disk
├── VectorsError         the vector index cannot be written or searched now
└── IndexCorruptError    a stored index cannot be read; the next sync rebuilds it
"""

from __future__ import annotations

from pathlib import Path


class KnowledgeError(Exception):
    """Base of everything this package raises on purpose; the message is fit for people."""


class SourceError(KnowledgeError):
    """A source as a whole cannot be read.

    Args:
        place: A path or an address; must hold no credentials.
        reason: In a few words.
    """

    def __init__(self, place: Path | str, reason: str) -> None:
        super().__init__(f"{place} cannot be read: {reason}")
        self.place = place
        self.reason = reason


class UnusableDocumentError(KnowledgeError):
    """One document cannot be made text of; the message is the reason, in a few words."""


class SyncBusyError(KnowledgeError):
    """Another sync of the same knowledge directory is running."""

    def __init__(self, directory: Path) -> None:
        super().__init__("another sync of this knowledge base is running; try again when it ends")
        self.directory = directory


class StoreError(KnowledgeError):
    """The file with the stored documents cannot be read or written.

    Attributes:
        is_damaged: The file itself is bad; a sync sets it aside and fills a new one.
    """

    def __init__(self, file: Path, reason: str, *, is_damaged: bool = False) -> None:
        super().__init__(f"the stored documents cannot be used ({file}: {reason})")
        self.is_damaged = is_damaged
        self.file = file
        self.reason = reason


class EmbeddingError(KnowledgeError):
    """The embedder's answer does not have the promised shape or holds non-finite numbers."""


class WriteError(KnowledgeError):
    """The next index cannot be written; the one before keeps serving."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(
            f"the new index cannot be written to {directory} ({reason}); the old one keeps serving"
        )
        self.directory = directory
        self.reason = reason


class VectorsError(KnowledgeError):
    """The vector index cannot be written or searched now; the message says which and why."""


class IndexCorruptError(KnowledgeError):
    """A stored index cannot be used; the next sync rebuilds it."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(f"the stored index is unusable ({reason}); a sync rebuilds it")
        self.directory = directory
        self.reason = reason
