"""Marks applied to an analysis: ignored messages are folded away, known ones named. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...store.log_marks import Mark, MarkKind
from .analysis import Analysis
from .findings import Movement


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What marks do to one analysis.

    Attributes:
        marks: Those that hold.
        is_text: Pasted or uploaded text is looked at; marks on texts hold for every text.
    """

    marks: tuple[Mark, ...] = ()
    is_text: bool = False

    def mark_of(self, movement: Movement, kind: MarkKind) -> Mark | None:
        """The mark of this kind that a message has."""
        row = movement.row
        service = "" if self.is_text else row.service
        for mark in self.marks:
            place = (mark.service, mark.template_id, mark.value)
            if mark.kind is kind and place == (service, row.template_id, row.value):
                return mark
        return None

    def without_ignored(self, movements: Sequence[Movement]) -> tuple[Movement, ...]:
        """The messages that are not ignored."""
        return tuple(each for each in movements if self.mark_of(each, MarkKind.IGNORED) is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An analysis without its ignored messages; their lines still count as folded.

    Attributes:
        ignored: Each mark that met messages, with their lines.
    """

    analysis: Analysis
    ignored: tuple[tuple[Mark, int], ...] = ()

    @property
    def n_ignored_lines(self) -> int:
        """Lines of all ignored messages."""
        return sum(n_lines for _, n_lines in self.ignored)


def apply(marking: Marking, analysis: Analysis) -> Marked:
    """Fold what is ignored."""
    met: dict[Mark, int] = {}
    for movement in analysis.movements:
        mark = marking.mark_of(movement, MarkKind.IGNORED)
        if mark is not None:
            met[mark] = met.get(mark, 0) + movement.n_shown
    if not met:
        return Marked(analysis=analysis)
    kept = marking.without_ignored(analysis.movements)
    return Marked(analysis=replace(analysis, movements=kept), ignored=tuple(met.items()))
