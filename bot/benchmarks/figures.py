"""Medians, percentiles, fairness and rank correlation of measured values."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import StatisticsError, correlation, median


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which a share of the values lies, linearly between two of them.

    Args:
        share: 0 to 1; 0.5 gives the median.

    Returns:
        None when there are no values.

    Raises:
        ValueError: The share is outside its range.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}, it must be within 0..1")
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median_of(values: Sequence[float | None]) -> float | None:
    """The median of the values that are there; None when none is."""
    there = [value for value in values if value is not None]
    return median(there) if there else None


def ratio(part: float | None, whole: float | None) -> float | None:
    """`part / whole`; None when one of them is missing or there is nothing to divide by."""
    return part / whole if part is not None and whole else None


def jain_index(values: Sequence[float]) -> float | None:
    """Jain's fairness: 1 when all get the same, 1/n when one gets everything.

    Returns:
        None when there are no values, or all are zero.
    """
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else None


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Spearman's correlation, -1 to 1; ties share the mean of their ranks.

    Returns:
        None when there are fewer than two pairs, or one side does not vary.

    Raises:
        ValueError: The two have different lengths.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} values cannot be paired with {len(other)}")
    if len(one) < 2:
        return None
    try:
        return correlation(_ranks(one), _ranks(other))
    except StatisticsError:
        return None


def _ranks(values: Sequence[float]) -> list[float]:
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(place)
    return [sum(places[value]) / len(places[value]) for value in values]
