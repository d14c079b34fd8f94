"""Let time pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

from .base import ActionContext, ActionEvent, ActionResult
from .kinds import Action, WaitAction


class WaitRunner:
    """Runs wait actions; closing the generator ends the wait."""

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`."""
        if not isinstance(action, WaitAction):
            raise TypeError(f"not a wait: {type(action).__name__}")
        began = time.monotonic()
        await asyncio.sleep(action.seconds)
        yield ActionResult(
            ok=True,
            exit_status=None,
            seconds=time.monotonic() - began,
            output="",
            detail=f"waited {action.seconds:g} s",
        )
