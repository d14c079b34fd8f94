"""Prompt in, token events out: a small serving engine on llama.cpp that knows nothing of Slack."""

from .engine import Engine, EngineState
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
    GenerateRequest,
    GenerationStats,
    Outcome,
    Priority,
    Role,
    Sampling,
    Started,
    TextDelta,
)

__all__ = [
    "ChatMessage",
    "ChatTemplateError",
    "DecodeError",
    "Ended",
    "Engine",
    "EngineState",
    "Event",
    "GenerateRequest",
    "GenerationStats",
    "GrammarError",
    "InferenceError",
    "ModelUnavailableError",
    "Outcome",
    "Priority",
    "PromptTooLongError",
    "Role",
    "Sampling",
    "Started",
    "TextDelta",
]
