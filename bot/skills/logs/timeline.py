"""How many error lines each service wrote over time, in even bins. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .analysis import Analysis
from .numbers import count_text
from .severity import Severity

_BINS = 100
_MIN_BINS = 6
_MIN_ERRORS = 5
_MAX_SERVICES = 6
_NICE_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSeries:
    """One service's error lines.

    Attributes:
        counts: Lines per bin.
    """

    service: str
    counts: tuple[int, ...]

    @property
    def n_errors(self) -> int:
        """All of them."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Error lines over time; a last bin that is not full is left out.

    Attributes:
        start_at: Beginning of the first bin, aware UTC.
        bin_s: Length of a bin in seconds.
        series: Most errors first.
        onset_at: When things changed, seconds since the epoch, or None.
    """

    start_at: datetime
    bin_s: float
    series: tuple[ErrorSeries, ...]
    onset_at: float | None

    @property
    def per_s(self) -> int:
        """The unit of rates: lines in so many seconds."""
        return 60 if self.bin_s >= 30 else 1

    def rates(self, series: ErrorSeries) -> tuple[float, ...]:
        """Lines per unit, bin by bin."""
        return tuple(count * self.per_s / self.bin_s for count in series.counts)


def timeline_of(analysis: Analysis) -> Timeline | None:
    """The errors of an analysis over its window; None when there is nothing to see.

    A handful of errors, or the same number all the time, says no more than the numbers do.
    """
    errors = _errors(analysis)
    span = _span(analysis, errors)
    if span is None:
        return None
    start_s, end_s = span
    bin_s = _bin_s(end_s - start_s, analysis)
    n_bins = int((end_s - start_s) // bin_s)
    if n_bins < _MIN_BINS:
        return None
    found = (
        ErrorSeries(service=service, counts=_binned(times, start_s, bin_s, n_bins))
        for service, times in errors.items()
    )
    series = sorted((s for s in found if s.n_errors), key=lambda s: (-s.n_errors, s.service))
    if not _is_worth_seeing(series):
        return None
    return Timeline(
        start_at=datetime.fromtimestamp(start_s, UTC),
        bin_s=bin_s,
        series=_at_most(series),
        onset_at=analysis.onset_at,
    )


def _errors(analysis: Analysis) -> Mapping[str, Mapping[float, int]]:
    """Error lines per service and second; ignored messages are not among them."""
    tick_of = {each.service: each.tick_s for each in analysis.services}
    errors: dict[str, dict[float, int]] = {}
    for movement in analysis.movements:
        tick_s = tick_of.get(movement.row.service)
        if tick_s is None or movement.row.severity < Severity.ERROR:
            continue
        times = errors.setdefault(movement.row.service, {})
        for tick, n_lines in movement.row.ticks.items():
            times[tick * tick_s] = times.get(tick * tick_s, 0) + n_lines
    return errors


def _span(
    analysis: Analysis, errors: Mapping[str, Mapping[float, int]]
) -> tuple[float, float] | None:
    if not errors:
        return None
    if analysis.window is not None:
        return float(int(analysis.window.start.timestamp())), analysis.window.end.timestamp()
    tick_of = {each.service: each.tick_s for each in analysis.services}
    edges = [
        (tick * tick_s, (tick + 1) * tick_s)
        for movement in analysis.movements
        if (tick_s := tick_of.get(movement.row.service)) is not None
        for tick in movement.row.ticks
    ]
    return min(first for first, _ in edges), max(last for _, last in edges)


def _bin_s(length_s: float, analysis: Analysis) -> float:
    wanted = length_s / _BINS
    nice = next((float(s) for s in _NICE_S if s >= wanted), float(_NICE_S[-1]))
    ticks = [each.tick_s for each in analysis.services if each.tick_s is not None]
    return max(nice, *ticks)


def _binned(
    times: Mapping[float, int], start_s: float, bin_s: float, n_bins: int
) -> tuple[int, ...]:
    counts = [0] * n_bins
    for second, n_lines in times.items():
        index = int((second - start_s) // bin_s)
        if 0 <= index < n_bins:
            counts[index] += n_lines
    return tuple(counts)


def _is_worth_seeing(series: Sequence[ErrorSeries]) -> bool:
    if sum(each.n_errors for each in series) < _MIN_ERRORS:
        return False
    return any(max(each.counts) > 2 * min(each.counts) for each in series)


def _at_most(series: list[ErrorSeries]) -> tuple[ErrorSeries, ...]:
    """Few enough to tell apart; the rest becomes one."""
    if len(series) <= _MAX_SERVICES:
        return tuple(series)
    kept, rest = series[: _MAX_SERVICES - 1], series[_MAX_SERVICES - 1 :]
    together = tuple(sum(counts) for counts in zip(*(s.counts for s in rest), strict=True))
    return (*kept, ErrorSeries(service=count_text(len(rest), "other"), counts=together))
