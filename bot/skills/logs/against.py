"""One log against another: what is new, gone, or has another rate. Pure.

Two logs of equally healthy times differ by chance: in how busy they were, in which rare messages
they happened to have, and since messages come in bursts. Only what is beyond that is a change.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...messages import Change
from .findings import Comparison, Movement, judge, label_of
from .profile import Row
from .severity import Severity

_N_PARTS = 20
_MIN_DISPERSION = 2.0
_MIN_SHARED = 3
_MIN_LINES_SHARED = 8
_NEW_CHANCES = {Severity.WARN: 0.02, Severity.ERROR: 0.15, Severity.FATAL: 0.15}
_NEW_CHANCE = 0.005
_MAX_ONCE = 0.05


def compare_with(rows: Sequence[Row], baseline: Sequence[Row], exposure: float) -> Comparison:
    """Compare with another log as the baseline.

    Args:
        exposure: How much longer the baseline is than the log, in time or in lines.
    """
    pairs = _Pairs(rows, baseline, exposure)
    movements = [pairs.movement_of(row) for row in rows]
    movements += [pairs.absence_of(row) for row in baseline if row.key not in pairs.new]
    kept = (each for each in movements if each.n_lines or each.change is not Change.STEADY)
    return Comparison(
        movements=tuple(sorted(kept, key=lambda moved: moved.rank)), onset=None, has_baseline=True
    )


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """How many messages have so many lines in both logs together.

    Messages that were written k times tell how many such messages one of the two logs has alone
    by chance, as singletons tell of the unseen ones (Good and Turing).
    """

    n_messages: dict[tuple[bool, int], int]
    share: float

    def n_alone(self, severity: Severity, n_lines: int) -> float:
        """Messages with so many lines that are expected to be in the newer log only."""
        n_alike = self.n_messages.get((severity >= Severity.ERROR, n_lines), 1)
        return float(n_alike * self.share**n_lines)


class _Pairs:
    """The counts of every message in both logs."""

    def __init__(self, rows: Sequence[Row], baseline: Sequence[Row], exposure: float) -> None:
        self.old = {row.key: row for row in baseline}
        self.new = {row.key: row for row in rows}
        self._exposures = [exposure, *self._typical_exposure()]
        self._span = _span(baseline)
        self._is_healthy = _is_healthy(baseline)
        totals = {key: row.n_lines for key, row in self.old.items()}
        for key, row in self.new.items():
            totals[key] = totals.get(key, 0) + row.n_lines
        grave = {row.key: row.severity >= Severity.ERROR for row in (*baseline, *rows)}
        self._spectrum = _Spectrum(
            dict(Counter((grave[key], n) for key, n in totals.items())),
            1 / (1 + min(self._exposures)),
        )

    def _typical_exposure(self) -> list[float]:
        """The ratio that messages in both logs have typically; that no message moved away from.

        It is another than that of their lengths when one log is of a busier time.
        """
        ratios = [
            row.n_lines / self.new[key].n_lines
            for key, row in self.old.items()
            if key in self.new and row.n_lines + self.new[key].n_lines >= _MIN_LINES_SHARED
        ]
        return [statistics.median(ratios)] if len(ratios) >= _MIN_SHARED else []

    def movement_of(self, row: Row) -> Movement:
        """How a message of the newer log moved."""
        old = self.old.get(row.key)
        sighting = row.firsts[min(row.firsts)]
        n_before = old.n_lines if old is not None else 0
        dispersion = _dispersion(old, self._span) if old is not None else _MIN_DISPERSION
        moved = [
            judge(row, n_before, row.n_lines, exposure, dispersion, row.n_lines, sighting)
            for exposure in self._exposures
        ]
        if old is not None:
            return _agreed(moved)
        if self._is_new(row):
            return replace(moved[0], change=Change.NEW, label=Change.NEW.name)
        return replace(_steady(moved[0]), is_unseen=True)

    def absence_of(self, row: Row) -> Movement:
        """How a message moved that only the baseline has."""
        dispersion = _dispersion(row, self._span)
        sighting = row.firsts[max(row.firsts)]
        return _agreed(
            [
                judge(row, row.n_lines, 0, exposure, dispersion, 0, sighting)
                for exposure in self._exposures
            ]
        )

    def _is_new(self, row: Row) -> bool:
        # Chatter that came in a single burst came once.
        n_times = row.n_lines if row.severity >= Severity.ERROR else len(row.ticks)
        if row.severity >= Severity.ERROR and self._is_healthy:
            return True
        chance = _NEW_CHANCES.get(row.severity, _NEW_CHANCE)
        return self._spectrum.n_alone(row.severity, n_times) < chance


def _agreed(moved: Sequence[Movement]) -> Movement:
    """The first of several judgements, or steady when they are not of one mind."""
    first = moved[0]
    return first if all(each.change is first.change for each in moved) else _steady(first)


def _steady(moved: Movement) -> Movement:
    label = label_of(Change.STEADY, moved.row.severity, None)
    return replace(moved, change=Change.STEADY, label=label)


def _is_healthy(rows: Sequence[Row]) -> bool:
    """Whether a log has no errors, and hardly a message that it might as well lack."""
    n_once = sum(row.n_lines == 1 for row in rows)
    has_errors = any(row.severity >= Severity.ERROR for row in rows)
    return not has_errors and n_once <= _MAX_ONCE * len(rows)


def _span(rows: Sequence[Row]) -> tuple[int, int]:
    ticks = [tick for row in rows for tick in (min(row.ticks), max(row.ticks))]
    return min(ticks, default=0), max(ticks, default=0) + 1


def _dispersion(row: Row, span: tuple[int, int]) -> float:
    """Variance over mean of a message's lines in equal parts of its log."""
    first, end = span
    n_parts = min(_N_PARTS, end - first)
    if n_parts < 2:
        return _MIN_DISPERSION
    counts = np.zeros(n_parts)
    for tick, n_lines in row.ticks.items():
        counts[(tick - first) * n_parts // (end - first)] += n_lines
    return max(_MIN_DISPERSION, float(counts.var(ddof=1) / counts.mean()))
