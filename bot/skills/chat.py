"""Help and small talk; no model needed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ..messages import Note, Prose, Reply, Request, SkillEvent, Turn
from ..phrases import say


class ChatSkill:
    """Says what the bot can do."""

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Answer with help; anything else that is said here has no better answer."""
        yield Reply(
            parts=(
                Prose(text=say("help", request.language)),
                Note(text=say("help_note", request.language)),
            ),
            summary=say("help_summary", request.language),
        )
