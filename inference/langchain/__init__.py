"""The engine as LangChain components: a chat model and an embedder over any `InferenceService`."""

from .chat_model import OpsbotChatModel
from .embeddings import OpsbotEmbeddings
from .errors import (
    ContextOverflowError,
    DeadlineError,
    InvalidRequestError,
    OverloadedError,
    RequestFailedError,
    ServiceError,
    SyncCallError,
    UnavailableError,
)

__all__ = [
    "ContextOverflowError",
    "DeadlineError",
    "InvalidRequestError",
    "OpsbotChatModel",
    "OpsbotEmbeddings",
    "OverloadedError",
    "RequestFailedError",
    "ServiceError",
    "SyncCallError",
    "UnavailableError",
]
