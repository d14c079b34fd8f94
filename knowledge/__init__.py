"""Documents in, cited passages out."""

from .access import ANYBODY, OWNER, Reader
from .base import KnowledgeBase
from .chroma_server import ChromaServer
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
    VectorsError,
    WriteError,
)
from .generations import owner_of
from .retriever import ALL_METHODS, Methods, SearchFilter
from .rewriting import Rewriter
from .sources import Source
from .sources.defaults import SourceDefaults
from .sources.folder import FolderSource
from .sources.spec import SourceSpec, source_of
from .staleness import staleness
from .status import Status
from .terms import identifiers, terms
from .tokens import estimate_tokens

__all__ = [
    "ALL_METHODS",
    "ANYBODY",
    "OWNER",
    "Answerability",
    "ChromaServer",
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
    "Methods",
    "Reader",
    "Rewriter",
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
    "VectorsError",
    "WriteError",
    "estimate_tokens",
    "identifiers",
    "owner_of",
    "source_of",
    "staleness",
    "terms",
]
