"""Who keeps the other process: this one, or another bot."""

from __future__ import annotations

from typing import Protocol

from .status import StatusBoard


class Host(Protocol):
    """Provides links to an engine in another process."""

    @property
    def board(self) -> StatusBoard:
        """What is known of it."""
        ...

    async def start(self) -> None:
        """Begin to provide links, and return at once."""
        ...

    async def stop(self) -> None:
        """Provide no more. Idempotent."""
        ...
