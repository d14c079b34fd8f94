from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.persistence.container import StateKind, as_array
from inference.persistence.write_queue import PendingState, WriteQueue

from .conftest import run

PINNED, THREAD = StateKind.PINNED, StateKind.THREAD


def pending(key: str, kind: StateKind = THREAD, n_bytes: int = 10) -> PendingState:
    return PendingState(key=key, kind=kind, tokens=as_array(run(0, 3)), payload=bytes(n_bytes))


def drain(queue: WriteQueue) -> list[str]:
    return [state.key for _ in range(len(queue)) if (state := queue.pop()) is not None]


def test_states_leave_in_the_order_they_came() -> None:
    queue = WriteQueue(100)
    assert [queue.put(pending(key)) for key in "abc"] == [0, 0, 0]
    assert queue.keys == {"a", "b", "c"}
    assert drain(queue) == ["a", "b", "c"]
    assert queue.pop() is None


def test_a_thread_that_does_not_fit_is_dropped_itself() -> None:
    queue = WriteQueue(25)
    assert [queue.put(pending(key)) for key in "abc"] == [0, 0, 1]
    assert drain(queue) == ["a", "b"]


def test_threads_give_way_to_a_pinned_prefix_oldest_first() -> None:
    queue = WriteQueue(30)
    queue.put(pending("pinned", PINNED))
    queue.put(pending("old"))
    queue.put(pending("new"))
    assert queue.put(pending("newest", PINNED)) == 1
    assert drain(queue) == ["pinned", "new", "newest"]


def test_among_pinned_prefixes_the_newest_wins() -> None:
    queue = WriteQueue(20)
    for key in "abc":
        queue.put(pending(key, PINNED))
    assert drain(queue) == ["b", "c"]


def test_one_larger_than_the_limit_waits_alone() -> None:
    queue = WriteQueue(20)
    assert queue.put(pending("large", n_bytes=50)) == 0
    assert queue.put(pending("next")) == 1
    assert drain(queue) == ["large"]


def test_clearing_counts_what_is_lost() -> None:
    queue = WriteQueue(100)
    queue.put(pending("a"))
    queue.put(pending("b"))
    assert (queue.clear(), len(queue)) == (2, 0)


@given(st.lists(st.tuples(st.sampled_from(StateKind), st.integers(1, 60)), max_size=12))
def test_what_was_put_waits_or_was_dropped_and_memory_is_bounded(
    states: list[tuple[StateKind, int]],
) -> None:
    queue, n_dropped = WriteQueue(50), 0
    for i, (kind, n_bytes) in enumerate(states):
        n_dropped += queue.put(pending(str(i), kind, n_bytes))
        if kind is PINNED:
            assert str(i) in queue.keys
    sizes = [len(state.payload) for _ in range(len(queue)) if (state := queue.pop()) is not None]
    assert len(sizes) + n_dropped == len(states)
    assert sum(sizes) <= 50 or len(sizes) == 1
