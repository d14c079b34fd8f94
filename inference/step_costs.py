"""What a step should cost on a quiet machine: measured beforehand, or learned while running."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

_N_SAMPLES = 64
_QUANTILE = 0.2
"""Disturbances only ever add time, so the lower end of what was seen is the machine itself."""


class CostModel(Protocol):
    """Expects durations of steps."""

    def expected_s(self, *, n_threads: int, n_rows: int, n_cells: int) -> float | None:
        """Seconds a step takes when nothing else runs; None when there is nothing to go by.

        Args:
            n_rows: Rows of the batch.
            n_cells: Cells of the KV cache in use while it is computed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCosts:
    """Steps with one number of threads.

    Attributes:
        seconds: Duration by rows of the batch, with an all but empty cache; at least one entry.
        row_cell_s: What each row adds per cell in use, in seconds.
    """

    seconds: Mapping[int, float]
    row_cell_s: float = 0.0

    def expected_s(self, n_rows: int, n_cells: int) -> float:
        """Seconds, between measured numbers of rows by linear interpolation."""
        return _interpolated(self.seconds, n_rows) + self.row_cell_s * n_rows * n_cells


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCosts:
    """Measured durations of steps.

    Attributes:
        by_threads: For each number of threads measured; at least one entry.
    """

    by_threads: Mapping[int, RowCosts]

    def expected_s(self, *, n_threads: int, n_rows: int, n_cells: int) -> float:
        """See `CostModel`; for a number of threads in between, that of the next larger one.

        With fewer threads than that it takes at most proportionally longer.
        """
        known = sorted(self.by_threads)
        nearest = known[min(bisect_left(known, n_threads), len(known) - 1)]
        seconds = self.by_threads[nearest].expected_s(n_rows, n_cells)
        return seconds * max(1.0, nearest / n_threads)

    def row_ratio(self, n_threads: int, n_rows: int) -> float:
        """Duration of a batch of so many rows over that of one row: what a draft has to earn."""
        one = self.expected_s(n_threads=n_threads, n_rows=1, n_cells=0)
        return self.expected_s(n_threads=n_threads, n_rows=n_rows, n_cells=0) / one


class LearnedCosts:
    """A running low quantile of the durations seen, by threads and size of the batch."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], deque[float]] = {}

    def learn(self, *, n_threads: int, n_rows: int, seconds: float) -> None:
        """Take a step into account."""
        key = n_threads, n_rows.bit_length()
        self._seen.setdefault(key, deque(maxlen=_N_SAMPLES)).append(seconds / n_rows)

    def expected_s(self, *, n_threads: int, n_rows: int, n_cells: int) -> float | None:
        """See `CostModel`; batches between two powers of two count as alike per row."""
        seen = self._seen.get((n_threads, n_rows.bit_length()))
        if not seen:
            return None
        return sorted(seen)[int(len(seen) * _QUANTILE)] * n_rows


def _interpolated(points: Mapping[int, float], n_rows: int) -> float:
    """Between two points linearly, beyond the last in proportion to the rows."""
    rows = sorted(points)
    index = bisect_left(rows, n_rows)
    if index == len(rows):
        return points[rows[-1]] * n_rows / rows[-1]
    if index == 0:
        return points[rows[0]]
    low, high = rows[index - 1], rows[index]
    share = (n_rows - low) / (high - low)
    return points[low] * (1 - share) + points[high] * share
