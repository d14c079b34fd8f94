"""Documents in, cited passages out."""

from .access import ANYBODY, OWNER, Reader
from .base import KnowledgeBase, Status
from .documents import (
    Answerability,
    Hit,
    Metadata,
    SearchResult,
    SkippedFile,
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
    SyncBusyError,
)
from .retriever import SearchFilter
from .terms import identifiers, terms
from .tokens import estimate_tokens

__all__ = [
    "ANYBODY",
    "OWNER",
    "Answerability",
    "Embedder",
    "EmbeddingError",
    "Hit",
    "IndexCorruptError",
    "KnowledgeBase",
    "KnowledgeError",
    "Metadata",
    "Reader",
    "SearchFilter",
    "SearchResult",
    "SkippedFile",
    "SourceError",
    "Status",
    "SyncBusyError",
    "SyncProgress",
    "SyncReport",
    "SyncStage",
    "estimate_tokens",
    "identifiers",
    "terms",
]
