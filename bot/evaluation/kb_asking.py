"""Puts labelled questions to the knowledge skill and takes the time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bot.messages import Actor, Phase, Reply, Request, SkillEvent, ThreadRef, Turn
from bot.skills.knowledge.record import record_of

from .kb_answers import Answer, Ask, Cited
from .kb_support import ReadLines


class Answers(Protocol):
    """A skill that answers from documents."""

    def answer(self, request: Request, history: tuple[Turn, ...]) -> AsyncIterator[SkillEvent]:
        """Yield snapshots of the answer; the last one is the answer."""
        ...


def ask_with(skill: Answers) -> Ask:
    """A function that asks a skill one question, each in a thread of its own."""

    async def ask(question: str) -> Answer:
        began_mono = time.monotonic()
        passages_s: float | None = None
        first_s: float | None = None
        last: Reply | None = None
        async for event in skill.answer(_request(question), ()):
            if not isinstance(event, Reply):
                continue
            now_s = time.monotonic() - began_mono
            record, last = record_of(event), event
            if record.passages and passages_s is None:
                passages_s = now_s
            if record.answer and first_s is None:
                first_s = now_s
        if last is None or last.phase is Phase.WORKING:
            raise RuntimeError("the skill ended without an answer")
        return _answer(last, passages_s, first_s, time.monotonic() - began_mono)

    return ask


def lines_under(folder: Path) -> ReadLines:
    """Reads lines of the documents below a folder; what leads out of it does not exist."""
    root = folder.resolve()

    def read(path: str, lines: tuple[int, int]) -> str | None:
        file = (root / path).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return None
        found = file.read_text(encoding="utf-8", errors="replace").splitlines()
        first, last = lines
        return "\n".join(found[first - 1 : last]) if 1 <= first <= last <= len(found) else None

    return read


def _answer(reply: Reply, passages_s: float | None, first_s: float | None, end_s: float) -> Answer:
    record = record_of(reply)
    return Answer(
        text=record.answer,
        citations=tuple(
            Cited(number=each.number, path=each.path, lines=each.lines) for each in record.citations
        ),
        refused=record.refused,
        passages_s=passages_s,
        first_s=first_s,
        end_s=end_s,
    )


def _request(question: str) -> Request:
    return Request(
        request_id=f"eval-{time.monotonic_ns()}",
        text=question,
        actor=Actor(user_id="evaluator", team_id="local", name="evaluator"),
        thread=ThreadRef("evaluation", "kb"),
        received_at=datetime.now(UTC),
    )
