"""What a caller asks of the engine, and what comes back: plain values, no mechanism.

One request becomes one stream of events: `Started`, then `TextDelta`s, then exactly one `Ended`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NewType, TypeAlias

TokenId = NewType("TokenId", int)
SeqId = NewType("SeqId", int)


class Role(StrEnum):
    """Who speaks in a chat message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation; `content` is data and is never parsed for special tokens."""

    role: Role
    content: str


class Priority(IntEnum):
    """Scheduling class; the smaller value runs first."""

    INTERACTIVE = 0
    """A person waits."""
    BACKGROUND = 1
    """Digests, indexing: nobody waits, but it must get done."""
    EAGER = 2
    """Prefill on speculation: runs only when nothing else wants to, and may never run."""


class Outcome(StrEnum):
    """How a request ended. Every request ends exactly once."""

    FINISHED = "finished"
    """The model ended its turn or a stop string was met."""
    LENGTH = "length"
    """`max_tokens` were produced."""
    CANCELLED = "cancelled"
    FAILED = "failed"
    REJECTED = "rejected"
    """The request could never run: too long, bad grammar, model not available."""


class Fault(StrEnum):
    """Why a request did not end well, for programs; `Ended.reason` says it to people."""

    INVALID_MESSAGES = "invalid_messages"
    """The model's chat template refuses the conversation."""
    PROMPT_TOO_LONG = "prompt_too_long"
    INVALID_GRAMMAR = "invalid_grammar"
    """The grammar is not valid, or allows no next token."""
    DUPLICATE_ID = "duplicate_id"
    QUEUE_FULL = "queue_full"
    DEADLINE = "deadline"
    UNAVAILABLE = "unavailable"
    """No model is loaded, or the engine is stopped."""
    LOST = "lost"
    """The engine's process died, or a connection broke, after text had been shown."""
    INTERNAL = "internal"

    @property
    def is_callers(self) -> bool:
        """Whether sending the same request again would end the same way."""
        return self in _CALLERS_FAULTS


_CALLERS_FAULTS = frozenset(
    {Fault.INVALID_MESSAGES, Fault.PROMPT_TOO_LONG, Fault.INVALID_GRAMMAR, Fault.DUPLICATE_ID}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is chosen. The default is greedy, so that answers repeat exactly."""

    temperature: float = 0.0
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature must be >= 0, got {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {self.top_p}")
        if self.repeat_penalty <= 0:
            raise ValueError(f"repeat_penalty must be > 0, got {self.repeat_penalty}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """One chat completion.

    Attributes:
        request_id: Unique among live requests; names the request in logs and in `cancel`.
        messages: The conversation, oldest first. Put what is stable (instructions) first and what
            changes (evidence, question) last: the engine reuses the longest known prefix.
        max_tokens: Upper bound of generated tokens, >= 1.
        sampling: Greedy by default.
        grammar: A GBNF grammar with the rule `root`, or None for free text.
        stop: Generation ends before any of these strings; they are not part of the text.
        priority: INTERACTIVE when a person waits, else BACKGROUND.
        deadline_s: Seconds from submit after which the request ends as cancelled; None: never.
        pin_prefix: Number of leading messages whose tokens should stay in the KV cache
            (a skill's system prompt); 0 pins nothing.
    """

    request_id: str
    messages: tuple[ChatMessage, ...]
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    grammar: str | None = None
    stop: tuple[str, ...] = ()
    priority: Priority = Priority.INTERACTIVE
    deadline_s: float | None = None
    pin_prefix: int = 0

    def __post_init__(self) -> None:
        if not self.messages:
            raise ValueError("messages must not be empty")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens must be >= 1, got {self.max_tokens}")
        if self.deadline_s is not None and self.deadline_s <= 0:
            raise ValueError(f"deadline_s must be > 0, got {self.deadline_s}")
        if any(not text for text in self.stop):
            raise ValueError("stop strings must not be empty")
        if not 0 <= self.pin_prefix <= len(self.messages):
            raise ValueError(f"pin_prefix must be within 0..{len(self.messages)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The first token is about to be decoded.

    Attributes:
        n_prompt: Prompt length in tokens.
        n_cached: How many of those came from the prefix cache, 0 <= n_cached < n_prompt.
        queue_ms: Time from submit until the engine began to work on the request.
    """

    n_prompt: int
    n_cached: int
    queue_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """A piece of generated text; whole characters only, never part of a stop string."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationStats:
    """What one request cost. Times in milliseconds.

    Attributes:
        n_drafted: Tokens that were guessed ahead of decoding.
        n_accepted: Guessed tokens that the model agreed with, <= n_drafted.
        ttft_ms: Submit to first token, queueing included; None when no token was produced.
        tpot_ms: (end-to-end - TTFT) / (n_output - 1); None below two tokens.
    """

    n_prompt: int = 0
    n_cached: int = 0
    n_output: int = 0
    n_drafted: int = 0
    n_accepted: int = 0
    queue_ms: float = 0.0
    ttft_ms: float | None = None
    tpot_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The last event of every stream.

    Attributes:
        outcome: How it ended.
        reason: One sentence for people when the outcome is FAILED or REJECTED, or a deadline
            passed; else empty.
        fault: The same for programs; None when there is no reason.
    """

    outcome: Outcome
    reason: str = ""
    fault: Fault | None = None
    stats: GenerationStats = field(default_factory=GenerationStats)


Event: TypeAlias = Started | TextDelta | Ended
