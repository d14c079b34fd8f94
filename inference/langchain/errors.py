"""How a request that did not end well is told to LangChain, which expects exceptions.

Each class is both an `InferenceError` and the `langchain_core` class of the same condition, so
that retries and middleware written for other providers work here too.

InferenceError
├── RequestFailedError        (ModelError)
│   ├── InvalidRequestError   (ModelInvalidRequestError) the same request would fail again
│   ├── ContextOverflowError  (ContextOverflowError) the prompt can never fit
│   ├── OverloadedError       (ModelRateLimitError) too many requests wait
│   ├── DeadlineError         (ModelTimeoutError) `timeout` passed
│   ├── UnavailableError      (ModelConnectionError) no model, or its process died
│   └── ServiceError          (ModelAPIError) everything else
└── SyncCallError             a blocking call where it would wait for itself
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from langchain_core import exceptions as core

from ..errors import InferenceError
from ..request import Ended, Fault, Outcome


class RequestFailedError(InferenceError, core.ModelError):
    """A request ended without a whole answer.

    Attributes:
        outcome: How it ended: CANCELLED, FAILED or REJECTED.
        fault: Why, for programs; None when somebody cancelled it.
    """

    def __init__(
        self, reason: str, *, outcome: Outcome = Outcome.REJECTED, fault: Fault | None = None
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.fault = fault


class InvalidRequestError(RequestFailedError, core.ModelInvalidRequestError):
    """The caller's fault: messages, options, grammar or schema cannot be used."""


class ContextOverflowError(RequestFailedError, core.ContextOverflowError):
    """The prompt can never fit into the model's context; the message has both lengths."""


class OverloadedError(RequestFailedError, core.ModelRateLimitError):
    """The queue is full; the same request may succeed later."""


class DeadlineError(RequestFailedError, core.ModelTimeoutError):
    """The answer was not complete in time."""


class UnavailableError(RequestFailedError, core.ModelConnectionError):
    """No model is loaded, or its process died or was cut off while it answered."""


class ServiceError(RequestFailedError, core.ModelAPIError):
    """The engine failed, or somebody else cancelled the request."""


class SyncCallError(InferenceError):
    """A blocking call that could never return, refused before it blocks."""


_BY_FAULT: Mapping[Fault, type[RequestFailedError]] = MappingProxyType(
    {
        Fault.INVALID_MESSAGES: InvalidRequestError,
        Fault.INVALID_GRAMMAR: InvalidRequestError,
        Fault.DUPLICATE_ID: InvalidRequestError,
        Fault.PROMPT_TOO_LONG: ContextOverflowError,
        Fault.QUEUE_FULL: OverloadedError,
        Fault.DEADLINE: DeadlineError,
        Fault.UNAVAILABLE: UnavailableError,
        Fault.LOST: UnavailableError,
        Fault.INTERNAL: ServiceError,
    }
)


def error_of(ended: Ended) -> RequestFailedError | None:
    """What to raise for an end; None when the answer is whole or was cut at `max_tokens`."""
    if ended.outcome in (Outcome.FINISHED, Outcome.LENGTH):
        return None
    kind = ServiceError if ended.fault is None else _BY_FAULT[ended.fault]
    reason = ended.reason or f"the request was {ended.outcome.value}"
    return kind(reason, outcome=ended.outcome, fault=ended.fault)
