"""Faults a test puts in the way of Web API calls."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Fault:
    """Answers the next `times` calls of `method` instead of the server.

    Attributes:
        error: Slack's error code.
        status: HTTP status.
        headers: Extra response headers, for example {"Retry-After": "1"}.
    """

    method: str
    error: str = "internal_error"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    times: int = 1


class Faults:
    """Pending faults, used up in the order they were added."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Arm a fault."""
        self._pending.append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault that meets this call, with one of its times used up."""
        for fault in self._pending:
            if fault.method == method and fault.times > 0:
                fault.times -= 1
                return fault
        return None
