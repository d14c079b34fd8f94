"""Stores that forget everything with the process: for tests and for trying out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from .errors import ProposalError
from .lifecycle import ProposalState, may_move
from .policy import Approval
from .proposal import Plan, seal
from .signals import Signal
from .store import AuditRow, ChainHead, Move, StepRecord, StoredProposal


class MemoryProposals:
    """A `ProposalStore` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, StoredProposal] = {}

    def add(self, plan: Plan) -> StoredProposal:
        """See `ProposalStore.add`."""
        payload, sha256 = seal(plan)
        with self._lock:
            stored = StoredProposal(
                proposal_id=len(self._rows) + 1,
                payload=payload,
                sha256=sha256,
                state=ProposalState.PENDING,
                reason="waits for approval",
                changed_at=plan.created_at,
            )
            self._rows[stored.proposal_id] = stored
        return stored

    def get(self, proposal_id: int) -> StoredProposal | None:
        """See `ProposalStore.get`."""
        return self._rows.get(proposal_id)

    def add_approval(self, proposal_id: int, approval: Approval) -> bool:
        """See `ProposalStore.add_approval`."""
        with self._lock:
            stored = self._rows.get(proposal_id)
            if stored is None or stored.state is not ProposalState.PENDING:
                return False
            if approval.actor.account in {given.actor.account for given in stored.approvals}:
                return False
            self._rows[proposal_id] = replace(stored, approvals=(*stored.approvals, approval))
        return True

    def move(self, proposal_id: int, move: Move) -> bool:
        """See `ProposalStore.move`."""
        if not may_move(move.source, move.target):
            raise ProposalError(f"a proposal cannot go from {move.source} to {move.target}")
        with self._lock:
            stored = self._rows.get(proposal_id)
            if stored is None or stored.state is not move.source:
                return False
            self._rows[proposal_id] = replace(
                stored,
                state=move.target,
                reason=move.reason,
                changed_at=move.at,
                by=move.by,
                runner=move.runner or stored.runner,
            )
        return True

    def take_over(self, proposal_id: int, before: str, after: str) -> bool:
        """See `ProposalStore.take_over`."""
        with self._lock:
            stored = self._rows.get(proposal_id)
            if stored is None or stored.state is not ProposalState.RUNNING:
                return False
            if stored.runner != before:
                return False
            self._rows[proposal_id] = replace(stored, runner=after)
        return True

    def save_step(self, proposal_id: int, step: StepRecord) -> None:
        """See `ProposalStore.save_step`."""
        with self._lock:
            stored = self._rows.get(proposal_id)
            if stored is None:
                raise ProposalError(f"there is no proposal #{proposal_id}")
            steps = {known.position: known for known in stored.steps} | {step.position: step}
            ordered = tuple(steps[position] for position in sorted(steps))
            self._rows[proposal_id] = replace(stored, steps=ordered)

    def in_state(self, state: ProposalState) -> tuple[StoredProposal, ...]:
        """See `ProposalStore.in_state`."""
        return tuple(row for row in list(self._rows.values()) if row.state is state)

    def recent(self, limit: int) -> tuple[StoredProposal, ...]:
        """See `ProposalStore.recent`."""
        return tuple(reversed(list(self._rows.values())))[:limit]


class MemorySignals:
    """A `SignalStore` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._signals: dict[tuple[int, str], Signal] = {}

    def add(self, proposal_id: int, signal: Signal) -> bool:
        """See `SignalStore.add`."""
        with self._lock:
            key = (proposal_id, signal.step_id)
            if key in self._signals:
                return False
            self._signals[key] = signal
        return True

    def of(self, proposal_id: int) -> tuple[Signal, ...]:
        """See `SignalStore.of`."""
        with self._lock:
            found = [key for key in self._signals if key[0] == proposal_id]
            return tuple(self._signals[key] for key in sorted(found))


class MemoryAudit:
    """An `AuditStore` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: list[AuditRow] = []

    def append(self, link: Callable[[ChainHead], AuditRow]) -> AuditRow:
        """See `AuditStore.append`."""
        with self._lock:
            last = self._rows[-1] if self._rows else None
            head = ChainHead(sequence=last.sequence if last else 0, mac=last.mac if last else "")
            row = link(head)
            self._rows.append(row)
        return row

    def rows(self) -> Iterator[AuditRow]:
        """See `AuditStore.rows`."""
        return iter(tuple(self._rows))

    def about(self, subject: str) -> tuple[AuditRow, ...]:
        """See `AuditStore.about`."""
        return tuple(row for row in self._rows if row.entry.subject == subject)

    def remove_through(self, sequence: int) -> int:
        """See `AuditStore.remove_through`."""
        with self._lock:
            kept = [row for row in self._rows if row.sequence > sequence]
            n_removed, self._rows = len(self._rows) - len(kept), kept
        return n_removed
