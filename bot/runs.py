"""A run as it goes on: folds the executor's events into what a card or a terminal shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runbooks.case import Case
from runbooks.lifecycle import ProposalState
from runbooks.run_events import (
    OutputLine,
    RunEvent,
    RunFinished,
    StepFinished,
    StepStarted,
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
        marks: One finished fact each, for example "verified: 200 after 0.4 s".
        finished: The last event, once the run is over.
    """

    step: str = ""
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    n_between: int = 0
    marks: tuple[str, ...] = ()
    finished: RunFinished | None = None

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
        where = f"step {event.position + 1} of {event.n_steps}: " if event.n_steps > 1 else ""
        return replace(view, step=f"{where}{event.title}")
    if isinstance(event, OutputLine):
        return _with_line(view, event.text)
    if isinstance(event, StepFinished):
        return replace(view, marks=(*view.marks, _step_mark(event)))
    if isinstance(event, VerifyFinished):
        return replace(view, marks=(*view.marks, _verify_mark(event)))
    return replace(view, step="", finished=event)


def _with_line(view: RunView, text: str) -> RunView:
    if len(view.head) < _HEAD_LINES:
        return replace(view, head=(*view.head, text))
    tail = (*view.tail, text)
    n_out = max(0, len(tail) - _TAIL_LINES)
    return replace(view, tail=tail[n_out:], n_between=view.n_between + n_out)


def _step_mark(event: StepFinished) -> str:
    return f"{'✓' if event.ok else '✗'} {event.detail} in {event.seconds:.1f} s"


def _verify_mark(event: VerifyFinished) -> str:
    word = "verified" if event.ok else "not verified"
    return f"{'✓' if event.ok else '✗'} {word}: {event.detail} after {event.seconds:.1f} s"
