"""What every tool has in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from knowledge import ANYBODY, Reader

from ....messages import Request
from ..case_file import CaseFile
from ..clues import Look, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked, as far as tools need to know.

    Attributes:
        reader: Who will read the answer: documents that they may not read are not found.
        zone: In which times are written.
        language: In which what was seen is summed up.
    """

    request: Request
    zone: tzinfo
    reader: Reader = ANYBODY
    language: str = "en"


class LookTool(Protocol):
    """One way to look; never changes anything."""

    @property
    def tool(self) -> Tool:
        """Which one it is."""
        ...

    def can_look_at(self, service: str) -> bool:
        """Whether it is set up for a service."""
        ...

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        """Look at a service within the case's window, compared with the time before.

        Raises:
            LookFailedError: It cannot look; the message says why.
        """
        ...
