"""The audit chain in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Engine, delete, select, text

from runbooks.errors import AuditError
from runbooks.proposal import ActorRef
from runbooks.store import AuditEntry, AuditKind, AuditRow, ChainHead

from .tables import AuditLink
from .transaction import reading, writing

_ROWS_AT_ONCE = 500


class SqlAudit:
    """A `runbooks.store.AuditStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, link: Callable[[ChainHead], AuditRow]) -> AuditRow:
        """See `AuditStore.append`."""
        with writing(self._engine, AuditError) as session:
            if self._engine.dialect.name == "postgresql":
                session.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
            last = session.scalar(select(AuditLink).order_by(AuditLink.sequence.desc()).limit(1))
            row = link(
                ChainHead(sequence=last.sequence if last else 0, mac=last.mac if last else "")
            )
            session.add(_row(row))
        return row

    def rows(self) -> Iterator[AuditRow]:
        """See `AuditStore.rows`; reads a few hundred at a time."""
        after = 0
        while True:
            query = (
                select(AuditLink)
                .where(AuditLink.sequence > after)
                .order_by(AuditLink.sequence)
                .limit(_ROWS_AT_ONCE)
            )
            with reading(self._engine, AuditError) as session:
                found = [_audit_row(row) for row in session.scalars(query)]
            if not found:
                return
            yield from found
            after = found[-1].sequence

    def about(self, subject: str) -> tuple[AuditRow, ...]:
        """See `AuditStore.about`."""
        query = select(AuditLink).where(AuditLink.subject == subject).order_by(AuditLink.sequence)
        with reading(self._engine, AuditError) as session:
            return tuple(_audit_row(row) for row in session.scalars(query))

    def remove_through(self, sequence: int) -> int:
        """See `AuditStore.remove_through`."""
        query = delete(AuditLink).where(AuditLink.sequence <= sequence)
        with writing(self._engine, AuditError) as session:
            return len(session.scalars(query.returning(AuditLink.sequence)).all())


def _row(row: AuditRow) -> AuditLink:
    entry = row.entry
    return AuditLink(
        sequence=row.sequence,
        kind=entry.kind.value,
        subject=entry.subject,
        at=entry.at,
        team_id=entry.actor.team_id if entry.actor else None,
        user_id=entry.actor.user_id if entry.actor else None,
        name=entry.actor.name if entry.actor else None,
        facts=dict(entry.facts),
        previous=row.previous,
        mac=row.mac,
    )


def _audit_row(row: AuditLink) -> AuditRow:
    actor = None
    if row.team_id is not None and row.user_id is not None:
        actor = ActorRef(team_id=row.team_id, user_id=row.user_id, name=row.name or "")
    try:
        kind = AuditKind(row.kind)
    except ValueError as exc:
        raise AuditError(f"audit row {row.sequence} was changed: {row.kind!r} is no kind") from exc
    return AuditRow(
        sequence=row.sequence,
        entry=AuditEntry(
            kind=kind, subject=row.subject, at=row.at, actor=actor, facts=dict(row.facts)
        ),
        previous=row.previous,
        mac=row.mac,
    )
