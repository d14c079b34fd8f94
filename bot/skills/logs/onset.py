"""When things changed: the tick after which the counts of all messages differ most. Pure.

Counts of real logs come in bursts, so a message's own unsteadiness (its dispersion) is taken into
account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .profile import Row
from .severity import Severity

_MIN_TICKS_BEFORE = 4
MIN_TICKS_AFTER = 2
_ONSET_G = 24.0
_MAX_LEAD_TICKS = 3
_MAX_ROWS = 2000
_LATE_LINES = 5


@dataclass(frozen=True, slots=True)
class Grid:
    """Which ticks are compared: `[first, end)`; the tick that is still filling is left out."""

    first: int
    end: int


def find_onset(rows: Sequence[Row], grid: Grid) -> int | None:
    """The tick at which the counts changed most, if more than by chance.

    What gets worse counts for it, warnings and errors that stop count against it: the end of an
    incident is no onset.
    """
    n_ticks = grid.end - grid.first
    if n_ticks < _MIN_TICKS_BEFORE + MIN_TICKS_AFTER or not rows:
        return None
    kept = sorted(rows, key=lambda row: (-row.severity, -row.n_lines))[:_MAX_ROWS]
    counts = counts_of(kept, grid)
    bad = np.array([row.severity >= Severity.WARN for row in kept])
    gains = _signed_gains(counts, bad)
    gains[:, : _MIN_TICKS_BEFORE - 1] = 0.0
    gains[:, n_ticks - MIN_TICKS_AFTER :] = 0.0
    scores = gains.sum(axis=0)
    best = int(scores.argmax())
    if float(gains[:, best].max()) < _ONSET_G or scores[best] <= 0:
        return None
    told = [row for row, gain in zip(kept, gains[:, best], strict=True) if gain >= _ONSET_G]
    return _drawn_back(told, grid.first + best + 1, max(_MAX_LEAD_TICKS, n_ticks // 50))


def find_late_onset(rows: Sequence[Row], grid: Grid) -> int | None:
    """The tick of the first error never seen before, when it comes too late for `find_onset`.

    Counts are no evidence so shortly after a change; several lines of an error that was not there
    in all the time before are.
    """
    earliest = max(grid.first + _MIN_TICKS_BEFORE, grid.end - MIN_TICKS_AFTER)
    begins = [
        min(row.ticks)
        for row in rows
        if row.severity >= Severity.ERROR and row.n_lines >= _LATE_LINES
    ]
    return min((tick for tick in begins if tick >= earliest), default=None)


def _drawn_back(rows: Sequence[Row], onset: int, lead: int) -> int:
    """The earliest beginning, at most `lead` ticks before the onset, of a message new with it."""
    begins = (min(row.ticks) for row in rows if row.severity >= Severity.WARN)
    return min((tick for tick in begins if onset - lead <= tick < onset), default=onset)


def counts_of(rows: Sequence[Row], grid: Grid) -> NDArray[np.float64]:
    """Lines per row and tick, shape (n_rows, n_ticks)."""
    counts = np.zeros((len(rows), grid.end - grid.first))
    for index, row in enumerate(rows):
        for tick, n_lines in row.ticks.items():
            if grid.first <= tick < grid.end:
                counts[index, tick - grid.first] = n_lines
    return counts


def _signed_gains(counts: NDArray[np.float64], bad: NDArray[np.bool_]) -> NDArray[np.float64]:
    """G statistic of cutting each row after each tick, over its dispersion.

    Args:
        counts: Shape (n_rows, n_ticks).
        bad: Shape (n_rows,); their decrease counts negative, other rows count half.

    Returns:
        Shape (n_rows, n_ticks); the last column is 0.
    """
    n_ticks = counts.shape[1]
    before = counts.cumsum(axis=1)
    after = before[:, -1:] - before
    share: NDArray[np.float64] = np.arange(1, n_ticks + 1, dtype=np.float64) / n_ticks
    total = before[:, -1:]
    expected: NDArray[np.float64] = total * share
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(before > 0, before * np.log(before / expected), 0.0)
        second = np.where(after > 0, after * np.log(after / (total - expected)), 0.0)
    gains: NDArray[np.float64] = 2 * (first + second) / dispersions_of(counts)[:, None]
    rises: NDArray[np.bool_] = before < expected
    weight: NDArray[np.float64] = np.where(bad[:, None], np.where(rises, 1.0, -1.0), 0.5)
    signed: NDArray[np.float64] = gains * weight
    signed[:, -1] = 0.0
    return signed


def dispersions_of(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much more neighbouring ticks differ than chance would have it; at least 1."""
    if counts.shape[1] < 2:
        ones: NDArray[np.float64] = np.ones(len(counts))
        return ones
    steps: NDArray[np.float64] = np.diff(counts, axis=1)
    spread: NDArray[np.float64] = (steps**2).mean(axis=1) / 2
    mean: NDArray[np.float64] = np.maximum(counts.mean(axis=1), 1e-9)
    found: NDArray[np.float64] = np.maximum(1.0, spread / mean)
    return found
