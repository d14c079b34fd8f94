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
class RunResumed:
    """A run goes on after the process that ran it had ended.

    Attributes:
        n_done: Steps that had ended before, skipped ones included.
    """

    n_done: int
    n_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped:
    """A step's condition does not hold, so it is not run.

    Attributes:
        position: Counted from 0.
    """

    position: int
    n_steps: int
    step_id: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualAsked:
    """A person is asked to do something, and to say when it is done.

    Attributes:
        within_s: How long the run waits for the answer.
    """

    step_id: str
    instructions: str
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TryFailed:
    """An action failed and is tried again.

    Attributes:
        number: Of the try that failed, counted from 1.
        n_tries: How many there are at most.
        next_in_s: When the next begins.
    """

    step_id: str
    number: int
    n_tries: int
    detail: str
    next_in_s: float


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


RunEvent: TypeAlias = (
    RunResumed
    | StepStarted
    | StepSkipped
    | ManualAsked
    | TryFailed
    | OutputLine
    | StepFinished
    | VerifyFinished
    | RunFinished
)
