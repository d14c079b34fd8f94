"""What people tell a run while it goes on; kept in a store, so that any process may take it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from .proposal import ActorRef


class SignalKind(StrEnum):
    """STOP ends the run; DONE and FAILED answer a step that a person does."""

    STOP = "stop"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing said to a run.

    Attributes:
        step_id: The step that is answered; empty for STOP.
        at: Aware UTC.
    """

    kind: SignalKind
    actor: ActorRef
    at: datetime
    step_id: str = ""


class SignalStore(Protocol):
    """Keeps signals. Methods may block, and raise `ProposalError` when the store fails."""

    def add(self, proposal_id: int, signal: Signal) -> bool:
        """Add a signal, atomically.

        Returns:
            False when this step was answered, or this run was stopped, before: the first counts.
        """
        ...

    def of(self, proposal_id: int) -> tuple[Signal, ...]:
        """What was said to a run so far, in order of `step_id`."""
        ...
