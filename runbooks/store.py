"""What approvals, executor and audit keep, and the two seams to where it is kept.

The methods are synchronous and may block on a disk: async callers use `asyncio.to_thread`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from .lifecycle import ProposalState
from .policy import Approval
from .proposal import ActorRef, Plan


class StepState(StrEnum):
    """How far a step of a run is."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What became of one step.

    Attributes:
        position: Counted from 0.
        detail: How it ended, for example "exit 3"; empty while its action runs; why, if skipped.
        output: Redacted; head and tail when it was long.
        seconds: Wall time, 0 while it runs.
        verified: Result of the check afterwards; None without one, or before it.
    """

    position: int
    step_id: str
    state: StepState
    started_at: datetime
    detail: str = ""
    output: str = ""
    seconds: float = 0.0
    verified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One change of state, to be made only if the proposal still is in `source`.

    Attributes:
        by: Who caused it; None for the clock or the executor.
        reason: One sentence.
        runner: Which process runs it; only with a move to RUNNING.
    """

    source: ProposalState
    target: ProposalState
    at: datetime
    reason: str
    by: ActorRef | None = None
    runner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProposal:
    """A proposal as it lies in the store, unchecked.

    Attributes:
        payload: The plan's canonical bytes; `proposal.unseal` checks and reads them.
        changed_at: When it came into `state`, aware UTC.
        approvals: In the order given.
        steps: By position; only those begun.
        runner: The process that runs or ran it.
    """

    proposal_id: int
    payload: bytes
    sha256: str
    state: ProposalState
    reason: str
    changed_at: datetime
    by: ActorRef | None = None
    runner: str | None = None
    approvals: tuple[Approval, ...] = ()
    steps: tuple[StepRecord, ...] = ()


class ProposalStore(Protocol):
    """Keeps proposals. Every method raises `ProposalError` when the store fails."""

    def add(self, plan: Plan) -> StoredProposal:
        """Store a plan as PENDING under a new id."""
        ...

    def get(self, proposal_id: int) -> StoredProposal | None:
        """Read one with its approvals and steps; None when there is no such proposal."""
        ...

    def add_approval(self, proposal_id: int, approval: Approval) -> bool:
        """Add an approval, atomically.

        Returns:
            False when the proposal is not PENDING, or this account has approved it already.
        """
        ...

    def move(self, proposal_id: int, move: Move) -> bool:
        """Compare and set the state; exactly one of several concurrent callers gets True."""
        ...

    def take_over(self, proposal_id: int, before: str, after: str) -> bool:
        """Compare and set the runner of a RUNNING proposal; one of several callers gets True."""
        ...

    def save_step(self, proposal_id: int, step: StepRecord) -> None:
        """Write what is known of a step, replacing what was known at its position."""
        ...

    def in_state(self, state: ProposalState) -> tuple[StoredProposal, ...]:
        """All proposals in a state, oldest first."""
        ...

    def recent(self, limit: int) -> tuple[StoredProposal, ...]:
        """The newest proposals, newest first."""
        ...


class AuditKind(StrEnum):
    """What a row of the audit trail tells of."""

    REQUEST = "request"
    PROPOSAL = "proposal"
    APPROVAL = "approval"
    REJECTION = "rejection"
    REFUSAL = "refusal"
    EXPIRY = "expiry"
    RUN = "run"
    POLICY = "policy"
    BREAK_GLASS = "break_glass"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that happened.

    Attributes:
        subject: What it is about, for example "proposal:214".
        facts: Redacted texts.
    """

    kind: AuditKind
    subject: str
    at: datetime
    actor: ActorRef | None
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """An entry in its place in the chain.

    Attributes:
        sequence: Counted from 1 without gaps; the first rows may have been pruned.
        previous: MAC (hex) of the row before; empty for the first.
        mac: HMAC-SHA256 (hex) over everything else.
    """

    sequence: int
    entry: AuditEntry
    previous: str
    mac: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """The last row: its sequence (0 for an empty chain) and MAC."""

    sequence: int
    mac: str


class AuditStore(Protocol):
    """Keeps the audit rows. Every method raises `AuditError` when the store fails."""

    def append(self, link: Callable[[ChainHead], AuditRow]) -> AuditRow:
        """Add one row; nobody else can append between the reading of the head and the write."""
        ...

    def rows(self) -> Iterator[AuditRow]:
        """All rows in sequence order."""
        ...

    def about(self, subject: str) -> tuple[AuditRow, ...]:
        """The rows of one subject in sequence order."""
        ...

    def remove_through(self, sequence: int) -> int:
        """Remove every row up to and with a sequence; gives how many there were."""
        ...
