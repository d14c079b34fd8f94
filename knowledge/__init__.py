"""Documents in, cited passages out."""

from .access import ANYBODY, OWNER, Reader
from .base import KnowledgeBase, Status
from .documents import (
    Answerability,
    Document,
    Format,
    Hit,
    Metadata,
    SearchResult,
    SkippedFile,
    SourceOutcome,
    SourceStatus,
    SyncProgress,
    SyncReport,
    SyncStage,
)
from .embedding import Embedder
from .errors import (
    EmbeddingError,
    IndexCorruptError,
    KnowledgeError,
    SourceError,
    StoreError,
    SyncBusyError,
)
from .retriever import SearchFilter
from .sources import Source
from .sources.defaults import SourceDefaults
from .sources.folder import FolderSource
from .sources.spec import SourceSpec, source_of
from .terms import identifiers, terms
from .tokens import estimate_tokens

__all__ = [
    "ANYBODY",
    "OWNER",
    "Answerability",
    "Document",
    "Embedder",
    "EmbeddingError",
    "FolderSource",
    "Format",
    "Hit",
    "IndexCorruptError",
    "KnowledgeBase",
    "KnowledgeError",
    "Metadata",
    "Reader",
    "SearchFilter",
    "SearchResult",
    "SkippedFile",
    "Source",
    "SourceDefaults",
    "SourceError",
    "SourceOutcome",
    "SourceSpec",
    "SourceStatus",
    "Status",
    "StoreError",
    "SyncBusyError",
    "SyncProgress",
    "SyncReport",
    "SyncStage",
    "estimate_tokens",
    "identifiers",
    "source_of",
    "terms",
]
