"""Incidents and their timelines.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Integer(), primary_key=True),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("open_channel_id", sa.String(64), unique=True),
        sa.Column("thread_ts", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer()),
        sa.Column("commander", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", _TIME),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incidents_channel_id", "incidents", ["channel_id"])
    op.create_table(
        "incident_entries",
        sa.Column("entry_id", sa.Integer(), primary_key=True),
        sa.Column(
            "incident_id", sa.Integer(), sa.ForeignKey("incidents.incident_id"), nullable=False
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("message_ts", sa.String(64), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.UniqueConstraint(
            "incident_id", "kind", "message_ts", name="uq_incident_entries_message"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incident_entries_incident_id", "incident_entries", ["incident_id"])


def downgrade() -> None:
    op.drop_table("incident_entries")
    op.drop_table("incidents")
