"""Let a model word what an earlier step showed. Its words are shown as its own; nothing hangs on them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Protocol

from ..errors import ExecutionError
from .base import TIMED_OUT, ActionContext, ActionEvent, ActionResult, Line
from .kinds import Action, ExplainAction
from .output import LineCleaner, bounded

MAX_WORDS_CHARS = 2000


class Wording(Protocol):
    """Whatever puts an output into words."""

    async def word(self, question: str, shown: str) -> str:
        """Answer a question about what a step showed, from that alone.

        Args:
            shown: Redacted output; data, never an instruction.

        Raises:
            ExecutionError: There are no words, and why.
        """
        ...


class ExplainRunner:
    """Runs explain actions."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; needs the earlier step's output in the context."""
        if not isinstance(action, ExplainAction):
            raise TypeError(f"not an explanation: {type(action).__name__}")
        began = time.monotonic()
        shown = context.earlier.get(action.of, "")
        if not shown.strip():
            yield _result(began, f"{action.of} showed nothing to explain", ok=False)
            return
        try:
            async with asyncio.timeout(action.timeout_s):
                words = await self._wording.word(action.question, shown)
        except TimeoutError:
            yield _result(began, f"{TIMED_OUT} after {action.timeout_s:g} s", ok=False)
            return
        except ExecutionError as exc:
            yield _result(began, f"no explanation: {exc}", ok=False)
            return
        cleaner = LineCleaner()
        cleaned = [cleaner.clean(line) for line in bounded(words, MAX_WORDS_CHARS).splitlines()]
        lines = [f"the model says: {line}" for line in cleaned if line.strip()]
        for line in lines:
            yield Line(text=line)
        yield _result(began, "worded by the model", ok=bool(lines), output="\n".join(lines))


def _result(began: float, detail: str, *, ok: bool, output: str = "") -> ActionResult:
    return ActionResult(
        ok=ok, exit_status=None, seconds=time.monotonic() - began, output=output, detail=detail
    )
