"""What can go wrong on the way to another host.

InferenceError
├── ModelUnavailableError
│   └── EndpointUnavailableError   it cannot be reached, or serves nothing now
└── EndpointError                  it refused a request, or answered something else
"""

from __future__ import annotations

from ..errors import InferenceError, ModelUnavailableError
from ..request import Ended, Fault, Outcome


class EndpointError(InferenceError):
    """An endpoint refused a request or its answer cannot be used.

    Attributes:
        fault: Whose mistake it is, as far as the endpoint tells.
        can_retry: Whether the same request may succeed a little later.
        is_broken_connection: Whether it could not be reached, or the connection broke.
        retry_after_s: How long the endpoint asks to wait, in seconds; None: it does not say.
        ended: The end that an endpoint of this project reported with it.
    """

    def __init__(
        self,
        reason: str,
        fault: Fault,
        *,
        can_retry: bool = False,
        is_broken_connection: bool = False,
        retry_after_s: float | None = None,
        ended: Ended | None = None,
    ) -> None:
        super().__init__(reason)
        self.fault = fault
        self.can_retry = can_retry or is_broken_connection
        self.is_broken_connection = is_broken_connection
        self.retry_after_s = retry_after_s
        self.ended = ended

    @property
    def outcome(self) -> Outcome:
        """How a request ends that met this error before any text was shown."""
        if self.fault is Fault.DEADLINE:
            return Outcome.CANCELLED
        failed = self.fault in (Fault.INTERNAL, Fault.LOST)
        return Outcome.FAILED if failed else Outcome.REJECTED

    def as_end(self) -> Ended:
        """The end of a request that met this error before any text was shown."""
        return self.ended or Ended(outcome=self.outcome, reason=str(self), fault=self.fault)


class EndpointUnavailableError(EndpointError, ModelUnavailableError):
    """An endpoint cannot be reached, or serves nothing now."""

    def __init__(
        self,
        reason: str,
        *,
        can_retry: bool = False,
        is_broken_connection: bool = False,
        retry_after_s: float | None = None,
        ended: Ended | None = None,
    ) -> None:
        super().__init__(
            reason,
            Fault.UNAVAILABLE,
            can_retry=can_retry,
            is_broken_connection=is_broken_connection,
            retry_after_s=retry_after_s,
            ended=ended,
        )
        self.reason = reason
