"""Where the cards of proposals are, as addresses that people can open."""

from __future__ import annotations

import asyncio
from typing import Protocol

from .messages import ThreadRef
from .store.message_refs import MessageKind, MessageRefs


class Permalinks(Protocol):
    """Gives addresses of messages; Slack's rooms do."""

    async def permalink(self, thread: ThreadRef) -> str:
        """The address of the message with this timestamp; empty when there is none."""
        ...


class CardLinks:
    """Looks cards up.

    Args:
        refs: Where the messages of cards are kept.
        links: Gives addresses; None where there are none, as in a terminal.
    """

    def __init__(self, refs: MessageRefs, links: Permalinks | None) -> None:
        self._refs = refs
        self._links = links

    async def __call__(self, proposal_id: int) -> str:
        """The address of a proposal's card; empty where it has none.

        Raises:
            StoreError: The database failed.
        """
        if self._links is None:
            return ""
        ref = await asyncio.to_thread(self._refs.find, MessageKind.PROPOSAL, str(proposal_id))
        return await self._links.permalink(ThreadRef(ref.channel_id, ref.ts)) if ref else ""


class ArchiveLinks:
    """Addresses made after the pattern of a known one, where Slack cannot be asked.

    Args:
        known: The permalink of any message of the workspace; empty where there is none.
    """

    def __init__(self, known: str) -> None:
        self._base = known.partition("/archives/")[0] if "/archives/" in known else ""

    async def permalink(self, thread: ThreadRef) -> str:
        """See `Permalinks.permalink`."""
        if not self._base:
            return ""
        return f"{self._base}/archives/{thread.channel_id}/p{thread.thread_ts.replace('.', '')}"
