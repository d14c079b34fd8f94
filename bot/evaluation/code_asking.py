"""Asks the code skill for a case as a person would, and keeps what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.messages import Actor, Request, ThreadRef
from bot.skills.code.draft import Draft, Solution, Task
from bot.skills.code.skill import CodeSkill
from inference.request import Ended, Event, GenerateRequest, Outcome

from .code_case import CodeCase


class NoModel:
    """A generator that refuses: what is answered then was answered by a snippet."""

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        """Refuse."""
        yield Ended(outcome=Outcome.REJECTED, reason="no model was asked")


async def ask(skill: CodeSkill, case: CodeCase) -> Solution:
    """What the skill makes of a case's request, in a thread of its own."""
    request = Request(
        request_id=f"eval-{case.language.value}-{case.case_id}",
        text=case.ask,
        actor=Actor(user_id="U0EVAL", team_id="T0EVAL", name="evaluation"),
        thread=ThreadRef("", case.name),
        received_at=datetime.now(UTC),
    )
    async for step in skill.solve(request, ()):
        if isinstance(step, Solution):
            return step
    return _nothing(request.request_id, case)


def _nothing(request_id: str, case: CodeCase) -> Solution:
    task = Task(request_id=request_id, text=case.ask, language=case.language, earlier="")
    return Solution(task=task, drafts=(replace(Draft(), failure="nothing was answered"),))
