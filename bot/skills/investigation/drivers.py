"""Who chooses the looks: the playbook, or a model that handles tools."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from ...messages import Request
from .case_file import CaseFile
from .clues import Look
from .follow import follow_playbook
from .toolbox import Toolbox


class Session(Protocol):
    """One investigation as somebody leads it."""

    @property
    def name(self) -> str:
        """Who led it, for the small print."""
        ...

    @property
    def remarks(self) -> str:
        """What a model says of the evidence, checked against it; often empty."""
        ...

    def looks(self) -> AsyncGenerator[Look, None]:
        """Make look after look; closing it ends the investigation.

        Raises:
            BudgetSpentError: The budget was used up.
        """
        ...


class Driver(Protocol):
    """Begins investigations."""

    def begin(self, case: CaseFile, toolbox: Toolbox, request: Request) -> Session:
        """Begin one; nothing is looked at yet."""
        ...


class PlaybookDriver:
    """Follows the declared playbook."""

    def begin(self, case: CaseFile, toolbox: Toolbox, request: Request) -> Session:
        """See `Driver.begin`."""
        return _PlaybookSession(case, toolbox)


class _PlaybookSession:
    name = "playbook"
    remarks = ""

    def __init__(self, case: CaseFile, toolbox: Toolbox) -> None:
        self._case = case
        self._toolbox = toolbox

    def looks(self) -> AsyncGenerator[Look, None]:
        return follow_playbook(self._case, self._toolbox)
