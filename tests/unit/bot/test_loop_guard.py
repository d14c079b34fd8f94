"""Two machines cannot talk for ever, and people are never held up."""

from __future__ import annotations

from bot.loop_guard import LoopGuard, Verdict


def test_a_loop_is_told_once_and_then_meets_silence() -> None:
    guard: LoopGuard[str] = LoopGuard(limit=3, window_s=60, rest_s=600)
    verdicts = [guard.ask("loop", now) for now in range(100)]
    assert verdicts[:4] == [Verdict.ANSWERED] * 3 + [Verdict.TOLD]
    assert set(verdicts[4:]) == {Verdict.SILENCE}
    assert guard.ask("another", 5.0) is Verdict.ANSWERED


def test_after_a_rest_it_is_answered_again() -> None:
    guard: LoopGuard[str] = LoopGuard(limit=1, window_s=60, rest_s=600)
    assert [guard.ask("x", now) for now in (0.0, 1.0)] == [Verdict.ANSWERED, Verdict.TOLD]
    assert guard.ask("x", 601.0) is Verdict.ANSWERED


def test_a_person_who_asks_now_and_then_is_always_answered() -> None:
    guard: LoopGuard[str] = LoopGuard()
    assert {guard.ask("x", 4.0 * number) for number in range(500)} == {Verdict.ANSWERED}


def test_what_is_remembered_is_bounded() -> None:
    guard: LoopGuard[int] = LoopGuard(limit=1)
    for number in range(2000):
        guard.ask(number, 0.0)
    assert guard.ask(1999, 1.0) is Verdict.TOLD
    assert guard.ask(0, 1.0) is Verdict.ANSWERED
