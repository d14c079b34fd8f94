"""Log answers that end in a way out: evidence, explanation, then the runbook that fits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from ..messages import Attached, Phase, Reply, Request, SkillEvent, Turn


class LogAnswer(Protocol):
    """The log skill."""

    def answer(self, request: Request, history: tuple[Turn, ...]) -> AsyncIterator[SkillEvent]:
        """Yield evidence, then the explanation."""
        ...


class Suggest(Protocol):
    """Proposes a runbook for evidence, or stays silent."""

    def __call__(self, request: Request, facts: Mapping[str, str]) -> AsyncIterator[SkillEvent]:
        """Yield at most one proposal."""
        ...


class Offer(Protocol):
    """Adds a way further to an answer whose evidence is not enough."""

    def __call__(self, request: Request, reply: Reply, /) -> Reply:
        """The same reply, perhaps with a button."""
        ...


class IncidentSkill:
    """The log skill, followed by a suggestion."""

    def __init__(self, logs: LogAnswer, suggest: Suggest, offer: Offer | None = None) -> None:
        """Follow log answers with `suggest`; `offer` adds a way further to them."""
        self._logs = logs
        self._suggest = suggest
        self._offer = offer

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Answer from the logs; propose what the evidence points to."""
        last: Reply | None = None
        files: list[Attached] = []
        async for event in self._logs.answer(request, history):
            if isinstance(event, Attached):
                files.append(event)
                continue
            if isinstance(event, Reply):
                if self._offer is not None and event.phase is Phase.DONE:
                    event = self._offer(request, event)
                last = event
            yield event
        is_alone = not request.attachments and not request.is_planned
        if last is not None and last.phase is Phase.DONE and is_alone:
            async for event in self._suggest(request, last.facts):
                yield event
        for event in files:  # a picture takes a second to draw, and the way out does not wait
            yield event
