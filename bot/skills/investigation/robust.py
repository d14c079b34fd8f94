"""Whether a series left its usual range, and when: medians against the time before. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_MAD_TO_SIGMA = 1.4826
_N_SIGMAS = 6.0
_MIN_RUN = 3
_MIN_BASELINE = 5


class Direction(StrEnum):
    """Which way is bad."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What counts as unusual.

    Attributes:
        min_share: Least change, as a share of the usual value.
        min_change: Least change, in the unit of the series.
        level: Beyond this value it is bad however slowly it got there; None: no such value.
    """

    direction: Direction
    min_share: float = 0.5
    min_change: float = 0.0
    level: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a series stands to the time before.

    Attributes:
        usual: Median before; None without enough points.
        now: Median since it changed, or of the window.
        began_at: Seconds since the epoch when it left its range; None: it did not.
        was_beyond: Whether it was beyond its level already before the window.
    """

    usual: float | None
    now: float | None
    began_at: float | None
    was_beyond: bool = False


def judge_series(
    points: Sequence[tuple[float, float]], window_start: float, how: Sensitivity
) -> Verdict:
    """Compare a window with the time before it.

    A change counts when three points in a row are beyond the usual range: six robust standard
    deviations (from the median absolute deviation), and the declared least change. One spike is none.

    Args:
        points: (seconds since the epoch, value), in order.
        window_start: Points before it are the baseline.
    """
    before = [value for at, value in points if at < window_start]
    window = [(at, value) for at, value in points if at >= window_start]
    if not window:
        return Verdict(usual=_median(before), now=None, began_at=None)
    values = [value for _, value in window]
    if len(before) < _MIN_BASELINE:
        return Verdict(usual=None, now=_median(values), began_at=None)
    usual = statistics.median(before)
    if how.level is not None and _beyond(usual, how.level, how.direction):
        return Verdict(usual=usual, now=_median(values), began_at=None, was_beyond=True)
    spread = statistics.median(abs(value - usual) for value in before) * _MAD_TO_SIGMA
    margin = max(_N_SIGMAS * spread, how.min_share * abs(usual), how.min_change)
    bound = usual + margin if how.direction is Direction.UP else usual - margin
    if how.level is not None and how.min_share >= 0:
        bound = _nearer(bound, how.level, usual)
    began = _first_run(window, bound, how.direction)
    since = [value for at, value in window if began is None or at >= began]
    return Verdict(usual=usual, now=_median(since), began_at=began)


def _nearer(bound: float, level: float, usual: float) -> float:
    """Of a bound and a level, whichever is met first."""
    return level if abs(level - usual) < abs(bound - usual) else bound


def _first_run(
    window: Sequence[tuple[float, float]], bound: float, direction: Direction
) -> float | None:
    run: list[float] = []
    for at, value in window:
        if _beyond(value, bound, direction):
            run.append(at)
            if len(run) >= _MIN_RUN:
                return run[0]
        else:
            run.clear()
    return run[0] if len(run) >= 2 and run[-1] == window[-1][0] else None


def _beyond(value: float, bound: float, direction: Direction) -> bool:
    return value > bound if direction is Direction.UP else value < bound


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
