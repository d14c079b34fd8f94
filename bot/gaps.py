"""What people asked and no document answered, the same questions counted together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from knowledge import Answerability, SearchResult, terms

from .store.knowledge_answers import KnowledgeAnswer

SIMILAR = 0.6
"""Share of the terms of two questions that both hold, from which they count as one."""


class GapState(StrEnum):
    """Whether a gap is still one, as a new search sees it; a model has not looked at it."""

    OPEN = "open"
    CLOSED = "closed?"
    RESTRICTED = "answered for some groups only?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing the documents do not say.

    Attributes:
        question: As it was asked last.
        wordings: The other ways it was asked, newest first.
        nearest: Titles that came nearest when it was asked last.
        first_at: Aware UTC, as is `last_at`.
    """

    question: str
    wordings: tuple[str, ...]
    n_asked: int
    n_people: int
    channels: tuple[str, ...]
    nearest: tuple[str, ...]
    first_at: datetime
    last_at: datetime


@dataclass(slots=True)
class _Group:
    terms: frozenset[str]
    asked: list[KnowledgeAnswer] = field(default_factory=list[KnowledgeAnswer])


def group_gaps(refusals: Sequence[KnowledgeAnswer]) -> tuple[Gap, ...]:
    """Put equal and similar questions together, most asked first, then the latest first."""
    groups: list[_Group] = []
    for refusal in sorted(refusals, key=lambda one: one.created_at):
        asked = frozenset(terms(refusal.question))
        group = max(groups, key=lambda one: likeness(one.terms, asked), default=None)
        if group is None or likeness(group.terms, asked) < SIMILAR:
            groups.append(group := _Group(asked))
        group.asked.append(refusal)
    gaps = [_gap(group.asked) for group in groups]
    return tuple(sorted(gaps, key=lambda gap: (gap.n_asked, gap.last_at), reverse=True))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the terms of both that each holds, in [0, 1]; two without any are alike."""
    return len(one & other) / len(one | other) if one | other else 1.0


def state_of(gap: Gap, for_anybody: SearchResult, for_owner: SearchResult) -> GapState:
    """Judge a gap by what its question finds now.

    Args:
        for_anybody: What is found of what everybody may read.
        for_owner: What is found of everything.
    """
    if _seems_answered(gap, for_anybody):
        return GapState.CLOSED
    return GapState.RESTRICTED if _seems_answered(gap, for_owner) else GapState.OPEN


def _seems_answered(gap: Gap, found: SearchResult) -> bool:
    if found.answerability is Answerability.UNSURE and found.hits:
        return found.hits[0].title not in gap.nearest
    return found.answerability is Answerability.YES


def _gap(asked: Sequence[KnowledgeAnswer]) -> Gap:
    last = asked[-1]
    wordings = dict.fromkeys(one.question for one in reversed(asked))
    return Gap(
        question=last.question,
        wordings=tuple(words for words in wordings if words != last.question),
        n_asked=len(asked),
        n_people=len({one.user_id for one in asked}),
        channels=tuple(sorted({one.channel_id for one in asked if one.channel_id})),
        nearest=last.nearest,
        first_at=asked[0].created_at,
        last_at=last.created_at,
    )
