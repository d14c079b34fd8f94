"""Prompt in, token events out: a small serving engine on llama.cpp that knows nothing of Slack."""

from .engine import Engine
from .errors import (
    ChatTemplateError,
    DecodeError,
    GrammarError,
    InferenceError,
    ModelUnavailableError,
    PromptTooLongError,
)
from .request import (
    ChatMessage,
    Ended,
    Event,
    Fault,
    GenerateRequest,
    GenerationStats,
    Outcome,
    Priority,
    Role,
    Sampling,
    Started,
    TextDelta,
)
from .service import EngineState, Generator, InferenceService

__all__ = [
    "ChatMessage",
    "ChatTemplateError",
    "DecodeError",
    "Ended",
    "Engine",
    "EngineState",
    "Event",
    "Fault",
    "GenerateRequest",
    "GenerationStats",
    "Generator",
    "GrammarError",
    "InferenceError",
    "InferenceService",
    "ModelUnavailableError",
    "Outcome",
    "Priority",
    "PromptTooLongError",
    "Role",
    "Sampling",
    "Started",
    "TextDelta",
]
