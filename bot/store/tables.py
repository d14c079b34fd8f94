"""Every table. The newest migration makes exactly these."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class AwareUtc(TypeDecorator[datetime]):
    """A time that is aware UTC on both sides, also where the database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; write UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The metadata of all tables."""

    type_annotation_map = {  # noqa: RUF012
        datetime: AwareUtc,
        dict[str, str]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


class ProposalRow(Base):
    """A proposal: the sealed record and its state."""

    __tablename__ = "proposals"
    __table_args__ = ({"sqlite_autoincrement": True},)

    proposal_id: Mapped[int] = mapped_column(primary_key=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    by_team_id: Mapped[str | None] = mapped_column(String(64))
    by_user_id: Mapped[str | None] = mapped_column(String(64))
    by_name: Mapped[str | None] = mapped_column(Text)
    runner: Mapped[str | None] = mapped_column(Text)


class ApprovalRow(Base):
    """One person's yes to one proposal."""

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("proposal_id", "team_id", "user_id", name="uq_approvals_account"),
    )

    approval_id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.proposal_id"))
    team_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))


class RunStepRow(Base):
    """What became of one step of a run."""

    __tablename__ = "run_steps"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.proposal_id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step_id: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(Text)
    output: Mapped[str] = mapped_column(Text)
    seconds: Mapped[float] = mapped_column(Float)
    verified: Mapped[bool | None]


class RunSignalRow(Base):
    """What somebody said to a run: stop, or that a step was done; the first counts."""

    __tablename__ = "run_signals"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.proposal_id"), primary_key=True)
    step_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    team_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class AuditLink(Base):
    """One link of the audit chain."""

    __tablename__ = "audit"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    at: Mapped[datetime]
    team_id: Mapped[str | None] = mapped_column(String(64))
    user_id: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, str]]
    previous: Mapped[str] = mapped_column(String(64))
    mac: Mapped[str] = mapped_column(String(64))


class TurnRow(Base):
    """One exchange of a thread."""

    __tablename__ = "turns"
    __table_args__ = (Index("ix_turns_thread", "channel_id", "thread_ts"),)

    turn_id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(64))
    thread_ts: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    intent: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, str]]
    created_at: Mapped[datetime]


class SeenEventRow(Base):
    """An event that was taken in already."""

    __tablename__ = "seen_events"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)


class MessageRow(Base):
    """Where the message of an answer or a card is."""

    __tablename__ = "messages"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(64))
    ts: Mapped[str] = mapped_column(String(64))


class FeedbackRow(Base):
    """What somebody thought of an answer."""

    __tablename__ = "feedback"

    request_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(16))
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class DigestRow(Base):
    """A scheduled log digest, for people to list; the scheduler keeps its own table."""

    __tablename__ = "digests"

    digest_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(64), index=True)
    service: Mapped[str] = mapped_column(String(200))
    cron: Mapped[str] = mapped_column(String(100))
    timezone: Mapped[str] = mapped_column(String(64))
    words: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class LogAnswerRow(Base):
    """What an answer about logs was about, for the buttons below it."""

    __tablename__ = "log_answers"

    request_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(64))
    services: Mapped[list[str]]
    is_text: Mapped[bool]
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]
    evidence: Mapped[list[dict[str, Any]]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class LogMarkRow(Base):
    """What somebody said of a log message: ignore it, or it is known."""

    __tablename__ = "log_marks"
    __table_args__ = ({"sqlite_autoincrement": True},)

    mark_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    service: Mapped[str] = mapped_column(String(200))
    template_id: Mapped[str] = mapped_column(String(64))
    value: Mapped[str] = mapped_column(Text)
    pattern: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Text)


class KnowledgeAnswerRow(Base):
    """What was answered from documents, or that nothing answered."""

    __tablename__ = "knowledge_answers"

    request_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    question: Mapped[str] = mapped_column(Text)
    is_refusal: Mapped[bool] = mapped_column(index=True)
    answer: Mapped[str] = mapped_column(Text)
    passages: Mapped[list[dict[str, Any]]]
    nearest: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class ThreadNoteRow(Base):
    """A summary of a thread that somebody asked the bot to learn."""

    __tablename__ = "thread_notes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    note_id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    channel_id: Mapped[str] = mapped_column(String(64))
    thread_ts: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    groups: Mapped[list[str]]
    asked_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None]


class UploadRow(Base):
    """Which file of Slack a document was made of."""

    __tablename__ = "knowledge_uploads"

    path: Mapped[str] = mapped_column(String(300), primary_key=True)
    file_id: Mapped[str] = mapped_column(String(64), index=True)
    channel_id: Mapped[str] = mapped_column(String(64))
    message_ts: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class RouteCorrectionRow(Base):
    """What somebody said a request had been meant as."""

    __tablename__ = "route_corrections"

    correction_id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    intent: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class IncidentRow(Base):
    """An incident that people declared in a channel."""

    __tablename__ = "incidents"
    __table_args__ = ({"sqlite_autoincrement": True},)

    incident_id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(64), index=True)
    # The channel while the incident is open, else nothing: no channel has two open ones.
    open_channel_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    thread_ts: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    severity: Mapped[int | None]
    commander: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    started_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]


class IncidentEntryRow(Base):
    """One line of an incident's timeline; proposals and runs are kept where they are."""

    __tablename__ = "incident_entries"
    __table_args__ = (
        UniqueConstraint("incident_id", "kind", "message_ts", name="uq_incident_entries_message"),
        {"sqlite_autoincrement": True},
    )

    entry_id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    message_ts: Mapped[str] = mapped_column(String(64))
    added_by: Mapped[str] = mapped_column(Text)
