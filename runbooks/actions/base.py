"""The protocol of side effects: run one action, stream its output, end with one result."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

from .kinds import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of output, redacted, without its line end."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """How an action ended; always the last event.

    Attributes:
        ok: It did what was expected: exit status 0, or the expected HTTP status.
        exit_status: Of a program that ended by itself, else None.
        seconds: Wall time.
        output: Redacted; head and tail, with the cut marked, when it was long.
        detail: How it ended in a few words, for example "exit 3" or "timed out after 60 s".
    """

    ok: bool
    exit_status: int | None
    seconds: float
    output: str
    detail: str

    @property
    def timed_out(self) -> bool:
        """Its time was over before it ended, so what it did is not known."""
        return not self.ok and self.detail.startswith(TIMED_OUT)


TIMED_OUT = "timed out"
"""How `detail` begins, for every kind of action, when the time was over."""


class Part(StrEnum):
    """What an action is to its step."""

    PREVIEW = "preview"
    ACTION = "action"
    VERIFY = "verify"


ActionEvent: TypeAlias = Line | ActionResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionContext:
    """What was bound beside the action itself.

    Attributes:
        executables: Program as written in an argv -> absolute path.
        proposal_id: 0 outside a run.
        step_id: Of the bound step; empty outside a run.
        part: What the action is to that step.
        n_try: Which try of it this is, counted from 1.
        earlier: Redacted outputs of the steps before, by declared step.
        read_only: It is a preview, a check or a step that was declared to change nothing: a program
            of this machine is shut in where that is possible.
    """

    executables: Mapping[str, str] = field(default_factory=dict[str, str])
    proposal_id: int = 0
    step_id: str = ""
    part: Part = Part.ACTION
    n_try: int = 1
    earlier: Mapping[str, str] = field(default_factory=dict[str, str])
    read_only: bool = False


class ActionRunner(Protocol):
    """Runs actions."""

    def run(self, action: Action, context: ActionContext) -> AsyncGenerator[ActionEvent, None]:
        """Run one action; closing the generator stops what was started.

        Never raises for what the action does: a program that cannot start, a refused
        connection and a timeout are results with `ok` false.
        """
        ...


async def collect(runner: ActionRunner, action: Action, context: ActionContext) -> ActionResult:
    """Run an action to its end without looking at single lines."""
    result = ActionResult(ok=False, exit_status=None, seconds=0.0, output="", detail="no result")
    async for event in runner.run(action, context):
        if isinstance(event, ActionResult):
            result = event
    return result
