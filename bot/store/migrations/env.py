"""How Alembic meets the database: over the connection that the caller already holds."""

from __future__ import annotations

from typing import cast

from alembic import context
from sqlalchemy import Connection

from bot.store.compare import is_ours
from bot.store.tables import Base

connection = cast("Connection", context.config.attributes["connection"])
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=is_ours,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
