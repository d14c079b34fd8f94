"""What the tools find: a clue is one observation with its place, its time and what it speaks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ...provenance import Place


class Tool(StrEnum):
    """The read-only ways to look."""

    LOGS = "logs"
    METRICS = "metrics"
    ALERTS = "alerts"
    CHANGES = "changes"
    CLUSTER = "cluster"
    DOCUMENTS = "documents"
    RUNBOOK = "runbook"


class Stance(StrEnum):
    """How a clue stands to the time before the window."""

    BEGAN = "began"
    """It was not so before."""
    USUAL = "usual"
    """It was so before, so it explains nothing new."""
    CLEAR = "clear"
    """Somebody looked, and there is nothing of it."""
    INFORMS = "informs"
    """It tells what is written or measured, and is no evidence of a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One observation.

    Attributes:
        signal: Id of the declared signal that it shows; empty when none fits.
        weight: How much it counts for its cause; 0 for what only informs.
        text: Says it in one line, quotations in backticks.
        quote: Verbatim, secrets hidden; empty for what is not quoted.
        at: When it began, aware, or None when that is not known.
        names: Services or hosts that it names beside its own.
        is_symptom: Whether it shows that the service does not do its work.
    """

    tool: Tool
    service: str
    stance: Stance
    text: str
    signal: str = ""
    weight: float = 0.0
    quote: str = ""
    at: datetime | None = None
    names: tuple[str, ...] = ()
    is_symptom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look with one tool gave.

    Attributes:
        service: What was looked at; empty for all at once.
        note: How much was looked at, for example "12,310 lines".
        failure: Why the tool could not look; empty when it could.
        documents: What its clues quote, where those are documents.
    """

    tool: Tool
    service: str
    clues: tuple[Clue, ...] = ()
    note: str = ""
    failure: str = ""
    documents: tuple[Place, ...] = ()

    @property
    def key(self) -> tuple[Tool, str]:
        """What makes two looks the same."""
        return self.tool, self.service

    @property
    def is_quiet(self) -> bool:
        """Whether the tool looked and nothing began."""
        return not self.failure and all(each.stance is not Stance.BEGAN for each in self.clues)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A clue with the [n] by which conclusions name it."""

    number: int
    clue: Clue
