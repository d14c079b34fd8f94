"""What the rest of an application may ask of inference, wherever it runs.

The engine in this process, the engine in a child process and a remote endpoint all answer to this,
so what uses them need not know which one it has.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .request import ChatMessage, Ended, Event, GenerateRequest


class EngineState(Enum):
    """Whether the generating model can be used."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


class Generator(Protocol):
    """Turns requests into token events."""

    def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        """Run a request and yield its events: `Started`, `TextDelta`s, exactly one `Ended`.

        A request that cannot run ends as REJECTED with a reason; nothing is raised for it. Closing
        or abandoning the iterator cancels the request.
        """
        ...

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        """Run a request to its end and return its whole text."""
        ...


class InferenceService(Generator, Protocol):
    """A generating and an embedding model, with a prefix cache."""

    @property
    def state(self) -> EngineState:
        """Whether the generating model can be used now."""
        ...

    @property
    def failure(self) -> str:
        """Why the generating model is not available; empty when it is, or is still loading."""
        ...

    @property
    def model_name(self) -> str:
        """What the loaded generating model calls itself; empty when none is loaded."""
        ...

    @property
    def n_waiting(self) -> int:
        """Requests that wait or run: at most so many are ahead of a new one."""
        ...

    @property
    def n_dimensions(self) -> int:
        """Length of an embedding vector; raises `ModelUnavailableError` before it is known."""
        ...

    @property
    def encoder_name(self) -> str:
        """Identity of the embedding model; raises `ModelUnavailableError` before it is known."""
        ...

    async def ready(self) -> None:
        """Wait until the generating model is loaded; raises `ModelUnavailableError`."""
        ...

    async def encoder_ready(self) -> None:
        """Wait until the embedding model is loaded; raises `ModelUnavailableError`."""
        ...

    def cancel(self, request_id: str) -> bool:
        """Ask for a live request to end as CANCELLED; False when there is none of that id."""
        ...

    async def count_tokens(self, text: str) -> int:
        """Count the generating model's tokens in a text, special spellings taken as plain text.

        Raises:
            ModelUnavailableError: No generating model is loaded.
        """
        ...

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; longer ones than the encoder's context are truncated.

        Returns:
            Shape (len(texts), n_dimensions), rows L2-normalised.

        Raises:
            ModelUnavailableError: The embedding model is not loaded.
            InferenceError: The encoder failed.
        """
        ...

    async def warm(self, messages: tuple[ChatMessage, ...]) -> None:
        """Prefill a prompt's stable beginning in the background and pin it.

        Args:
            messages: The first messages of later requests, which go on with a user's message.

        Raises:
            ModelUnavailableError: No generating model is loaded.
            InferenceError: The messages cannot be prefilled.
        """
        ...

    async def prefill(self, messages: tuple[ChatMessage, ...]) -> None:
        """Prefill a conversation that somebody may soon go on with, without pinning it.

        Runs at `Priority.EAGER`: it never delays a request and may be dropped silently. The last
        message need not be complete: a later one that begins with its text reuses most of it.

        Raises:
            ModelUnavailableError: No generating model is loaded.
        """
        ...
