"""What a message means in its thread: rules first, then a bounded choice by the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..messages import Intent, Request, Turn
from .facts import facts_of
from .rewrite import Rewrite, rewrite, with_names


@dataclass(frozen=True, slots=True)
class Understood:
    """A request's text as it stands alone.

    Attributes:
        by_model: The model chose among the thread's names.
    """

    text: str
    by_model: bool = False


class Chooser(Protocol):
    """Chooses among known names."""

    async def choose(
        self, request_id: str, text: str, history: Sequence[Turn], found: Rewrite
    ) -> tuple[str, str]:
        """A service and a node, each empty when none is meant."""
        ...


class Understanding:
    """Makes follow-ups stand alone.

    Args:
        services: Configured services.
        chooser: Asked where more than one name fits; None: the rules decide alone.
    """

    def __init__(self, services: Sequence[str] = (), chooser: Chooser | None = None) -> None:
        self._services = tuple(services)
        self._chooser = chooser

    async def understand(
        self, request: Request, intent: Intent, history: tuple[Turn, ...]
    ) -> Understood:
        """The text to answer; the very same one when it stands alone.

        Args:
            intent: The skill that will answer.
            history: Turns that the reader may have, oldest first.
        """
        if request.attachments:
            return Understood(request.text)
        thread = facts_of(history, self._services)
        found = rewrite(request.text, intent, thread)
        if thread is None or not found.is_open or self._chooser is None:
            return Understood(found.text)
        service, node = await self._chooser.choose(request.request_id, request.text, history, found)
        if not service and not node:
            return Understood(found.text)
        return Understood(with_names(request.text, thread, service, node), by_model=True)
