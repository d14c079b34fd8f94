"""What people say to runs, in SQL."""

from __future__ import annotations

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from runbooks.errors import ProposalError
from runbooks.proposal import ActorRef
from runbooks.signals import Signal, SignalKind

from .tables import RunSignalRow
from .transaction import reading, writing


class SqlSignals:
    """A `runbooks.signals.SignalStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, proposal_id: int, signal: Signal) -> bool:
        """See `SignalStore.add`."""
        values = {
            "proposal_id": proposal_id,
            "step_id": signal.step_id,
            "kind": signal.kind.value,
            "team_id": signal.actor.team_id,
            "user_id": signal.actor.user_id,
            "name": signal.actor.name,
            "at": signal.at,
        }
        with writing(self._engine, ProposalError) as session:
            try:
                with session.begin_nested():
                    session.execute(insert(RunSignalRow).values(values))
            except IntegrityError:
                return False
        return True

    def of(self, proposal_id: int) -> tuple[Signal, ...]:
        """See `SignalStore.of`."""
        query = (
            select(RunSignalRow)
            .where(RunSignalRow.proposal_id == proposal_id)
            .order_by(RunSignalRow.step_id)
        )
        with reading(self._engine, ProposalError) as session:
            return tuple(_signal(row) for row in session.scalars(query))


def _signal(row: RunSignalRow) -> Signal:
    return Signal(
        kind=SignalKind(row.kind),
        actor=ActorRef(team_id=row.team_id, user_id=row.user_id, name=row.name),
        at=row.at,
        step_id=row.step_id,
    )
