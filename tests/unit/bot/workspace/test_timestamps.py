"""A timestamp names one message, so two are never equal and later ones are greater."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.timestamps import Timestamps

times = st.lists(st.floats(1_000_000_000, 1_000_000_100), min_size=1, max_size=40)


@given(times)
def test_they_increase_even_when_the_clock_stands_or_goes_back(clock: list[float]) -> None:
    readings = iter(clock)
    timestamps = Timestamps(lambda: next(readings))
    made = [timestamps.next() for _ in clock]
    assert made == sorted(set(made))


def test_a_restart_goes_on_after_the_newest() -> None:
    assert Timestamps(lambda: 5.0, after="1700000000.999999").next() == "1700000001.000000"
