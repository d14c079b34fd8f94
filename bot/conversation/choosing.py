"""The model chooses among known names what a follow-up means; it can write nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from inference.request import Ended, GenerateRequest, Outcome, TextDelta

from ..messages import Turn
from ..prompts import follow_up as prompts
from ..skills.generation import Generator, as_data
from .facts import base_of

if TYPE_CHECKING:
    from .rewrite import Rewrite

_MAX_TOKENS = 40
_MAX_ANSWER_CHARS = 160
_ANSWER = re.compile(r"service: ([^\n]+)\nnode: ([^\n]+)\n?")


class ModelChooser:
    """Asks the model, within a time.

    Args:
        patience_s: After this many seconds the rules decide alone.
    """

    def __init__(self, generator: Generator, *, patience_s: float = 3.0) -> None:
        self._generator = generator
        self._patience_s = patience_s

    async def choose(
        self, request_id: str, text: str, history: Sequence[Turn], found: Rewrite
    ) -> tuple[str, str]:
        """The service and the node that a text means, each a known name or empty.

        Args:
            text: The follow-up as it was written.
            found: What the rules left open.
        """
        request = GenerateRequest(
            request_id=f"{request_id}-follow-up",
            messages=prompts.messages(thread_lines(history), _one_line(text)),
            max_tokens=_MAX_TOKENS,
            grammar=prompts.grammar(found.services, found.nodes),
            pin_prefix=len(prompts.prefix()),
        )
        try:
            async with asyncio.timeout(self._patience_s):
                written = await self._written(request)
        except TimeoutError:
            structlog.get_logger().info("follow_up_not_chosen", reason="timed out")
            return "", ""
        match = _ANSWER.fullmatch(written)
        if match is None:
            return "", ""
        service, node = match.groups()
        return (
            service if service in found.services else "",
            node if node in found.nodes else "",
        )

    async def _written(self, request: GenerateRequest) -> str:
        text, outcome = "", Outcome.FAILED
        async for event in self._generator.stream(request):
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Ended):
                outcome = event.outcome
        return text if outcome is Outcome.FINISHED else ""


def thread_lines(history: Sequence[Turn]) -> list[str]:
    """The turns of a thread as a prompt quotes them; a later turn adds a line and changes none."""
    return [
        prompts.line(_one_line(base_of(turn)), _one_line(turn.answer)[:_MAX_ANSWER_CHARS])
        for turn in history
    ]


def _one_line(text: str) -> str:
    return " ".join(as_data(text).split())
