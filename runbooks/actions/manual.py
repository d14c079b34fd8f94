"""A person does something and says how it went; the answer is stored, so a restart loses nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

from ..errors import ProposalError
from ..signals import Signal, SignalKind, SignalStore
from .base import TIMED_OUT, ActionContext, ActionEvent, ActionResult
from .kinds import Action, ManualAction
from .output import safe_text


class ManualRunner:
    """Waits for the answer to a manual action.

    Args:
        signals: Where answers arrive, from whichever process took them.
        poll_interval_s: Between two looks.
    """

    def __init__(self, signals: SignalStore, poll_interval_s: float = 1.0) -> None:
        self._signals = signals
        self._poll_interval_s = poll_interval_s

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; needs proposal and step in the context."""
        if not isinstance(action, ManualAction):
            raise TypeError(f"not a manual action: {type(action).__name__}")
        began = time.monotonic()
        try:
            async with asyncio.timeout(action.timeout_s):
                answer = await self._answer(context)
        except TimeoutError:
            detail = f"{TIMED_OUT}: nobody said within {action.timeout_s:g} s that it is done"
            yield _result(began, detail, ok=False)
            return
        except ProposalError as exc:
            yield _result(began, f"the answer cannot be read: {safe_text(str(exc))}", ok=False)
            return
        done = answer.kind is SignalKind.DONE
        words = "confirmed by" if done else "failed, says"
        yield _result(began, f"{words} {safe_text(answer.actor.name)}", ok=done)

    async def _answer(self, context: ActionContext) -> Signal:
        while True:
            for signal in await asyncio.to_thread(self._signals.of, context.proposal_id):
                if signal.step_id == context.step_id and signal.kind is not SignalKind.STOP:
                    return signal
            await asyncio.sleep(self._poll_interval_s)


def _result(began: float, detail: str, *, ok: bool) -> ActionResult:
    return ActionResult(
        ok=ok, exit_status=None, seconds=time.monotonic() - began, output="", detail=detail
    )
