from __future__ import annotations

from inference.models.progress import Meter

from .conftest import Recorder


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_never_shrinks_and_never_exceeds_the_total(recorder: Recorder) -> None:
    meter = Meter(observer=recorder, n_total_bytes=100, clock=Clock())
    meter.show(60, "a")
    meter.add(40, "a")
    meter.show(90, "b")
    assert [state.n_done_bytes for state in recorder.states] == [60, 60, 100]


def test_kept_bytes_are_done_but_are_no_speed(recorder: Recorder) -> None:
    clock = Clock()
    meter = Meter(observer=recorder, n_total_bytes=100, clock=clock)
    meter.keep(50)
    meter.show(0, "a")
    clock.now = 2.0
    meter.add(20, "a")
    assert recorder.states[0].n_bytes_per_s is None
    assert recorder.states[-1].n_done_bytes == 70
    assert recorder.states[-1].n_bytes_per_s == 10.0
