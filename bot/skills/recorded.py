"""Answers from documents, kept with their passages; and what nothing answered, as a gap."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Protocol, cast

import structlog

from runbooks.actions.output import safe_text

from ..messages import Passages, Phase, Prose, Reply, Request, SkillEvent, Turn
from ..store.errors import StoreError
from ..store.knowledge_answers import KnowledgeAnswer, ShownPassage

NEAREST = "nearest"
"""Fact of a refusal: the titles it names, as a JSON list. Its presence makes a reply a refusal."""


class AnswerSkill(Protocol):
    """The skill that answers from documents."""

    def answer(self, request: Request, history: tuple[Turn, ...]) -> AsyncIterator[SkillEvent]:
        """Yield the passages, then the answer."""
        ...


class AnswerBook(Protocol):
    """Keeps answers; its calls block."""

    def save(self, answer: KnowledgeAnswer) -> None:
        """Keep one."""
        ...


class RecordedSkill:
    """The skill, whose finished answers are kept without secrets.

    Args:
        skill: Answers from documents.
        book: Where its answers are kept.
    """

    def __init__(self, skill: AnswerSkill, book: AnswerBook) -> None:
        self._skill = skill
        self._book = book

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Answer, and keep the answer before it is shown, for its buttons may be used at once."""
        async for event in self._skill.answer(request, history):
            if isinstance(event, Reply) and event.phase is Phase.DONE:
                await self._keep(request, event)
            yield event

    async def _keep(self, request: Request, reply: Reply) -> None:
        record = recorded(request, reply)
        if record is None:
            return
        try:
            await asyncio.to_thread(self._book.save, record)
        except StoreError as exc:  # the answer itself is not held up by it
            structlog.get_logger().warning("answer_not_recorded", reason=str(exc))


def recorded(request: Request, reply: Reply) -> KnowledgeAnswer | None:
    """What is kept of a finished reply; None of one that neither answers nor refuses."""
    rows = [row for part in reply.parts if isinstance(part, Passages) for row in part.rows]
    nearest = nearest_titles(reply.facts)
    if not rows and nearest is None:
        return None
    said = " ".join(part.text for part in reply.parts if isinstance(part, Prose))
    return KnowledgeAnswer(
        request_id=request.request_id,
        channel_id=request.thread.channel_id,
        user_id=request.actor.user_id,
        question=safe_text(request.text),
        is_refusal=nearest is not None,
        answer=safe_text(said),
        passages=tuple(
            ShownPassage(
                title=row.title,
                heading=row.heading,
                path=row.path,
                lines=row.lines,
                excerpt=safe_text(row.excerpt),
            )
            for row in rows
        ),
        nearest=nearest or (),
        created_at=request.received_at,
    )


def nearest_titles(facts: Mapping[str, str]) -> tuple[str, ...] | None:
    """The titles a refusal named; None when the facts are not those of a refusal."""
    stored = facts.get(NEAREST)
    return None if stored is None else tuple(cast("list[str]", json.loads(stored)))


def refusal_facts(titles: tuple[str, ...]) -> dict[str, str]:
    """The facts that make a reply a refusal."""
    return {NEAREST: json.dumps(list(titles))}
