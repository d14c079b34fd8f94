"""Documents in, cited passages out."""

from .base import KnowledgeBase, Status
from .documents import (
    Answerability,
    Hit,
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
    "Answerability",
    "Embedder",
    "EmbeddingError",
    "Hit",
    "IndexCorruptError",
    "KnowledgeBase",
    "KnowledgeError",
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
