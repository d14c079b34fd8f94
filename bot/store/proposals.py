"""Proposals, approvals and run steps in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from runbooks.errors import ProposalError
from runbooks.lifecycle import ProposalState, may_move
from runbooks.policy import Approval
from runbooks.proposal import ActorRef, Plan, seal
from runbooks.store import Move, StepRecord, StepState, StoredProposal

from .tables import ApprovalRow, ProposalRow, RunStepRow
from .transaction import reading, writing


class SqlProposals:
    """A `runbooks.store.ProposalStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, plan: Plan) -> StoredProposal:
        """See `ProposalStore.add`."""
        payload, sha256 = seal(plan)
        row = ProposalRow(
            payload=payload,
            sha256=sha256,
            state=ProposalState.PENDING.value,
            reason="waits for approval",
            changed_at=plan.created_at,
        )
        with writing(self._engine, ProposalError) as session:
            session.add(row)
            session.flush()
            return _stored(session, row)

    def get(self, proposal_id: int) -> StoredProposal | None:
        """See `ProposalStore.get`."""
        with reading(self._engine, ProposalError) as session:
            row = session.get(ProposalRow, proposal_id)
            return _stored(session, row) if row is not None else None

    def add_approval(self, proposal_id: int, approval: Approval) -> bool:
        """See `ProposalStore.add_approval`."""
        with writing(self._engine, ProposalError) as session:
            state = session.scalar(
                select(ProposalRow.state)
                .where(ProposalRow.proposal_id == proposal_id)
                .with_for_update()
            )
            if state != ProposalState.PENDING.value:
                return False
            try:
                with session.begin_nested():
                    session.execute(insert(ApprovalRow).values(_approval(proposal_id, approval)))
            except IntegrityError:
                return False
        return True

    def move(self, proposal_id: int, move: Move) -> bool:
        """See `ProposalStore.move`."""
        if not may_move(move.source, move.target):
            raise ProposalError(f"a proposal cannot go from {move.source} to {move.target}")
        values: dict[str, object] = {
            "state": move.target.value,
            "reason": move.reason,
            "changed_at": move.at,
            "by_team_id": move.by.team_id if move.by else None,
            "by_user_id": move.by.user_id if move.by else None,
            "by_name": move.by.name if move.by else None,
        }
        if move.runner is not None:
            values["runner"] = move.runner
        with writing(self._engine, ProposalError) as session:
            moved = session.execute(
                update(ProposalRow)
                .where(
                    ProposalRow.proposal_id == proposal_id,
                    ProposalRow.state == move.source.value,
                )
                .values(values)
                .returning(ProposalRow.proposal_id)
            )
            return moved.scalar_one_or_none() is not None

    def take_over(self, proposal_id: int, before: str, after: str) -> bool:
        """See `ProposalStore.take_over`."""
        with writing(self._engine, ProposalError) as session:
            taken = session.execute(
                update(ProposalRow)
                .where(
                    ProposalRow.proposal_id == proposal_id,
                    ProposalRow.state == ProposalState.RUNNING.value,
                    ProposalRow.runner == before,
                )
                .values(runner=after)
                .returning(ProposalRow.proposal_id)
            )
            return taken.scalar_one_or_none() is not None

    def save_step(self, proposal_id: int, step: StepRecord) -> None:
        """See `ProposalStore.save_step`."""
        with writing(self._engine, ProposalError) as session:
            session.execute(
                delete(RunStepRow).where(
                    RunStepRow.proposal_id == proposal_id, RunStepRow.position == step.position
                )
            )
            session.add(
                RunStepRow(
                    proposal_id=proposal_id,
                    position=step.position,
                    step_id=step.step_id,
                    state=step.state.value,
                    started_at=step.started_at,
                    detail=step.detail,
                    output=step.output,
                    seconds=step.seconds,
                    verified=step.verified,
                )
            )

    def in_state(self, state: ProposalState) -> tuple[StoredProposal, ...]:
        """See `ProposalStore.in_state`."""
        query = (
            select(ProposalRow)
            .where(ProposalRow.state == state.value)
            .order_by(ProposalRow.proposal_id)
        )
        with reading(self._engine, ProposalError) as session:
            return tuple(_stored(session, row) for row in session.scalars(query))

    def recent(self, limit: int) -> tuple[StoredProposal, ...]:
        """See `ProposalStore.recent`."""
        query = select(ProposalRow).order_by(ProposalRow.proposal_id.desc()).limit(limit)
        with reading(self._engine, ProposalError) as session:
            return tuple(_stored(session, row) for row in session.scalars(query))


def _approval(proposal_id: int, approval: Approval) -> dict[str, object]:
    return {
        "proposal_id": proposal_id,
        "team_id": approval.actor.team_id,
        "user_id": approval.actor.user_id,
        "name": approval.actor.name,
        "at": approval.at,
        "sha256": approval.sha256,
    }


def _stored(session: Session, row: ProposalRow) -> StoredProposal:
    approvals = session.scalars(
        select(ApprovalRow)
        .where(ApprovalRow.proposal_id == row.proposal_id)
        .order_by(ApprovalRow.approval_id)
    ).all()
    steps = session.scalars(
        select(RunStepRow)
        .where(RunStepRow.proposal_id == row.proposal_id)
        .order_by(RunStepRow.position)
    ).all()
    return StoredProposal(
        proposal_id=row.proposal_id,
        payload=_bytes(row.payload),
        sha256=row.sha256,
        state=_state(row),
        reason=row.reason,
        changed_at=row.changed_at,
        by=_by(row),
        runner=row.runner,
        approvals=_approvals(approvals),
        steps=_steps(steps),
    )


def _bytes(payload: object) -> bytes:
    """SQLite gives text back where somebody wrote text; the hash decides what it is worth."""
    return payload if isinstance(payload, bytes) else str(payload).encode()


def _state(row: ProposalRow) -> ProposalState:
    try:
        return ProposalState(row.state)
    except ValueError as exc:
        raise ProposalError(f"proposal #{row.proposal_id} has no known state") from exc


def _by(row: ProposalRow) -> ActorRef | None:
    if row.by_team_id is None or row.by_user_id is None:
        return None
    return ActorRef(team_id=row.by_team_id, user_id=row.by_user_id, name=row.by_name or "")


def _approvals(rows: Sequence[ApprovalRow]) -> tuple[Approval, ...]:
    return tuple(
        Approval(
            actor=ActorRef(team_id=row.team_id, user_id=row.user_id, name=row.name),
            at=row.at,
            sha256=row.sha256,
        )
        for row in rows
    )


def _steps(rows: Sequence[RunStepRow]) -> tuple[StepRecord, ...]:
    return tuple(
        StepRecord(
            position=row.position,
            step_id=row.step_id,
            state=StepState(row.state),
            started_at=row.started_at,
            detail=row.detail,
            output=row.output,
            seconds=row.seconds,
            verified=row.verified,
        )
        for row in rows
    )
