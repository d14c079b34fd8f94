"""What was answered about logs, and what people said of messages.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "log_answers",
        sa.Column("request_id", sa.String(200), primary_key=True),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("is_text", sa.Boolean(), nullable=False),
        sa.Column("start_at", _TIME),
        sa.Column("end_at", _TIME),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_index("ix_log_answers_created_at", "log_answers", ["created_at"])
    op.create_table(
        "log_marks",
        sa.Column("mark_id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("template_id", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.Column("ended_by", sa.Text()),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("log_marks")
    op.drop_table("log_answers")
