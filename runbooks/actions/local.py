"""Every action goes to the runner of its kind."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping

from .base import ActionContext, ActionEvent, ActionResult, ActionRunner
from .command import CommandRunner
from .http import HttpRunner
from .kinds import Action, CommandAction, HttpAction


class LocalRunner:
    """Runs every kind of action that it has a runner for.

    Args:
        others: Runners of further kinds, or instead of the usual ones.
    """

    def __init__(self, others: Mapping[type, ActionRunner] | None = None) -> None:
        usual: dict[type, ActionRunner] = {
            CommandAction: CommandRunner(),
            HttpAction: HttpRunner(),
        }
        self._runners = {**usual, **(others or {})}

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; a kind without a runner fails."""
        runner = self._runners.get(type(action))
        if runner is None:
            detail = f"this installation cannot run a {type(action).__name__}"
            yield ActionResult(ok=False, exit_status=None, seconds=0.0, output="", detail=detail)
            return
        async with contextlib.aclosing(runner.run(action, context)) as events:
            async for event in events:
                yield event
