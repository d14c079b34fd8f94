"""One growing answer for a request with several steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .messages import Attached, Heading, Note, Part, Phase, Prose, Reply
from .phrases import say
from .router.plan import PlanStep

if TYPE_CHECKING:
    from .dispatch import Outlet


class PlanOutlet:
    """Shows each step below the ones before it; the answer ends with its last step.

    Args:
        outlet: Where the answer goes.
        steps: All of them, in their order.
        language: Of the person who asked.
    """

    def __init__(self, outlet: Outlet, steps: tuple[PlanStep, ...], language: str) -> None:
        self._outlet = outlet
        self._steps = steps
        self._language = language
        self._before: tuple[Part, ...] = ()
        self._last: Reply | None = None
        self._number = 0
        self._is_end = False

    @property
    def has_failed(self) -> bool:
        """Whether the running step ended badly."""
        return self._last is not None and self._last.phase is Phase.FAILED

    def begin(self, number: int, *, is_end: bool) -> None:
        """Go on with a step.

        Args:
            number: Its place in the plan, from 0.
            is_end: Nothing is done after it.
        """
        if self._last is not None:
            self._before = self._last.parts
        self._number, self._is_end, self._last = number, is_end, None

    async def show(self, reply: Reply) -> None:
        """Show a snapshot of the running step below the earlier ones."""
        goes_on = reply.phase is Phase.DONE and not self._is_end
        whole = replace(
            reply,
            parts=(*self._before, *self._title(), *reply.parts, *self._left(reply)),
            phase=Phase.WORKING if goes_on else reply.phase,
            status=self._say("plan_status", self._number + 1) if goes_on else reply.status,
        )
        self._last = whole
        await self._outlet.show(whole)

    async def show_proposal(self, proposal_id: int) -> None:
        """Show a proposal's card."""
        await self._outlet.show_proposal(proposal_id)

    async def attach(self, attached: Attached) -> None:
        """Attach files."""
        await self._outlet.attach(attached)

    def _title(self) -> tuple[Part, ...]:
        step = self._steps[self._number]
        skill = say(f"skill_{step.intent.value}", self._language)
        title = Heading(text=self._say("plan_step", self._number, skill=skill, text=step.text))
        if not step.condition:
            return (title,)
        text = say("plan_condition", self._language, condition=step.condition)
        return (title, Prose(text=text))

    def _say(self, key: str, number: int, **values: str) -> str:
        """A phrase with the place of a step, counted from 0."""
        total = len(self._steps)
        return say(key, self._language, number=number + 1, total=total, **values)

    def _left(self, reply: Reply) -> tuple[Part, ...]:
        """What an ended answer has not done."""
        left = self._steps[self._number + 1 :]
        has_ended = reply.phase is Phase.FAILED or (self._is_end and reply.phase is Phase.DONE)
        if not has_ended or not left:
            return ()
        names = "; ".join(step.text for step in left)
        return (Note(text=say("plan_left", self._language, names=names)),)
