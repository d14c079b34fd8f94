from __future__ import annotations

from collections.abc import Callable

from inference import TextDelta
from inference.outbox import Outbox


async def test_events_that_wait_together_wake_the_loop_once_and_keep_their_order() -> None:
    wakes: list[Callable[[], None]] = []
    outbox = Outbox(wakes.append)
    for text in "abc":
        outbox.put(TextDelta(text=text))
    assert len(wakes) == 1
    wakes[0]()
    assert [await outbox.get() for _ in "abc"] == [TextDelta(text=text) for text in "abc"]


async def test_an_event_after_a_delivery_wakes_the_loop_again() -> None:
    wakes: list[Callable[[], None]] = []
    outbox = Outbox(wakes.append)
    for n_wakes in (1, 2):
        outbox.put(TextDelta(text="x"))
        assert len(wakes) == n_wakes
        wakes[-1]()
        assert await outbox.get() == TextDelta(text="x")
