"""A run's view keeps the head and the tail of the output and every finished fact."""

from __future__ import annotations

from bot.runs import RunView, advance
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


def fold(*events: RunEvent) -> RunView:
    view = RunView()
    for event in events:
        view = advance(view, event)
    return view


def lines(n: int) -> list[RunEvent]:
    return [OutputLine(step_id="s", text=f"line {number}") for number in range(n)]


def test_short_output_is_shown_whole() -> None:
    assert fold(*lines(12)).lines == tuple(f"line {number}" for number in range(12))


def test_long_output_keeps_head_and_tail_and_counts_the_rest() -> None:
    shown = fold(*lines(100)).lines
    assert shown[:4] == tuple(f"line {number}" for number in range(4))
    assert shown[4] == "… 88 lines …"
    assert shown[-1] == "line 99"


def test_every_result_leaves_a_mark_and_the_end_is_kept() -> None:
    view = fold(
        StepFinished(step_id="s", ok=True, exit_status=0, seconds=1.25, detail="exit 0", output=""),
        VerifyFinished(step_id="s", ok=False, detail="503", seconds=30.0),
        RunFinished(state=ProposalState.FAILED, reason="not verified"),
    )
    assert view.marks == ("✓ exit 0 in 1.2 s", "✗ not verified: 503 after 30.0 s")
    assert view.finished is not None


def started(step_id: str, position: int = 0) -> StepStarted:
    return StepStarted(position=position, n_steps=3, step_id=step_id, title=f"step {step_id}")


def finished(step_id: str) -> StepFinished:
    return StepFinished(
        step_id=step_id, ok=True, exit_status=0, seconds=1.0, detail="exit 0", output=""
    )


def test_steps_that_run_at_once_are_all_named_and_their_lines_told_apart() -> None:
    both = fold(started("a"), started("b", 1), OutputLine(step_id="b", text="hello"))
    assert both.step == "step 1 of 3: step a; step 2 of 3: step b"
    assert both.lines == ("b: hello",)
    one = advance(both, finished("a"))
    assert one.step == "step 2 of 3: step b"
    assert one.marks == ("✓ step a: exit 0 in 1.0 s",)


def test_a_question_stays_until_its_step_ended() -> None:
    asked = ManualAsked(step_id="a", instructions="turn the key", within_s=60)
    view = fold(started("a"), asked)
    assert view.asked == (asked,)
    assert advance(view, finished("a")).asked == ()
    assert advance(view, RunFinished(state=ProposalState.FAILED, reason="stopped")).asked == ()


def test_what_was_skipped_repeated_and_continued_leaves_marks() -> None:
    view = fold(
        RunResumed(n_done=1, n_steps=3),
        StepSkipped(position=1, n_steps=3, step_id="b", title="B", reason="only if a failed"),
        TryFailed(step_id="c", number=1, n_tries=3, detail="exit 1", next_in_s=5),
    )
    assert view.marks == (
        "↻ opsbot was restarted; 1 of 3 steps were done before",
        "– skipped: B: only if a failed",
        "✗ try 1 of 3: exit 1; again in 5 s",
    )
