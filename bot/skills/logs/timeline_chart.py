"""A timeline of errors as a picture, and the same in words for those who cannot see it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from .numbers import count_text
from .timeline import ErrorSeries, Timeline

# Colours that people with colour blindness tell apart; the dashes tell lines apart without them.
_LINES = (
    ("#d55e00", "-"),
    ("#0072b2", "--"),
    ("#009e73", "-."),
    ("#cc79a7", ":"),
    ("#56b4e9", (0, (5, 1))),
    ("#555555", (0, (1, 1))),
)
_MAX_ALT_CHARS = 900
_MAX_NAME_CHARS = 40


def draw(timeline: Timeline, zone: tzinfo) -> bytes:
    """The timeline as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, DateFormatter
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(9.0, 3.2), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    for series, (colour, dashes) in zip(timeline.series, _LINES, strict=False):
        times = _edges(timeline, len(series.counts))
        rates = timeline.rates(series)
        label = f"{_name(series.service)} ({series.n_errors:,})"
        axes.stairs(
            rates, times, color=colour, linestyle=dashes, linewidth=1.8, label=label, baseline=None
        )
    if timeline.onset_at is not None:
        onset = datetime.fromtimestamp(timeline.onset_at, UTC)
        axes.axvline(onset, color="#333333", linewidth=1, linestyle=(0, (2, 2)), label="change")
    axes.xaxis.set_major_locator(AutoDateLocator(tz=zone, maxticks=9))
    axes.xaxis.set_major_formatter(DateFormatter(_clock_form(timeline), tz=zone))
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.set_ylabel(f"error lines per {_unit(timeline)}")
    axes.set_xlabel(_zone_name(timeline, zone), fontsize=8, color="#666666")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120, metadata={"Software": None})
    return content.getvalue()


def describe(timeline: Timeline, zone: tzinfo) -> str:
    """What the picture shows, in a few sentences."""
    n_bins = len(timeline.series[0].counts)
    start = timeline.start_at.astimezone(zone)
    end = start + timedelta(seconds=timeline.bin_s * n_bins)
    head = (
        f"Error lines per {_unit(timeline)} from {start:%H:%M:%S} to {end:%H:%M:%S} "
        f"({_zone_name(timeline, zone)})."
    )
    parts = [head, *(_peak(timeline, series, zone) for series in timeline.series)]
    if timeline.onset_at is not None:
        parts.append(
            f"Things changed at {datetime.fromtimestamp(timeline.onset_at, zone):%H:%M:%S}."
        )
    return " ".join(parts)[:_MAX_ALT_CHARS]


def _peak(timeline: Timeline, series: ErrorSeries, zone: tzinfo) -> str:
    rates = timeline.rates(series)
    highest = max(range(len(rates)), key=lambda index: rates[index])
    at = timeline.start_at + timedelta(seconds=timeline.bin_s * highest)
    return (
        f"{_name(series.service)}: {count_text(series.n_errors, 'error line')}, most at "
        f"{at.astimezone(zone):%H:%M:%S} with {rates[highest]:.3g} per {_unit(timeline)}."
    )


def _edges(timeline: Timeline, n_bins: int) -> list[datetime]:
    step = timedelta(seconds=timeline.bin_s)
    return [timeline.start_at + step * index for index in range(n_bins + 1)]


def _unit(timeline: Timeline) -> str:
    return "minute" if timeline.per_s == 60 else "second"


def _clock_form(timeline: Timeline) -> str:
    length_s = timeline.bin_s * len(timeline.series[0].counts)
    if length_s > 2 * 86_400:
        return "%d %b"
    return "%H:%M:%S" if length_s <= 600 else "%H:%M"


def _zone_name(timeline: Timeline, zone: tzinfo) -> str:
    return timeline.start_at.astimezone(zone).tzname() or str(zone)


def _name(service: str) -> str:
    """Safe in a picture: `$` would begin a formula, a leading `_` would hide a legend's entry."""
    return service.replace("$", "").strip("_")[:_MAX_NAME_CHARS] or "log"
