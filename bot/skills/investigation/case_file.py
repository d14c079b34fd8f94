"""Everything that was seen so far in one investigation, numbered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..logs.analysis import Window
from .clues import Clue, Look, Numbered, Stance, Tool


class CaseFile:
    """Collects looks; conclusions are drawn from what stands here and from nothing else.

    Args:
        asked: The services that the question is about.
        known: All services that can be looked at.
        window: The time that the question is about.

    Attributes:
        looks: In the order in which they were made.
        numbered: Their clues, [1] first.
    """

    def __init__(self, asked: Iterable[str], known: Iterable[str], window: Window) -> None:
        self.asked = tuple(asked)
        self.known = tuple(known)
        self.window = window
        self.looks: list[Look] = []
        self.numbered: list[Numbered] = []

    def add(self, look: Look) -> tuple[Numbered, ...]:
        """Keep a look; gives its clues with their numbers."""
        first = len(self.numbered) + 1
        fresh = tuple(Numbered(number, clue) for number, clue in enumerate(look.clues, first))
        self.looks.append(look)
        self.numbered += fresh
        return fresh

    def was_looked_at(self, tool: Tool, service: str) -> Look | None:
        """The look with this tool at this service, if there was one that could look."""
        found = (each for each in self.looks if each.key == (tool, service) and not each.failure)
        return next(found, None)

    @property
    def began(self) -> tuple[Numbered, ...]:
        """The clues of what was not so before."""
        return tuple(each for each in self.numbered if each.clue.stance is Stance.BEGAN)

    @property
    def symptoms(self) -> tuple[Numbered, ...]:
        """What shows that a service that was asked about does not do its work."""
        return tuple(
            each
            for each in self.began
            if each.clue.is_symptom and (not each.clue.service or each.clue.service in self.asked)
        )

    @property
    def trouble_at(self) -> datetime | None:
        """When the first symptom began."""
        times = [each.clue.at for each in self.symptoms if each.clue.at is not None]
        return min(times, default=None)

    @property
    def failures(self) -> tuple[Look, ...]:
        """The looks that could not be made."""
        return tuple(each for each in self.looks if each.failure)

    def upstream_of(self, services: Iterable[str]) -> frozenset[str]:
        """These services and whatever they depend on, as far as the evidence names it."""
        reached = set(services)
        frontier = list(reached)
        while frontier:
            service = frontier.pop()
            fresh = self._named_by(service) - reached
            reached |= fresh
            frontier += fresh
        return frozenset(reached)

    def _named_by(self, service: str) -> set[str]:
        clues: Iterable[Clue] = (each.clue for each in self.began)
        return {name for clue in clues if clue.service == service for name in clue.names}
