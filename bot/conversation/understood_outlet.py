"""Says small, above an answer, what the question was taken to mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..messages import Attached, Note, Reply
from ..phrases import say

if TYPE_CHECKING:
    from ..dispatch import Outlet


class UnderstoodOutlet:
    """An outlet whose answers begin with what was understood."""

    def __init__(self, outlet: Outlet, text: str, language: str) -> None:
        """Show answers in `outlet`, in a language, below the standalone text."""
        self._outlet = outlet
        self._note = Note(text=say("understood", language, text=text))

    async def show(self, reply: Reply) -> None:
        """Show a snapshot below the note."""
        await self._outlet.show(replace(reply, parts=(self._note, *reply.parts)))

    async def show_proposal(self, proposal_id: int) -> None:
        """Show a proposal's card."""
        await self._outlet.show_proposal(proposal_id)

    async def attach(self, attached: Attached) -> None:
        """Attach files."""
        await self._outlet.attach(attached)
