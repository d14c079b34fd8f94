"""The first tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _proposals()
    _audit()
    _conversations()
    _digests()


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("proposal_id", sa.Integer(), primary_key=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("by_team_id", sa.String(64)),
        sa.Column("by_user_id", sa.String(64)),
        sa.Column("by_name", sa.Text()),
        sa.Column("runner", sa.Text()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_proposals_state", "proposals", ["state"])
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.Integer(), primary_key=True),
        sa.Column(
            "proposal_id", sa.Integer(), sa.ForeignKey("proposals.proposal_id"), nullable=False
        ),
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.UniqueConstraint("proposal_id", "team_id", "user_id", name="uq_approvals_account"),
    )
    op.create_table(
        "run_steps",
        sa.Column(
            "proposal_id", sa.Integer(), sa.ForeignKey("proposals.proposal_id"), primary_key=True
        ),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("verified", sa.Boolean()),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("team_id", sa.String(64)),
        sa.Column("user_id", sa.String(64)),
        sa.Column("name", sa.Text()),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])


def _conversations() -> None:
    op.create_table(
        "turns",
        sa.Column("turn_id", sa.Integer(), primary_key=True),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("thread_ts", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("intent", sa.String(16), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_index("ix_turns_thread", "turns", ["channel_id", "thread_ts"])
    op.create_table(
        "seen_events",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("seen_at", _TIME, nullable=False),
    )
    op.create_index("ix_seen_events_seen_at", "seen_events", ["seen_at"])
    op.create_table(
        "messages",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("ts", sa.String(64), nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )


def _digests() -> None:
    op.create_table(
        "digests",
        sa.Column("digest_id", sa.String(64), primary_key=True),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("cron", sa.String(100), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_index("ix_digests_channel_id", "digests", ["channel_id"])


def downgrade() -> None:
    for table in (
        "digests",
        "feedback",
        "messages",
        "seen_events",
        "turns",
        "audit",
        "run_steps",
        "approvals",
        "proposals",
    ):
        op.drop_table(table)
