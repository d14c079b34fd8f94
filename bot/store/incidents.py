"""Incidents that people declared, and what they put on their timelines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from bot.messages import ThreadRef

from .tables import IncidentEntryRow, IncidentRow
from .transaction import reading, writing


class EntryKind(StrEnum):
    """What a stored line of a timeline is."""

    MESSAGE = "message"
    IMPACT = "impact"
    FINDING = "finding"
    SEVERITY = "severity"
    COMMANDER = "commander"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncident:
    """An incident as it is declared.

    Attributes:
        thread: Where it was declared.
        url: The address of that message; empty where Slack gave none.
        started_by: Name of who declared it.
        started_at: Aware UTC.
    """

    thread: ThreadRef
    title: str
    url: str
    started_by: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(NewIncident):
    """An incident that was stored.

    Attributes:
        severity: 1 to 5, 1 the worst; None while nobody has said it.
        commander: A name; empty while nobody has said it.
        ended_at: Aware UTC; None while it is open.
    """

    incident_id: int
    severity: int | None
    commander: str
    ended_by: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a timeline.

    Attributes:
        at: When it was said or found, aware UTC.
        author: Who said or found it.
        url: Address of the message; empty where Slack gave none.
        message_ts: The message, in the incident's channel.
        added_by: Name of who put it there.
    """

    kind: EntryKind
    at: datetime
    author: str
    text: str
    url: str
    message_ts: str
    added_by: str


class Incidents:
    """Keeps incidents; a channel has at most one that is open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, new: NewIncident) -> tuple[Incident, bool]:
        """Declare an incident, unless its channel has an open one.

        Returns:
            The open incident of the channel, and whether it is the new one.

        Raises:
            StoreError: The database failed.
        """
        row = IncidentRow(
            channel_id=new.thread.channel_id,
            open_channel_id=new.thread.channel_id,
            thread_ts=new.thread.thread_ts,
            title=new.title,
            severity=None,
            commander="",
            url=new.url,
            started_by=new.started_by,
            started_at=new.started_at,
        )
        with writing(self._engine) as session:
            try:
                with session.begin_nested():
                    session.add(row)
                    session.flush()
            except IntegrityError:
                query = select(IncidentRow).where(
                    IncidentRow.open_channel_id == new.thread.channel_id
                )
                return _incident(session.scalars(query).one()), False
            return _incident(row), True

    def open_in(self, channel_id: str) -> Incident | None:
        """The open incident of a channel.

        Raises:
            StoreError: The database failed.
        """
        query = select(IncidentRow).where(IncidentRow.open_channel_id == channel_id)
        with reading(self._engine) as session:
            row = session.scalars(query).one_or_none()
            return _incident(row) if row is not None else None

    def find(self, incident_id: int) -> Incident | None:
        """One incident.

        Raises:
            StoreError: The database failed.
        """
        with reading(self._engine) as session:
            row = session.get(IncidentRow, incident_id)
            return _incident(row) if row is not None else None

    def all(self, limit: int = 100) -> tuple[Incident, ...]:
        """The latest incidents, newest first.

        Raises:
            StoreError: The database failed.
        """
        query = select(IncidentRow).order_by(IncidentRow.incident_id.desc()).limit(limit)
        with reading(self._engine) as session:
            return tuple(_incident(row) for row in session.scalars(query))

    def end(self, incident_id: int, by: str, at: datetime) -> Incident | None:
        """End an incident; exactly one caller gets it back, every other one None.

        Args:
            by: Name of who ended it.
            at: Aware UTC.

        Raises:
            StoreError: The database failed.
        """
        still_open = update(IncidentRow).where(
            IncidentRow.incident_id == incident_id, IncidentRow.open_channel_id.is_not(None)
        )
        ended = still_open.values(open_channel_id=None, ended_by=by, ended_at=at)
        with writing(self._engine) as session:
            if not session.scalars(ended.returning(IncidentRow.incident_id)).all():
                return None
            return _incident(session.get_one(IncidentRow, incident_id))

    def set_roles(
        self, incident_id: int, *, severity: int | None = None, commander: str = ""
    ) -> Incident | None:
        """Say how bad an open incident is, or who leads; None when it is not open.

        Args:
            severity: Stays as it is when None.
            commander: Stays as it is when empty.

        Raises:
            StoreError: The database failed.
        """
        with writing(self._engine) as session:
            row = session.get(IncidentRow, incident_id)
            if row is None or row.open_channel_id is None:
                return None
            row.severity = row.severity if severity is None else severity
            row.commander = commander or row.commander
            return _incident(row)

    def add(self, incident_id: int, entry: Entry) -> bool:
        """Put a line on a timeline; False when the message is on it already.

        Raises:
            StoreError: The database failed.
        """
        row = IncidentEntryRow(
            incident_id=incident_id,
            kind=entry.kind.value,
            at=entry.at,
            author=entry.author,
            text=entry.text,
            url=entry.url,
            message_ts=entry.message_ts,
            added_by=entry.added_by,
        )
        with writing(self._engine) as session:
            try:
                with session.begin_nested():
                    session.add(row)
                    session.flush()
            except IntegrityError:
                return False
        return True

    def entries(self, incident_id: int) -> tuple[Entry, ...]:
        """The stored lines of a timeline, in order of time.

        Raises:
            StoreError: The database failed.
        """
        query = (
            select(IncidentEntryRow)
            .where(IncidentEntryRow.incident_id == incident_id)
            .order_by(IncidentEntryRow.at, IncidentEntryRow.entry_id)
        )
        with reading(self._engine) as session:
            return tuple(_entry(row) for row in session.scalars(query))

    def change_message(self, incident_id: int, message_ts: str, text: str) -> int:
        """Give what people marked another text, because the message has one now.

        Returns:
            How many lines were changed.

        Raises:
            StoreError: The database failed.
        """
        here = update(IncidentEntryRow).where(
            IncidentEntryRow.incident_id == incident_id,
            IncidentEntryRow.message_ts == message_ts,
            IncidentEntryRow.kind == EntryKind.MESSAGE.value,
        )
        changed = here.values(text=text).returning(IncidentEntryRow.entry_id)
        with writing(self._engine) as session:
            return len(session.scalars(changed).all())


def _incident(row: IncidentRow) -> Incident:
    return Incident(
        incident_id=row.incident_id,
        thread=ThreadRef(row.channel_id, row.thread_ts),
        title=row.title,
        severity=row.severity,
        commander=row.commander,
        url=row.url,
        started_by=row.started_by,
        started_at=row.started_at,
        ended_by=row.ended_by or "",
        ended_at=row.ended_at,
    )


def _entry(row: IncidentEntryRow) -> Entry:
    return Entry(
        kind=EntryKind(row.kind),
        at=row.at,
        author=row.author,
        text=row.text,
        url=row.url,
        message_ts=row.message_ts,
        added_by=row.added_by,
    )
