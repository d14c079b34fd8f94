"""What a run tells while it goes on; `RunFinished` is always the last, and comes exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .lifecycle import ProposalState


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step begins.

    Attributes:
        position: Counted from 0.
    """

    position: int
    n_steps: int
    step_id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputLine:
    """One line of a step's output, redacted."""

    step_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """A step's action ended.

    Attributes:
        exit_status: Of a program that ended by itself, else None.
        seconds: Wall time.
        detail: For example "exit 3" or "timed out after 60 s".
        output: Redacted; head and tail when it was long.
    """

    step_id: str
    ok: bool
    exit_status: int | None
    seconds: float
    detail: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyFinished:
    """The check after a step held, or did not within its time.

    Attributes:
        seconds: From the first try to the answer.
    """

    step_id: str
    ok: bool
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run is over, or was refused.

    Attributes:
        state: What the proposal is now; still RUNNING or APPROVED when somebody else runs it.
        reason: One sentence.
        seconds: Wall time of the run, 0 when nothing ran.
        not_done: Titles of the steps that were not begun.
    """

    state: ProposalState
    reason: str
    seconds: float = 0.0
    not_done: tuple[str, ...] = ()


RunEvent: TypeAlias = StepStarted | OutputLine | StepFinished | VerifyFinished | RunFinished
