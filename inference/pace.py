"""Threads for decode steps and for prefill steps, each adapted by itself.

Where a core is shared with another program, a decode step loses more than a prefill step: it meets
far more barriers for each number it computes. On two cores with one taken, one thread decodes one
and a half times as fast as two, while a chunk of prefill takes as long with one as with two. What
the one step teaches is wrong for the other.
"""

from __future__ import annotations

from .contention import ThreadController
from .step_costs import StepCosts

_MOST_DECODE_ROWS = 32
"""A larger step computes for so long between barriers that it behaves as prefill does."""


class PhasePace:
    """A thread controller for small steps and one for large ones.

    Args:
        max_threads: Most threads, >= 1.
        costs: Measured durations; see `ThreadController`.
    """

    def __init__(self, max_threads: int, costs: StepCosts | None = None) -> None:
        self._max, self._costs = max_threads, costs
        self._decode = ThreadController(max_threads, costs)
        self._prefill = ThreadController(max_threads, costs)
        self._is_decode_low = False

    @property
    def slowdown(self) -> float:
        """Recent decode durations over those of the same batches when the machine is quiet."""
        return self._decode.slowdown

    def threads_for(self, n_rows: int) -> int:
        """Threads for a step of so many rows."""
        return self._controller(n_rows).n_threads

    def observe(self, *, n_rows: int, n_cells: int, seconds: float, now: float) -> None:
        """Take note of a step that was computed with `threads_for(n_rows)` threads."""
        self._controller(n_rows).observe(n_rows=n_rows, n_cells=n_cells, seconds=seconds, now=now)
        self._follow()

    def _follow(self) -> None:
        """Where decode can use all threads again prefill can: a vain attempt there takes long."""
        if self._decode.is_trying:
            return
        was_low, self._is_decode_low = self._is_decode_low, self._decode.n_threads < self._max
        if was_low and not self._is_decode_low and self._prefill.n_threads < self._max:
            self._prefill = ThreadController(self._max, self._costs)

    def _controller(self, n_rows: int) -> ThreadController:
        return self._decode if n_rows <= _MOST_DECODE_ROWS else self._prefill
