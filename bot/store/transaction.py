"""Transactions, and the one place where database faults become sentences."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from .errors import StoreError

WRITE_OPTION = "opsbot_write"

_ADVICE = (
    ("disk is full", "the disk is full: free some space"),
    ("readonly database", "it is read-only: check the owner of the file and its folder"),
    ("unable to open", "it cannot be opened: check that its folder exists and is writable"),
    ("database is locked", "another process holds it locked: try again"),
    ("not a database", "the file is no SQLite database: move it away or restore a backup"),
    ("malformed", "the file is damaged: restore a backup"),
    ("no such table", "it has no opsbot tables: start opsbot once to create them"),
)


@contextmanager
def reading(engine: Engine, error: type[Exception] = StoreError) -> Generator[Session]:
    """Read in one transaction.

    Args:
        error: Raised, with one sentence, when the database fails.
    """
    with translated(error), Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine, error: type[Exception] = StoreError) -> Generator[Session]:
    """Write in one transaction that no other writer overlaps on SQLite; commits at the end.

    Args:
        error: Raised, with one sentence, when the database fails; nothing is written then.
    """
    own = engine.execution_options(**{WRITE_OPTION: True})
    with translated(error), Session(own, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def translated(error: type[Exception] = StoreError) -> Generator[None]:
    """Turn faults of database and disk, and values no opsbot wrote, into `error`."""
    try:
        yield
    except (SQLAlchemyError, OSError, ValueError, TypeError) as exc:
        raise error(f"the database cannot be used: {_sentence(exc)}") from exc


def _sentence(exc: Exception) -> str:
    cause = exc.orig if isinstance(exc, DBAPIError) and exc.orig is not None else exc
    text = " ".join(str(cause).split())
    for sign, advice in _ADVICE:
        if sign in text.lower():
            return advice
    return text[:200] or type(cause).__name__
