"""What can go wrong in the engine.

InferenceError
├── ModelUnavailableError   no model is loaded, and why
├── PromptTooLongError      the prompt can never fit
├── GrammarError            a GBNF grammar is invalid, or allows no next token
├── ChatTemplateError       the model has no usable chat template
├── RequestEndedError       work without an answer of its own was not done
└── DecodeError             llama.cpp could not process a batch
"""

from __future__ import annotations

from .request import Fault


class InferenceError(Exception):
    """Base of everything this package raises on purpose."""


class ModelUnavailableError(InferenceError):
    """No model is loaded.

    Attributes:
        reason: One sentence for people: what is wrong and what to do.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PromptTooLongError(InferenceError):
    """The prompt can never fit into the model's context.

    Attributes:
        n_prompt: Length of the prompt in tokens.
        limit: Longest prompt that fits, in tokens.
    """

    def __init__(self, n_prompt: int, limit: int) -> None:
        super().__init__(f"the prompt has {n_prompt} tokens, at most {limit} fit")
        self.n_prompt = n_prompt
        self.limit = limit


class GrammarError(InferenceError):
    """A grammar cannot be used."""


class ChatTemplateError(InferenceError):
    """The model's chat template is missing or cannot render this conversation."""


class RequestEndedError(InferenceError):
    """Work that has no answer of its own, such as warming, ended before it was done.

    Attributes:
        fault: Why, for programs; None when nobody is at fault.
    """

    def __init__(self, reason: str, fault: Fault | None) -> None:
        super().__init__(reason)
        self.fault = fault


class DecodeError(InferenceError):
    """A batch could not be processed.

    Attributes:
        code: What the native call returned.
        is_memory_intact: Whether memory is as it was before the call; otherwise some of the
            batch's cells may have been written.
    """

    def __init__(self, code: int, *, is_memory_intact: bool) -> None:
        super().__init__(f"decoding failed with code {code}")
        self.code = code
        self.is_memory_intact = is_memory_intact
