"""A run as it goes on: folds the executor's events into what a card or a terminal shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runbooks.case import Case
from runbooks.lifecycle import ProposalState
from runbooks.run_events import (
    ManualAsked,
    OutputLine,
    RunEvent,
    RunFinished,
    RunResumed,
    StepFinished,
    StepSkipped,
    StepStarted,
    TryFailed,
    VerifyFinished,
)
from runbooks.standing import Standing

_HEAD_LINES = 4
_TAIL_LINES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """What is known of a run now.

    Attributes:
        head: The first lines of output, redacted.
        tail: The newest lines after those, oldest first.
        n_between: How many lines between the two are not shown.
        begun: Every step that began, in that order.
        running: Those that are running now.
        asked: What people are asked to do now.
        marks: One finished fact each, for example "verified: 200 after 0.4 s".
        finished: The last event, once the run is over.
    """

    begun: tuple[StepStarted, ...] = ()
    running: tuple[StepStarted, ...] = ()
    asked: tuple[ManualAsked, ...] = ()
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    n_between: int = 0
    marks: tuple[str, ...] = ()
    finished: RunFinished | None = None

    @property
    def step(self) -> str:
        """What runs now, in words; empty between steps."""
        return "; ".join(_place(event) for event in self.running)

    @property
    def lines(self) -> tuple[str, ...]:
        """What to show of the output, the cut marked."""
        cut = (f"… {self.n_between} lines …",) if self.n_between else ()
        return (*self.head, *cut, *self.tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A proposal as people see it: the stored case and, while it runs, the run.

    Attributes:
        standing: What it still needs; only while it waits.
    """

    case: Case
    run: RunView | None = None
    standing: Standing | None = None

    @property
    def state(self) -> ProposalState:
        """The state to show: the run knows it before the store was read again."""
        if self.run is None:
            return self.case.state
        if self.run.finished is not None:
            return self.run.finished.state
        return ProposalState.RUNNING


def advance(view: RunView, event: RunEvent) -> RunView:
    """Fold one event into the view."""
    if isinstance(event, StepStarted):
        return replace(view, begun=(*view.begun, event), running=(*view.running, event))
    if isinstance(event, OutputLine):
        return _with_line(view, _named(view, event))
    if isinstance(event, ManualAsked):
        return replace(view, asked=(*view.asked, event))
    if isinstance(event, RunFinished):
        return replace(view, running=(), asked=(), finished=event)
    if isinstance(event, StepFinished):
        view = _without(view, event.step_id)
    return replace(view, marks=(*view.marks, _mark(event, view)))


def _place(event: StepStarted) -> str:
    where = f"step {event.position + 1} of {event.n_steps}: " if event.n_steps > 1 else ""
    return f"{where}{event.title}"


def _named(view: RunView, event: OutputLine) -> str:
    """A line, with its step where several run at once."""
    return f"{event.step_id}: {event.text}" if len(view.running) > 1 else event.text


def _without(view: RunView, step_id: str) -> RunView:
    return replace(
        view,
        running=tuple(event for event in view.running if event.step_id != step_id),
        asked=tuple(event for event in view.asked if event.step_id != step_id),
    )


def _which(view: RunView, step_id: str) -> str:
    """The step's title, unless it is the only one."""
    found = next((event for event in reversed(view.begun) if event.step_id == step_id), None)
    if found is None:
        return f"{step_id}: " if step_id.endswith("]") else ""
    return f"{found.title}: " if found.n_steps > 1 else ""


def _mark(
    event: RunResumed | StepSkipped | TryFailed | StepFinished | VerifyFinished, view: RunView
) -> str:
    if isinstance(event, RunResumed):
        return f"↻ opsbot was restarted; {event.n_done} of {event.n_steps} steps were done before"
    if isinstance(event, StepSkipped):
        return f"– skipped: {event.title}: {event.reason}"
    which = _which(view, event.step_id)
    if isinstance(event, TryFailed):
        count = f"try {event.number} of {event.n_tries}"
        return f"✗ {which}{count}: {event.detail}; again in {event.next_in_s:g} s"
    if isinstance(event, StepFinished):
        return f"{_sign(ok=event.ok)} {which}{event.detail} in {event.seconds:.1f} s"
    word = "verified" if event.ok else "not verified"
    return f"{_sign(ok=event.ok)} {which}{word}: {event.detail} after {event.seconds:.1f} s"


def _sign(*, ok: bool) -> str:
    return "✓" if ok else "✗"


def _with_line(view: RunView, text: str) -> RunView:
    if len(view.head) < _HEAD_LINES:
        return replace(view, head=(*view.head, text))
    tail = (*view.tail, text)
    n_out = max(0, len(tail) - _TAIL_LINES)
    return replace(view, tail=tail[n_out:], n_between=view.n_between + n_out)
