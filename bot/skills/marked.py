"""Answers from documents, with a mark on every passage whose document may no longer hold.

Also sees to it that an answer remembers its documents, so that it is not repeated to who may not
read them; see `bot.provenance`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Protocol

import structlog

from knowledge import ANYBODY, Document, KnowledgeError, Reader

from ..messages import Note, Part, Passage, Passages, Phase, Prose, Reply, Request, SkillEvent, Turn
from ..provenance import DOCUMENTS, documents_fact

_CITED = re.compile(r"\[(\d{1,2})\]")


class AnswerSkill(Protocol):
    """The skill that answers from documents."""

    def answer(self, request: Request, history: tuple[Turn, ...]) -> AsyncIterator[SkillEvent]:
        """Yield the passages, then the answer."""
        ...


class Stored(Protocol):
    """Looks documents up; `knowledge.KnowledgeBase` does."""

    async def document(self, source: str, path: str, *, reader: Reader) -> Document | None:
        """A document, or None when there is none that the reader may read."""
        ...


class MarkedSkill:
    """The skill, whose passages say when they are stale.

    Args:
        skill: Answers from documents.
        documents: Where their dates are.
        staleness: Why a document counts as stale, in a few words; empty when it does not.
    """

    def __init__(
        self, skill: AnswerSkill, documents: Stored, staleness: Callable[[Document], str]
    ) -> None:
        self._skill = skill
        self._documents = documents
        self._staleness = staleness

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Answer; mark every snapshot."""
        known: dict[tuple[str, str], str] = {}
        async for event in self._skill.answer(request, history):
            if isinstance(event, Reply):
                for place in places_of(event):
                    if place not in known:
                        known[place] = await self._reason(place, request.reader or ANYBODY)
                event = marked(event, known)
            yield event

    async def _reason(self, place: tuple[str, str], reader: Reader) -> str:
        try:
            found = await self._documents.document(*place, reader=reader)
        except KnowledgeError as exc:  # the answer is not held up by its marks
            structlog.get_logger().warning("staleness_not_known", reason=str(exc))
            return ""
        return self._staleness(found) if found is not None else ""


def places_of(reply: Reply) -> tuple[tuple[str, str], ...]:
    """Source and path of every passage."""
    return tuple((row.source, row.path) for row in _rows(reply))


def marked(reply: Reply, reasons: Mapping[tuple[str, str], str]) -> Reply:
    """A snapshot with its marks; the last one also says which cited passages are stale."""
    parts: tuple[Part, ...] = tuple(
        Passages(
            rows=tuple(
                replace(row, stale=reasons.get((row.source, row.path), "")) for row in part.rows
            )
        )
        if isinstance(part, Passages)
        else part
        for part in reply.parts
    )
    reply = replace(reply, parts=parts)
    if reply.phase is not Phase.DONE:
        return reply
    note = stale_note(reply)
    return replace(
        reply, parts=(*parts, Note(text=note)) if note else parts, facts=_with_documents(reply)
    )


def stale_note(reply: Reply) -> str:
    """What is stale of what the answer cites, or of its first passage when it cites none."""
    rows = _rows(reply)
    said = " ".join(part.text for part in reply.parts if isinstance(part, Prose))
    cited = {int(number) for number in _CITED.findall(said)} or {1}
    stale = [row for row in rows if row.number in cited and row.stale]
    return "; ".join(f"[{row.number}] may be out of date: {row.stale}" for row in stale)


def _rows(reply: Reply) -> tuple[Passage, ...]:
    return tuple(row for part in reply.parts if isinstance(part, Passages) for row in part.rows)


def _with_documents(reply: Reply) -> Mapping[str, str]:
    """The facts with every document shown; without a claim when one cannot be named."""
    rows = _rows(reply)
    if not rows:
        return reply.facts
    if not all(row.source for row in rows):
        return {name: fact for name, fact in reply.facts.items() if name != DOCUMENTS}
    return {**reply.facts, DOCUMENTS: documents_fact(rows, reply.facts)}
