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
from .retriever import ALL_METHODS, Methods, SearchFilter
from .rewriting import Rewriter
from .terms import identifiers, terms
from .tokens import estimate_tokens

__all__ = [
    "ALL_METHODS",
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
    "Methods",
    "Reader",
    "Rewriter",
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
