"""The stored proposals as timelines read them, where no desk decides about them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Protocol

from runbooks.case import Case, open_case
from runbooks.errors import ProposalError
from runbooks.store import StoredProposal


class Recent(Protocol):
    """Keeps proposals; blocking."""

    def recent(self, limit: int) -> tuple[StoredProposal, ...]:
        """The newest ones."""
        ...


class StoredCases:
    """Reads proposals from their store."""

    def __init__(self, store: Recent) -> None:
        """Read from `store`."""
        self._store = store

    async def recent(self, limit: int = 20) -> tuple[Case, ...]:
        """The newest proposals; one whose record was changed is left out.

        Raises:
            ProposalError: The store failed.
        """
        stored = await asyncio.to_thread(self._store.recent, limit)
        return tuple(case for one in stored for case in _opened(one))


def _opened(stored: StoredProposal) -> Iterator[Case]:
    with contextlib.suppress(ProposalError):
        yield open_case(stored)
