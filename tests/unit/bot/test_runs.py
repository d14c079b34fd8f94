"""A run's view keeps the head and the tail of the output and every finished fact."""

from __future__ import annotations

from bot.runs import RunView, advance
from runbooks.lifecycle import ProposalState
from runbooks.run_events import OutputLine, RunEvent, RunFinished, StepFinished, VerifyFinished


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
