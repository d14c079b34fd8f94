"""Keeps the knowledge base fresh: every source in its own rhythm, a damaged index at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

import structlog

from inference import InferenceError
from knowledge import KnowledgeError, Source, Status, SyncBusyError, SyncReport

from .knowledge_wiring import ConfiguredSource

_CHECK_S = 15.0


class Encoder(Protocol):
    """The engine, as far as it embeds."""

    async def encoder_ready(self) -> object:
        """Return when it can embed."""
        ...


class Syncs(Protocol):
    """A knowledge base, as far as it takes in sources."""

    async def status(self) -> Status:
        """What is indexed now."""
        ...

    async def sync(self, sources: Sequence[Source]) -> SyncReport:
        """Take in what these sources hold now."""
        ...


class Resync:
    """Syncs what is due.

    Args:
        sources: In the order in which they are read when several are due.
    """

    def __init__(
        self, knowledge: Syncs, encoder: Encoder, sources: Sequence[ConfiguredSource]
    ) -> None:
        self._knowledge = knowledge
        self._encoder = encoder
        self._sources = sources
        self._due_mono = [0.0] * len(sources)

    async def run(self) -> None:
        """Go on for ever; what fails is tried again when it is due again."""
        while True:
            await self.catch_up(time.monotonic())
            await asyncio.sleep(_CHECK_S)

    async def catch_up(self, now_mono: float) -> None:
        """Sync what is due now; rebuild an index that cannot be used, from what is stored."""
        log = structlog.get_logger()
        due = [at for at, due_mono in enumerate(self._due_mono) if now_mono >= due_mono]
        try:
            status = await self._knowledge.status()
            if not due and not status.trouble:
                return
            if status.trouble:
                log.warning("knowledge_index_rebuilding", reason=status.trouble)
            await self._encoder.encoder_ready()
            await self._knowledge.sync([self._sources[at].source for at in due])
        except SyncBusyError:  # somebody else is at it; what they do not sync stays due
            return
        except (KnowledgeError, InferenceError, OSError) as exc:
            log.warning("knowledge_sync_failed", reason=str(exc))
        for at in due:
            self._due_mono[at] = now_mono + self._sources[at].interval_s
