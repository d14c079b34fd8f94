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

_LINES_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """What is known of a run now.

    Attributes:
        lines: The last lines of output, redacted, oldest first.
        marks: One finished fact each, for example "verified: 200 after 0.4 s".
        finished: The last event, once the run is over.
    """

    step: str = ""
    lines: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    finished: RunFinished | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A proposal as people see it: the stored case and, while it runs, the run."""

    case: Case
    run: RunView | None = None

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
        return replace(view, lines=(*view.lines, event.text)[-_LINES_SHOWN:])
    if isinstance(event, StepFinished):
        return replace(view, marks=(*view.marks, _step_mark(event)))
    if isinstance(event, VerifyFinished):
        return replace(view, marks=(*view.marks, _verify_mark(event)))
    return replace(view, step="", finished=event)


def _step_mark(event: StepFinished) -> str:
    return f"{'✓' if event.ok else '✗'} {event.detail} in {event.seconds:.1f} s"


def _verify_mark(event: VerifyFinished) -> str:
    word = "verified" if event.ok else "not verified"
    return f"{'✓' if event.ok else '✗'} {word}: {event.detail} after {event.seconds:.1f} s"
