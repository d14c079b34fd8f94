"""Follows the declared playbook until it asks for nothing more; needs no model."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from .case_file import CaseFile
from .clues import Look, Tool
from .rules import wanted
from .toolbox import Toolbox


async def follow_playbook(case: CaseFile, toolbox: Toolbox) -> AsyncGenerator[Look, None]:
    """Make look after look, the most wanted first.

    Raises:
        BudgetSpentError: The budget was used up before the playbook was through.
    """
    while (chosen := next_look(case, toolbox)) is not None:
        yield await toolbox.look(*chosen)


def next_look(case: CaseFile, toolbox: Toolbox) -> tuple[Tool, str] | None:
    """The look that is wanted most and can be made, or None when all were made."""
    return next((each for each in wanted(case) if toolbox.can_look(*each)), None)
