"""Whether the database has exactly the tables that the code expects."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.schema import SchemaItem

from .tables import Base
from .transaction import reading

FOREIGN_TABLES = frozenset({"apscheduler_jobs", "alembic_version"})


def is_ours(
    _item: SchemaItem, name: str | None, kind: str, _reflected: bool, _other: SchemaItem | None
) -> bool:
    """Whether a table is this application's; the scheduler makes and keeps its own."""
    return not (kind == "table" and name in FOREIGN_TABLES)


def differences(engine: Engine) -> tuple[str, ...]:
    """List what differs between the database and the tables; empty when nothing does.

    Raises:
        StoreError: The database cannot be read.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with reading(engine) as session:
        options = {"include_object": is_ours, "compare_type": True, "compare_server_default": True}
        migrations = MigrationContext.configure(session.connection(), opts=options)
        return tuple(str(change) for change in compare_metadata(migrations, Base.metadata))
