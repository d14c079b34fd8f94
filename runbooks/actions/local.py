"""Actions on and from this machine: each goes to the runner of its kind."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from ..schema import Action, CommandAction
from .base import ActionContext, ActionEvent, ActionRunner
from .command import CommandRunner
from .http import HttpRunner


class LocalRunner:
    """Runs every kind of action."""

    def __init__(
        self, *, command: ActionRunner | None = None, http: ActionRunner | None = None
    ) -> None:
        self._command = command or CommandRunner()
        self._http = http or HttpRunner()

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`."""
        runner = self._command if isinstance(action, CommandAction) else self._http
        async with contextlib.aclosing(runner.run(action, context)) as events:
            async for event in events:
                yield event
