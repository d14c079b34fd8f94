"""What looking at logs found, ready to be shown: evidence above, coverage below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from ...messages import Change, Note, Part
from . import wording
from .analysis import Analysis
from .digest import Digest
from .marks import Marked, Marking
from .scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One look at logs.

    Attributes:
        marked: The analysis without ignored messages, and what was ignored.
        other_services: Looked at for what came just before the failure.
    """

    scope: Scope
    marked: Marked
    marking: Marking
    digest: Digest
    zone: tzinfo
    other_services: tuple[str, ...] = ()

    @property
    def analysis(self) -> Analysis:
        """What was found, ignored messages left out."""
        return self.marked.analysis

    @property
    def is_text(self) -> bool:
        """Whether pasted or uploaded text was looked at."""
        return bool(self.scope.texts)

    @property
    def is_unusual(self) -> bool:
        """Whether there is something to explain; silence alone gives a model nothing to say."""
        if self.analysis.n_lines == 0:
            return False
        if self.analysis.has_baseline:
            return any(entry.movement.change is not Change.STEADY for entry in self.digest.entries)
        return bool(self.digest.entries)

    def evidence(self) -> list[Part]:
        """Heading, findings and the most telling line."""
        return [
            wording.heading(self.analysis, self.zone),
            wording.findings(self.digest, self.analysis),
            wording.quote_of(self.digest.entries[0]),
        ]

    def footer(self, explained: str = "") -> list[Part]:
        """Coverage, what is known or ignored, and what could not be read."""
        coverage = wording.coverage(self.digest, self.analysis, self.other_services)
        text = f"{coverage} · {explained}" if explained else coverage
        return [*wording.problem_notes(self.analysis), *self.mark_notes(), Note(text=text)]

    def mark_notes(self) -> list[Note]:
        """What people said of the messages that were met."""
        known = wording.known_notes(self.digest, self.marking, self.zone)
        return [*known, *wording.ignored_notes(self.marked)]
