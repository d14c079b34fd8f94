from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.persistence import Candidate, StateKind, WhatToSave
from inference.request import TokenId

from .conftest import run

PREFIX = run(0, 100)


def policy(*, idle_s: float = 10.0, max_threads: int = 2) -> WhatToSave:
    return WhatToSave(idle_s=idle_s, min_thread_tokens=50, max_threads=max_threads)


def thread(tokens: tuple[TokenId, ...]) -> Candidate:
    return Candidate(tokens=tokens, kind=StateKind.THREAD)


def pinned(tokens: tuple[TokenId, ...]) -> Candidate:
    return Candidate(tokens=tokens, kind=StateKind.PINNED)


def test_a_pinned_prefix_is_due_at_once_and_only_until_it_is_done() -> None:
    chosen = policy()
    plan = chosen.plan([PREFIX], [PREFIX], 0.0)
    assert (plan.due, plan.wait_s) == ((pinned(PREFIX),), None)
    assert chosen.plan([PREFIX], [PREFIX], 1.0).due == plan.due
    chosen.done(pinned(PREFIX))
    assert chosen.plan([PREFIX], [PREFIX], 99.0).due == ()


def test_a_thread_is_due_when_it_has_rested() -> None:
    chosen, tokens = policy(), run(0, 200)
    assert chosen.plan([], [tokens], 5.0).wait_s == 10.0
    assert chosen.plan([], [tokens], 11.0).wait_s == 4.0
    plan = chosen.plan([], [tokens], 15.0)
    assert (plan.due, plan.wait_s) == ((thread(tokens),), None)


def test_a_thread_that_goes_on_rests_anew() -> None:
    chosen = policy()
    chosen.plan([], [run(0, 200)], 0.0)
    plan = chosen.plan([], [run(0, 260)], 9.0)
    assert (plan.due, plan.wait_s) == ((), 10.0)
    assert chosen.plan([], [run(0, 260)], 19.0).due == (thread(run(0, 260)),)


def test_a_thread_with_little_of_its_own_is_not_worth_a_file() -> None:
    chosen, tokens = policy(), run(0, 149)
    assert chosen.plan([PREFIX], [tokens], 0.0).wait_s is None
    assert chosen.plan([PREFIX], [tokens], 99.0).due == (pinned(PREFIX),)
    assert chosen.plan([], [tokens], 99.0).due == (thread(tokens),)


def test_only_the_threads_that_changed_last_are_saved() -> None:
    chosen = policy(max_threads=2)
    old, middle, new = run(0, 200), run(1000, 200), run(2000, 200)
    chosen.plan([], [old], 0.0)
    chosen.plan([], [old, middle], 1.0)
    chosen.plan([], [old, middle, new], 2.0)
    assert chosen.plan([], [old, middle, new], 50.0).due == (thread(new), thread(middle))


def test_what_left_memory_and_came_back_is_looked_at_again() -> None:
    chosen, tokens = policy(idle_s=0.0), run(0, 200)
    chosen.done(thread(tokens))
    assert chosen.plan([], [tokens], 0.0).due == ()
    chosen.plan([], [], 1.0)
    assert chosen.plan([], [tokens], 2.0).due == (thread(tokens),)


@given(
    st.lists(st.tuples(st.floats(0.0, 8.0), st.sets(st.integers(0, 4), max_size=5)), max_size=20)
)
def test_nothing_is_proposed_before_its_time_or_again_while_it_stays(
    steps: list[tuple[float, set[int]]],
) -> None:
    chosen, now = policy(max_threads=5), 0.0
    since: dict[int, float] = {}
    saved: set[int] = set()
    for delay, present in steps:
        now += delay
        since = {i: since.get(i, now) for i in present}
        saved &= present
        plan = chosen.plan([], [run(1000 * i, 200) for i in present], now)
        proposed = {int(candidate.tokens[0]) // 1000 for candidate in plan.due}
        due = {i for i in present - saved if since[i] + 10.0 - now <= 0}
        assert proposed == due
        waits = [since[i] + 10.0 - now for i in present - saved - due]
        assert plan.wait_s == min(waits, default=None)
        for candidate in plan.due:
            chosen.done(candidate)
        saved |= due
